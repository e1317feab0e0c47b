"""A server with the page's API and made-up nights, to see and try the page without a daemon.

`python -m tests.web.fake_page --port 8400` shows it, with a pause now and then.
"""

import argparse
import asyncio
import contextlib
import json
import socket
import threading
import time
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import uvicorn
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response, StreamingResponse
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from osa_daemon.web.headers import security_headers
from tests.web.fake_nights import NOW, Fields, make_nights, trace_of
from tests.web.fake_settings import FakeSettings
from tests.web.fake_states import calm_states, raised, sound

STATIC: Final = Path(__file__).resolve().parents[2] / "osa_daemon/web/static"
ROOMS: Final = ("phone", "try")  # pages of their own; of what they need there is nothing else here
TOKEN: Final = "made-up"
LAST: Final = object()
PAUSES_S, PAUSE_S = 60, 15  # how often, and how long, `FakePage.sounds` tells a pause

FINDINGS: Final = [
    {"check": "settings", "state": "ok", "text": "The settings are valid.", "remedy": None},
    {"check": "microphone", "state": "ok", "text": "USB PnP Sound Device hears.", "remedy": None},
    {
        "check": "broker",
        "state": "wrong",
        "text": "localhost:1883 refuses the connection.",
        "remedy": "start it (`sudo systemctl start mosquitto`), or set mqtt.host.",
    },
    {
        "check": "clock",
        "state": "note",
        "text": "The clock is not synchronised: times of events may be wrong.",
        "remedy": "let timedatectl set-ntp true.",
    },
    {"check": "disk", "state": "unknown", "text": "It did not answer in 10 s.", "remedy": None},
]


class FakePage:
    """The server. `says` holds the commands that it was given; `password` None asks for none.

    `broken` is a sentence with which the API answers instead of figures. `has_courses`: those of
    events are kept. `past` is the sound that whoever comes is told at once.
    """

    def __init__(self, seed: int = 7, password: str | None = None) -> None:
        self.nights = make_nights(seed)
        self.seed, self.password = seed, password
        self.tonight = next(iter(self.nights.values()))
        self.states = calm_states(self.tonight)
        self.settings = FakeSettings()
        self.commands: list[Fields] = []
        self.broken: str | None = None
        self.has_courses = True
        self.links: Fields = {}
        self.past: list[Fields] = []
        self._signed_in = False
        self._viewers: set[asyncio.Queue[Any]] = set()
        self._loop: asyncio.AbstractEventLoop | None = None
        self.second = 0

    @property
    def viewers(self) -> int:
        """How many read the stream now."""
        return len(self._viewers)

    def app(self) -> Starlette:
        """Return the application."""
        api = [
            Route("/session", self._session),
            Route("/login", self._login, methods=["POST"]),
            Route("/logout", self._logout, methods=["POST"]),
            Route("/live", self._live),
            Route("/nights", self._nights),
            Route("/nights/{night}", self._night),
            Route("/nights/{night}/report.{kind}", self._report),
            Route("/events/{id}", self._event),
            Route("/settings", self._settings, methods=["GET", "POST"]),
            Route("/commands", self._command, methods=["POST"]),
            Route("/health", self._health),
        ]
        routes = [
            Route("/", lambda _: FileResponse(STATIC / "index.html")),
            Route("/login", lambda _: FileResponse(STATIC / "login.html")),
            Mount("/static", StaticFiles(directory=STATIC)),
            *(Mount(f"/{room}", StaticFiles(directory=STATIC / room, html=True)) for room in ROOMS),
            Mount("/api", routes=api),
        ]
        return Starlette(routes=routes, middleware=[Middleware(_Guard, page=self)])

    def push(self, event: str, data: Any) -> None:
        """Send an event to everybody who looks, from any thread."""
        if event == "state":
            self.states[data["suffix"]] = data["payload"]
        self._put((event, data))

    def state(self, suffix: str, payload: Any) -> None:
        """Tell a state."""
        self.push("state", {"suffix": suffix, "payload": payload})

    def sound(self, pause_s: float | None = None, *, audible: bool = True) -> Fields:
        """Tell the sound of the next second; return what was told."""
        self.second += 1
        at = NOW + timedelta(seconds=self.second)
        told: Fields = sound(self.second, at, pause_s, audible=audible)
        self.push("sound", told)
        return told

    def sounds(self, count: int) -> None:
        """Tell so many seconds at once, with a pause at the end of each `PAUSES_S`."""
        lines = []
        for _ in range(count):
            self.second += 1
            since_s = self.second % PAUSES_S - (PAUSES_S - PAUSE_S)
            pause_s = float(since_s) if since_s >= 0 else None
            at = NOW + timedelta(seconds=self.second)
            lines.append(("sound", sound(self.second, at, pause_s)))
        self._put(*lines)

    def cut(self) -> None:
        """End the streams of all who look."""
        self._put(LAST)

    def _put(self, *items: Any) -> None:
        assert self._loop is not None, "serve it first"
        done = threading.Event()

        def put() -> None:
            for viewer in self._viewers:
                for item in items:
                    viewer.put_nowait(item)
            done.set()

        self._loop.call_soon_threadsafe(put)
        assert done.wait(10)

    async def _session(self, _: Request) -> Response:
        return JSONResponse(
            {
                "signed_in": self.allows,
                "csrf": TOKEN,
                "needs_password": self.password is not None,
                "version": "0.1.0",
                **self.links,
            }
        )

    @property
    def allows(self) -> bool:
        """Whether whoever asks is signed in, or needs not be."""
        return self.password is None or self._signed_in

    async def _login(self, request: Request) -> Response:
        given = (await request.json())["password"]
        if given != self.password:
            return refused("This is not the password.", 403)
        self._signed_in = True
        return JSONResponse({})

    async def _logout(self, _: Request) -> Response:
        self._signed_in = False
        return JSONResponse({})

    async def _live(self, _: Request) -> Response:
        headers = {"Cache-Control": "no-store"}
        return StreamingResponse(self._events(), media_type="text/event-stream", headers=headers)

    async def _events(self) -> AsyncIterator[str]:
        self._loop = asyncio.get_running_loop()
        viewer: asyncio.Queue[Any] = asyncio.Queue()
        yield _line("states", self.states) + (_line("sounds", self.past) if self.past else "")
        self._viewers.add(viewer)
        try:
            while True:
                try:
                    item = await asyncio.wait_for(viewer.get(), 15)
                except TimeoutError:
                    yield ": \n\n"
                    continue
                items = [item, *(viewer.get_nowait() for _ in range(viewer.qsize()))]
                yield "".join(_line(*each) for each in items if each is not LAST)
                if LAST in items:
                    return
        finally:
            self._viewers.discard(viewer)

    async def _nights(self, _: Request) -> Response:
        nights = [night.figures for night in self.nights.values()]
        known = [night["index"] for night in nights if night["index"] is not None][:14]
        average = round(sum(known) / len(known), 1) if known else None
        return JSONResponse({"v": 1, "nights": nights, "average_14": average})

    async def _night(self, request: Request) -> Response:
        night = self.nights.get(request.path_params["night"])
        if night is None:
            name = request.path_params["night"]
            return refused(f"The journal has no night {name}.", 404)
        return JSONResponse(night.page)

    async def _report(self, request: Request) -> Response:
        return Response(f"a report as {request.path_params['kind']}", media_type="text/plain")

    async def _event(self, request: Request) -> Response:
        events = [event for night in reversed(self.nights.values()) for event in night.events]
        ids = [event["id"] for event in events]
        if request.path_params["id"] not in ids:
            return refused("The journal has no such event.", 404)
        place = ids.index(request.path_params["id"])
        return JSONResponse(
            {
                "event": events[place],
                "trace": trace_of(events[place], self.seed) if self.has_courses else None,
                "previous": ids[place - 1] if place else None,
                "next": ids[place + 1] if place + 1 < len(ids) else None,
            }
        )

    async def _settings(self, request: Request) -> Response:
        if request.method == "POST":
            sentence = self.settings.change(await request.json())
            if sentence is not None:
                return refused(sentence, 422)
        return JSONResponse({"settings": self.settings.rows()})

    async def _command(self, request: Request) -> Response:
        self.commands.append(await request.json())
        return JSONResponse({})

    async def _health(self, _: Request) -> Response:
        return JSONResponse({"at": NOW.isoformat(), "findings": FINDINGS})


class _Guard:
    """Headers on every answer; who is not signed in, and POSTs without the token, are refused."""

    def __init__(self, app: Any, page: FakePage) -> None:
        self._app, self._page = app, page

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        async def with_headers(message: Any) -> None:
            if message["type"] == "http.response.start":
                headers = [*message["headers"], *security_headers(scope["path"])]
                message["headers"] = headers
            await send(message)

        answer = None if scope["type"] != "http" else self._refusal(Request(scope))
        await (answer or self._app)(scope, receive, with_headers)

    def _refusal(self, request: Request) -> Response | None:
        path = request.url.path
        if request.method == "POST" and request.headers.get("x-csrf-token") != TOKEN:
            return refused("The token of this page is missing: load it again.", 403)
        if not path.startswith("/api/") or path in {"/api/session", "/api/login"}:
            return None
        if not self._page.allows:
            return refused("Sign in first.", 401)
        return refused(self._page.broken, 503) if self._page.broken else None


def refused(sentence: str, status: int) -> JSONResponse:
    """Return an answer that says why not."""
    return JSONResponse({"error": sentence}, status)


def _line(event: str, data: Any) -> str:
    return f"event: {event}\ndata: {json.dumps(data)}\n\n"


@contextlib.contextmanager
def served(page: FakePage, port: int = 0) -> Iterator[str]:
    """Serve `page` on loopback from a thread; give its address."""
    listener = socket.create_server(("127.0.0.1", port))
    config = uvicorn.Config(page.app(), log_level="warning", timeout_graceful_shutdown=1)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/"
    finally:
        server.should_exit = True
        thread.join(20)
        listener.close()


def play(page: FakePage) -> None:
    """Tell a second of sound each second, with a pause in every minute, until interrupted."""
    for second in range(1 << 30):
        pause_s = float(second % 60 - 20) if second % 60 >= 20 else None
        if page.viewers:
            page.sound(pause_s)
            if second % 60 == 30:
                page.state("apnea", "ON")
            if second % 60 == 50:
                page.state("alert", raised(NOW + timedelta(seconds=page.second - 30)))
            if second % 60 == 0:
                page.state("apnea", "OFF")
                page.state("alert", calm_states(page.tonight)["alert"])
        time.sleep(1)


def main() -> None:
    """Serve until interrupted."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--port", type=int, default=8400)
    parser.add_argument("--password")
    arguments = parser.parse_args()
    page = FakePage(password=arguments.password)
    with served(page, arguments.port) as address, contextlib.suppress(KeyboardInterrupt):
        print(address)
        play(page)


if __name__ == "__main__":
    main()
