"""The view *health*: what doctor finds, asked at most each half minute."""

import asyncio
import json
import time
from datetime import datetime
from typing import Any, Final

from osa_daemon.errors import ResourceError
from osa_daemon.web.children import DOCTOR_S, Children

FRESH_S: Final = 30.0
EXIT_CODES: Final = (0, 2, 4)  # findings are printed with each of these
_STATES: Final = {"good": "ok", "doubtful": "note", "bad": "wrong"}


class Health:
    """Asks doctor once for all who want to know at the same time."""

    def __init__(self, children: Children) -> None:
        self._children = children
        self._lock = asyncio.Lock()
        self._told: dict[str, Any] | None = None
        self._told_s = 0.0

    async def findings(self) -> dict[str, Any]:
        """Return `{"at", "findings"}`.

        Raises:
            ResourceError: doctor cannot be asked.
        """
        async with self._lock:
            if self._told is None or time.monotonic() - self._told_s > FRESH_S:
                out = await self._children.output(("doctor", "--json"), DOCTOR_S, fine=EXIT_CODES)
                self._told = as_told(out)
                self._told_s = time.monotonic()
            return self._told


def as_told(out: bytes) -> dict[str, Any]:
    """Return doctor's JSON as the page has it.

    Raises:
        ResourceError: it is none.
    """
    try:
        rows = json.loads(out)["findings"]
        findings = [_finding(row["name"], row["verdict"], row["text"]) for row in rows]
    except (ValueError, KeyError, TypeError):
        raise ResourceError(
            "Doctor's answer cannot be read: run `sudo osa-daemon doctor`."
        ) from None
    return {"at": datetime.now().astimezone().isoformat(timespec="seconds"), "findings": findings}


def _finding(name: str, verdict: str, text: str) -> dict[str, str | None]:
    """Return one finding; doctor's sentence holds what is to be done, so `remedy` is None."""
    state = _STATES.get(verdict, "unknown")
    return {"check": name, "state": state, "text": text, "remedy": None}
