"""What the daemon that runs has told of the sound, where it has the microphone for itself."""

import json
from typing import Any

from osa_daemon.publish import topics
from osa_daemon.publish.connection import Received
from osa_daemon.service.doctor.broker import LEVEL_S, Visit
from osa_daemon.service.doctor.finding import Finding, bad, doubtful, good
from osa_daemon.service.doctor.microphone import LEVEL
from osa_daemon.service.doctor.source import STOP

_LOOK = "*Tonight* on its page shows it"


def check_published_level(visit: Visit | None, *, is_phone: bool = False) -> Finding:
    """Judge the sound by what the running daemon publishes; None: the broker was not reached.

    `is_phone`: the microphone is a phone, which nobody but the daemon can listen to.
    """
    remedy = _LOOK if is_phone else STOP
    if visit is None or not visit.hears_itself:
        why = "the broker does not let us read" if visit else "no broker tells us"
        return doubtful(
            LEVEL, f"the running daemon has the microphone, and {why} what it hears: {remedy}."
        )
    status = _fields(visit.own(topics.STATUS.suffix))
    state, reason = _text(status, "state"), _text(status, "reason")
    if state in {"deaf", "no_microphone"}:
        return bad(LEVEL, f"the running daemon says: {reason or state}")
    if state == "paused":
        return good(LEVEL, f"not measured, the running daemon rests: {reason or state}")
    level = _fields(visit.own(topics.LEVEL.suffix))
    dbfs, floor_dbfs = _number(level, "level_dbfs"), _number(level, "noise_dbfs")
    if dbfs is None or floor_dbfs is None:
        return doubtful(
            LEVEL, f"the running daemon has told no level within {LEVEL_S:.0f} s: {remedy}."
        )
    return good(
        LEVEL,
        f"{dbfs:.0f} dBFS over a floor of {floor_dbfs:.0f}, as the running daemon tells",
    )


def _fields(message: Received | None) -> dict[str, Any]:
    """Return the payload's fields; anyone on the broker may have written it."""
    try:
        fields = json.loads(message.payload) if message else {}
    except ValueError:
        return {}
    return fields if isinstance(fields, dict) else {}


def _text(fields: dict[str, Any], key: str) -> str | None:
    value = fields.get(key)
    return value[:200] if isinstance(value, str) and value.isprintable() else None


def _number(fields: dict[str, Any], key: str) -> float | None:
    value = fields.get(key)
    return float(value) if isinstance(value, int | float) and abs(value) < 1000 else None
