"""The phone's route and page on the page's own server, with the source that hears what comes."""

import asyncio
import threading
import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

from starlette.applications import Starlette
from starlette.responses import FileResponse, JSONResponse
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.websockets import WebSocket

import osa_daemon.web
from osa_daemon.audio.block import Block
from osa_daemon.audio.phone import PhoneLink, PhoneSource
from osa_daemon.audio.source import SourceHealth
from osa_daemon.web.connections import listen, make_server
from osa_daemon.web.phone import PhoneDesk

STATIC = Path(osa_daemon.web.__file__).parent / "static"
COOKIE = "session=right"


class PhonePage:
    """A server of the page at a free port, in a thread of its own.

    `link` is what its desk and a source share; whoever has the cookie `COOKIE` is signed in, or
    everybody where `is_open`. Whoever is not hears of it by the desk, or, where `is_gated`, is
    not connected at all.
    """

    def __init__(self, *, is_open: bool = True) -> None:
        self.is_open, self.is_gated = is_open, False
        self.link = PhoneLink()
        self.told: list[dict[str, object]] = []
        self.desk = PhoneDesk(
            self.link.memory,
            self._tell,
            self._is_allowed,
            lambda _: None,
            page_url="https://bedside:8321/phone/",
        )
        listener = listen("127.0.0.1", 0)
        self.port: int = listener.getsockname()[1]
        self._server = make_server(self._gate(self._app()), listener, None)
        self._thread = threading.Thread(target=asyncio.run, args=(self._server.serve(),))
        self._thread.start()
        until_s = time.monotonic() + 30
        while not self._server.started and time.monotonic() < until_s:
            time.sleep(0.01)
        assert self._server.started

    @property
    def url(self) -> str:
        """Of the WebSocket."""
        return f"ws://127.0.0.1:{self.port}/api/phone"

    def close(self) -> None:
        """End it."""
        self._server.should_exit = True
        self._server.force_exit = True
        self._thread.join(20)
        assert not self._thread.is_alive()

    def _tell(self, told: dict[str, object]) -> None:
        self.told.append(told)
        self.link.hear(told)

    def _is_allowed(self, websocket: WebSocket) -> bool:
        return self.is_open or websocket.headers.get("cookie") == COOKIE

    def _gate(self, app: ASGIApp) -> ASGIApp:
        async def gated(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] == "websocket" and self.is_gated:
                await send({"type": "websocket.close", "code": 1008, "reason": "refused"})
            else:
                await app(scope, receive, send)

        return gated

    def _app(self) -> Starlette:
        async def page(_request: object) -> FileResponse:
            return FileResponse(STATIC / "phone/index.html")

        async def session(_request: object) -> JSONResponse:
            return JSONResponse({"signed_in": self.is_open, "needs_password": True})

        return Starlette(
            routes=[
                self.desk.route(),
                Route("/api/session", session),
                Route("/phone/", page),
                Mount("/static", StaticFiles(directory=STATIC)),
            ]
        )


class Listening:
    """Reads a source in a thread; `blocks` are what it gave, `states` how it was, in order."""

    def __init__(self, link: PhoneLink) -> None:
        self.source = PhoneSource(link)
        self.blocks: list[Block] = []
        self.texts: list[str] = []
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        while not self._is_over.is_set():
            block = self.source.read(0.1)
            if block is not None:
                self.blocks.append(block)
            text = self.source.health().text
            if not self.texts or self.texts[-1] != text:
                self.texts.append(text)

    @property
    def health(self) -> SourceHealth:
        """How the source is now."""
        return self.source.health()

    @property
    def heard_s(self) -> float:
        """How much sound there was (s)."""
        return sum(len(block.samples) for block in self.blocks) / 16_000

    def gaps_s(self) -> list[float]:
        """The jumps between blocks (s)."""
        blocks = list(self.blocks)
        return [(b.start - a.end) / 16_000 for a, b in pairwise(blocks) if b.start != a.end]

    def wait_for(self, is_so: Callable[[], object], what: str, within_s: float = 30.0) -> None:
        """Wait until something is so."""
        until_s = time.monotonic() + within_s
        while not is_so():
            assert time.monotonic() < until_s, f"{what} did not come: {self.texts}"
            time.sleep(0.02)

    def close(self) -> None:
        """Stop reading."""
        self._is_over.set()
        self._thread.join(10)
        self.source.close()
