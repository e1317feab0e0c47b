"""A night as a file: made by `osa-daemon report`, which this process only passes on."""

from typing import Final

from starlette.responses import Response

from osa_daemon.errors import InputError
from osa_daemon.web.children import Children
from osa_daemon.web.nights import date_of

KINDS: Final = {
    "pdf": "application/pdf",
    "png": "image/png",
    "csv": "text/csv; charset=utf-8",
    "edf": "application/octet-stream",
    "json": "application/json",
}
_OPTIONS: Final = {
    "pdf": ("--pdf", "/dev/stdout"),
    "png": ("--picture", "/dev/stdout"),
    "csv": ("--csv", "/dev/stdout"),
    "edf": ("--edf", "/dev/stdout"),
    "json": ("--json",),
}


async def report(children: Children, night: str, kind: str) -> Response:
    """Return the report of a night.

    Raises:
        InputError: no such kind, no date, or no such night.
        ResourceError: it cannot be made.
    """
    if kind not in KINDS:
        raise InputError(f"A report is one of {', '.join(KINDS)}.")
    named = date_of(night).isoformat()
    data = await children.output(("report", named, *_OPTIONS[kind]))
    name = f'attachment; filename="night-{named}.{kind}"'
    return Response(data, media_type=KINDS[kind], headers={"content-disposition": name})
