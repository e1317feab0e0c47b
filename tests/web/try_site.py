"""The page "try it here", served as the daemon serves it, and a real Chromium that opens it."""

import base64
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import uvicorn
from numpy.typing import NDArray
from playwright.sync_api import Page, sync_playwright
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from osa_daemon.web.try_page import try_routes

CHROMIUM = "/usr/bin/chromium"
POLICY = (
    "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; "
    "img-src 'self' data:; media-src 'self' blob:; connect-src 'self'; worker-src 'self' blob:; "
    "object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'self'"
)
START_S = 20.0
# turns float32 into text that reaches a test quickly: `floats` reads it
PACK = """const pack = (array) => new Promise((resolve) => {
    const reader = new FileReader();
    reader.onload = () => resolve(reader.result.split(",")[1]);
    reader.readAsDataURL(new Blob([new Float32Array(array)]));
});"""


def floats(packed: str) -> NDArray[np.float32]:
    """Return what the page has packed."""
    return np.frombuffer(base64.b64decode(packed), np.float32)


class Policed:
    """An application whose answers bear the daemon's policy for `/try/`."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, and add the policy to the answer."""

        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = [
                    (b"content-security-policy", POLICY.encode()),
                    (b"cross-origin-opener-policy", b"same-origin"),
                ]
                message = {**message, "headers": [*message["headers"], *headers]}
            await send(message)

        await self._app(scope, receive, answer)


@contextmanager
def site(given: Path, runtime: Path | None = None) -> Iterator[str]:
    """Serve the page on a port of its own, and what a test gives under `/given/`."""
    routes = [Mount("/given", StaticFiles(directory=given)), *try_routes(runtime)]
    app = Policed(Starlette(routes=routes))
    config = uvicorn.Config(app, host="127.0.0.1", port=0, log_level="error", lifespan="off")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        end_s = time.monotonic() + START_S
        while not server.started:
            assert thread.is_alive(), "the server ended"
            assert time.monotonic() < end_s, "the server did not start"
            time.sleep(0.01)
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(START_S)


@dataclass
class Browser:
    """A page in Chromium, and what it asked for and complained of."""

    page: Page
    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def run(self, script: str, argument: Any = None) -> Any:
        """Return what an asynchronous function of JavaScript returns."""
        return self.page.evaluate(script, argument)

    def cpu_s(self) -> float:
        """Return the processor time (s) that the browser's processes have taken."""
        times = [process.cpu_times() for process in psutil.Process().children(recursive=True)]
        return sum(time.user + time.system for time in times)


@contextmanager
def browser(*options: str, **context: Any) -> Iterator[Browser]:
    """Open Chromium, and close it at the end."""
    with sync_playwright() as driver:
        chromium = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", *options])
        try:
            page = chromium.new_context(**context).new_page()
            opened = Browser(page)
            page.on("request", lambda request: opened.requests.append(request.url))
            page.on("pageerror", lambda error: opened.complaints.append(str(error)))
            page.on(
                "console",
                lambda said: opened.complaints.append(said.text) if said.type == "error" else None,
            )
            yield opened
        finally:
            chromium.close()
