"""What was written has to be taken: a client that takes nothing for too long is cut off."""

import asyncio
import socket
import struct
from typing import Final

TAKEN_S: Final = 15.0


class Untaken:
    """Watches one connection; to be told when the client stops to take, and when it goes on."""

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._timer: asyncio.TimerHandle | None = None
        transport.set_write_buffer_limits(high=1)  # so that we hear at once what is not taken

    def begin(self) -> None:
        """The client does not take what was written."""
        if self._timer is None:
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(TAKEN_S, cut, self._transport)

    def end(self) -> None:
        """It has taken all, or is gone."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


def cut(transport: asyncio.Transport) -> None:
    """End a connection at once; what the kernel still holds for it goes too."""
    known = transport.get_extra_info("socket")
    if known is not None:
        known.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()
