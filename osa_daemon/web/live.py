"""What happens now, as server-sent events: the daemon's states, and the sound once a second.

Each viewer has a mailbox with room for the newest value of each state and the newest few sounds:
whoever reads slowly misses what was in between, and nothing grows. Whoever comes is told the last
five minutes of sound at once. A connection that takes nothing at all is cut by `connections.py`.
"""

import asyncio
import json
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from osa_daemon.clock import SYSTEM_CLOCK, Clock

MOST_VIEWERS: Final = 32
PING_S: Final = 15.0
RETRY_MS: Final = 3000  # how soon a browser comes back
SOUND: Final = "sound"
MOST_SOUNDS: Final = 8  # that wait for one viewer: the encoder gives two at once
KEPT_S: Final = 300  # of sound, a line a second, for whoever comes


def event(name: str, data: object) -> bytes:
    """Return one event as it goes over the wire (HTML standard, 9.2)."""
    return f"event: {name}\ndata: {json.dumps(data, ensure_ascii=False)}\n\n".encode()


class Mailbox:
    """What one viewer has not been sent yet: the newest event of each name."""

    def __init__(self, first: bytes) -> None:
        self._waiting = {"": first}
        self._wake = asyncio.Event()
        self._wake.set()

    def put(self, name: str, data: bytes) -> None:
        """Leave an event; it takes the place of one that still waits under that name."""
        self._waiting.pop(name, None)
        self._waiting[name] = data
        self._wake.set()

    async def take(self, timeout_s: float) -> bytes:
        """Return all that waits, or nothing once `timeout_s` is over."""
        try:
            await asyncio.wait_for(self._wake.wait(), timeout_s)
        except TimeoutError:
            return b""
        self._wake.clear()
        data = b"".join(self._waiting.values())
        self._waiting.clear()
        return data


class Live:
    """The states as they are now, the sound of the last minutes, and who looks at them."""

    def __init__(self, clock: Clock = SYSTEM_CLOCK) -> None:
        self.states: dict[str, Any] = {}
        self._clock = clock
        self._kept: deque[tuple[float, Any]] = deque(maxlen=KEPT_S)  # when each came (s)
        self._sounds = 0
        self._viewers: set[Mailbox] = set()

    @property
    def viewers(self) -> int:
        """How many look."""
        return len(self._viewers)

    def take(self, line: dict[str, Any]) -> None:
        """Take a line of the daemon's and pass it on."""
        if "states" in line:
            self.states = dict(line["states"])
            self._put("", event("states", self.states))
        elif "state" in line:
            suffix, payload = line["state"], line["payload"]
            self.states[suffix] = payload
            self._put(suffix, event("state", {"suffix": suffix, "payload": payload}))
        elif SOUND in line:
            # in words it is of now alone
            kept = {name: value for name, value in line[SOUND].items() if name != "hears"}
            self._kept.append((self._clock.monotonic_s(), kept))
            self._sounds += 1
            self._put(f" {SOUND} {self._sounds % MOST_SOUNDS}", event(SOUND, line[SOUND]))

    @contextmanager
    def viewer(self) -> Iterator[Mailbox]:
        """Give the mailbox of one more viewer, which is there as long as this context."""
        retry = f"retry: {RETRY_MS}\n\n".encode()
        since_s = self._clock.monotonic_s() - KEPT_S
        kept = [sound for came_s, sound in self._kept if came_s > since_s]
        past = event("sounds", kept) if kept else b""
        mailbox = Mailbox(retry + event("states", self.states) + past)
        self._viewers.add(mailbox)
        try:
            yield mailbox
        finally:
            self._viewers.discard(mailbox)

    def _put(self, name: str, data: bytes) -> None:
        for mailbox in self._viewers:
            mailbox.put(name, data)


class Stream(Response):
    """The answer to one viewer: it goes on until they go, or `may_go_on` says no."""

    def __init__(self, live: Live, may_go_on: Callable[[], bool]) -> None:
        super().__init__(media_type="text/event-stream", headers={"X-Accel-Buffering": "no"})
        del self.headers["content-length"]
        self._live = live
        self._may_go_on = may_go_on

    async def __call__(self, _scope: Scope, receive: Receive, send: Send) -> None:
        """Send what comes."""
        start = {"type": "http.response.start", "status": 200, "headers": self.raw_headers}
        with self._live.viewer() as mailbox:
            gone = asyncio.create_task(_until_gone(receive))
            gone.add_done_callback(lambda _: mailbox.put("", b""))
            try:
                await send(start)
                while self._may_go_on() and not gone.done():
                    body = await mailbox.take(PING_S) or b": \n\n"
                    await send({"type": "http.response.body", "body": body, "more_body": True})
                await send({"type": "http.response.body", "body": b""})
            finally:
                gone.cancel()


async def _until_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
