"""Where the parts of "try it here" come from: its page, the models, the runtime, the night.

All lies under `/try/`, whose answers alone may compile WebAssembly. Nothing is computed here.
"""

from importlib.resources import files
from pathlib import Path
from typing import Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import Receive, Scope, Send

# an upgrade replaces the program, and what belongs to no version stays
INSTALLED_RUNTIME: Final = Path("/usr/local/share/osa-daemon/try")
RUNTIME: Final = "ort.wasm.min.mjs"


class _Files(StaticFiles):
    """Files that a browser keeps, and asks each time whether they are still the same."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        """Return a file, or 304 where the browser has it: the models are megabytes."""
        answer = await super().get_response(path, scope)
        answer.headers["cache-control"] = "no-cache"
        return answer


def runtime_folder() -> Path:
    """Return where `scripts/install_try` has put the runtime: in this checkout, or on the system.

    Where it has put none, the folder does not exist.
    """
    own = _page() / "runtime"
    return own if own.is_dir() else INSTALLED_RUNTIME


def try_routes(runtime: Path | None = None) -> list[BaseRoute]:
    """Return the routes of `/try/`; `runtime` is `runtime_folder()` unless a test has its own."""

    def folder() -> Path:
        return runtime or runtime_folder()  # it may be installed while the page is open

    async def runtime_files(scope: Scope, receive: Receive, send: Send) -> None:
        await _Files(directory=folder(), check_dir=False)(scope, receive, send)

    def parts(_: Request) -> Response:
        return JSONResponse({"runtime": (folder() / RUNTIME).is_file()})

    models = Path(str(files("osa_daemon"))) / "models"
    return [
        Mount(
            "/try",
            routes=[
                Route("/parts", parts),
                Mount("/models", _Files(directory=models)),
                Mount("/runtime", runtime_files),
                Mount("/", _Files(directory=_page(), html=True)),
            ],
        )
    ]


def _page() -> Path:
    return Path(str(files("osa_daemon"))) / "web" / "static" / "try"
