"""The page's own files: a list made at the start, so that no path leads anywhere else."""

import gzip
import hashlib
import mimetypes
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from starlette.requests import Request
from starlette.responses import FileResponse, Response

from osa_daemon.web.gate import refused

STATIC: Final = Path(__file__).with_name("static")
KEPT_BYTES: Final = 512_000  # smaller ones are kept in memory, packed too
PACKED: Final = {".html", ".js", ".mjs", ".css", ".svg", ".json", ".txt", ".webmanifest"}
_TYPES: Final = {
    ".js": "text/javascript",
    ".mjs": "text/javascript",
    ".wasm": "application/wasm",
    ".onnx": "application/octet-stream",
    ".webmanifest": "application/manifest+json",
}


@dataclass(frozen=True, slots=True)
class _Kept:
    """A file: `data` None where it is read each time; `packed` by gzip, where that helps."""

    path: Path
    kind: str
    tag: str
    data: bytes | None = None
    packed: bytes | None = None


class Files:
    """Every file below `folder`, by its path there."""

    def __init__(self, folder: Path = STATIC) -> None:
        self._kept = {
            path.relative_to(folder).as_posix(): _keep(path)
            for path in sorted(folder.rglob("*"))
            if path.is_file() and not path.name.startswith(".")
        }

    def __contains__(self, name: str) -> bool:
        """Whether there is such a file."""
        return name in self._kept

    def answer(self, request: Request, name: str) -> Response:
        """Return a file; 304 where the browser has it already."""
        kept = self._kept.get(name)
        if kept is None:
            return refused(404, "There is no such page.")
        headers = {"cache-control": "no-cache", "etag": kept.tag, "vary": "accept-encoding"}
        known = request.headers.get("if-none-match", "")[:500]
        if kept.tag in {tag.strip().removeprefix("W/") for tag in known.split(",")}:
            return Response(status_code=304, headers=headers)
        if kept.data is None:
            return FileResponse(kept.path, media_type=kept.kind, headers=headers)
        if kept.packed is not None and "gzip" in request.headers.get("accept-encoding", ""):
            headers["content-encoding"] = "gzip"
            return Response(kept.packed, media_type=kept.kind, headers=headers)
        return Response(kept.data, media_type=kept.kind, headers=headers)


def _keep(path: Path) -> _Kept:
    kind = _TYPES.get(path.suffix) or mimetypes.guess_type(path.name)[0]
    kind = kind or "application/octet-stream"
    about = path.stat()
    if about.st_size > KEPT_BYTES:
        return _Kept(path, kind, f'"{about.st_size:x}-{about.st_mtime_ns:x}"')
    data = path.read_bytes()
    tag = f'"{hashlib.sha256(data).hexdigest()[:32]}"'
    packed = gzip.compress(data, 9, mtime=0) if path.suffix in PACKED else None
    if packed is not None and len(packed) > 0.9 * len(data):
        packed = None
    return _Kept(path, kind, tag, data, packed)
