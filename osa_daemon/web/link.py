"""The line to the daemon: states and sound come in, commands go out and are answered.

Lines of JSON over a stream socket that both processes were born with. What comes from the daemon
is trusted; what goes there was asked for by somebody who is signed in, and is checked there.
"""

import asyncio
import json
import socket
from collections.abc import Callable
from typing import Any, Final

from osa_daemon.errors import ResourceError

LONGEST_LINE: Final = 1 << 16
ANSWER_S: Final = 10.0  # the chain obeys between two blocks; a Pi's encoder may take seconds
MOST_WAITING: Final = 20
BUSY: Final = "The daemon is busy: try again in a moment."


class Link:
    """Reads lines, and sends them; `ask` waits for the answer to one.

    `on_line` is given each line that is no answer, `on_phone` what is for a telephone.
    """

    def __init__(self, on_line: Callable[[dict[str, Any]], None]) -> None:
        self._on_line = on_line
        self._waiting: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None
        self._number = 0
        self.on_phone: Callable[[dict[str, Any]], None] | None = None

    async def open(self, end: socket.socket) -> None:
        """Take our end of the line."""
        self._reader, self._writer = await asyncio.open_connection(sock=end, limit=LONGEST_LINE * 2)

    async def run(self) -> None:
        """Read until the daemon closes its end."""
        assert self._reader is not None
        while line := await self._reader.readline():
            told = json.loads(line)
            waiting = self._waiting.pop(told["answer"], None) if "answer" in told else None
            if "phone" in told:
                if self.on_phone is not None:
                    self.on_phone(told["phone"])
            elif "answer" not in told:
                self._on_line(told)
            elif waiting is not None and not waiting.done():
                waiting.set_result(told)

    def tell(self, line: dict[str, Any]) -> None:
        """Send a line that needs no answer."""
        if self._writer is not None:
            self._writer.write((json.dumps(line) + "\n").encode())

    async def ask(self, **request: Any) -> str | None:
        """Have the daemon do something; return its sentence where it refuses, else None.

        Raises:
            ResourceError: it does not answer in time, or too many wait.
        """
        if len(self._waiting) >= MOST_WAITING:
            raise ResourceError(BUSY)
        self._number += 1
        number = self._number
        answer = asyncio.get_running_loop().create_future()
        self._waiting[number] = answer
        self.tell({**request, "id": number})
        try:
            told: dict[str, Any] = await asyncio.wait_for(answer, ANSWER_S)
        except TimeoutError:
            raise ResourceError(BUSY) from None
        finally:
            self._waiting.pop(number, None)
        refusal = told.get("error")
        return None if refusal is None else str(refusal)
