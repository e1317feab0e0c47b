"""Where the parts of "try it here" come from: its page, the models, the runtime, the night.

All lies under `/try/`, whose answers alone may compile WebAssembly. Nothing is computed here.
"""

from importlib.resources import files
from pathlib import Path
from typing import Final

from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

# an upgrade replaces the program, and what belongs to no version stays
INSTALLED_RUNTIME: Final = Path("/usr/local/share/osa-daemon/try")
RUNTIME: Final = "ort.wasm.min.mjs"
MODELS: Final = frozenset({"encoder.onnx", "detector.onnx"})


def runtime_folder() -> Path:
    """Return where `scripts/install_try` has put the runtime: in this checkout, or on the system.

    Where it has put none, the folder does not exist.
    """
    own = _page() / "runtime"
    return own if own.is_dir() else INSTALLED_RUNTIME


def try_routes(runtime: Path | None = None) -> list[BaseRoute]:
    """Return the routes of `/try/`; `runtime` is `runtime_folder()` unless a test has its own."""
    folder = runtime or runtime_folder()

    def parts(_: Request) -> Response:
        return JSONResponse({"runtime": (folder / RUNTIME).is_file()})

    return [
        Mount(
            "/try",
            routes=[
                Route("/parts", parts),
                Route("/models/{name}", _model),
                Mount("/runtime", StaticFiles(directory=folder, check_dir=False)),
                Mount("/", StaticFiles(directory=_page(), html=True)),
            ],
        )
    ]


async def _model(request: Request) -> Response:
    name = request.path_params["name"]
    if name not in MODELS:
        return PlainTextResponse(f"There is no model {name}.", 404)
    return FileResponse(Path(str(files("osa_daemon"))) / "models" / name)


def _page() -> Path:
    return Path(str(files("osa_daemon"))) / "web" / "static" / "try"
