"""How the course of an event lies in the journal: six bytes a second, for a card that wears.

Columns one after the other, a byte a second each. A level is -2 times its dBFS (steps of 0.5 dB,
255 where there was no sound), a probability is in steps of 1/255.
"""

import math
from typing import Any, Final

from osa_daemon.journal.rows import TraceRow

NOTHING: Final = 255
LEVELS: Final = ("level_dbfs", "noise_dbfs")
CHANCES: Final = ("breath", "apnea", "hypopnea")
COLUMNS: Final = (*LEVELS, *CHANCES, "audible")


def pack(row: TraceRow) -> bytes:
    """Return the seconds of a trace as bytes, whatever numbers it holds."""
    levels = b"".join(bytes(map(_level, getattr(row, name))) for name in LEVELS)
    chances = b"".join(bytes(map(_chance, getattr(row, name))) for name in CHANCES)
    return levels + chances + bytes(row.audible)


def unpack(event_id: str, before_s: float, packed: bytes) -> TraceRow:
    """Return the trace that these bytes hold.

    Raises:
        ValueError: there are not as many in each column.
    """
    length, rest = divmod(len(packed), len(COLUMNS))
    if rest or not length:
        raise ValueError(f"{len(packed)} bytes are no trace")
    columns: dict[str, Any] = {}
    for number, name in enumerate(COLUMNS):
        part = packed[number * length : (number + 1) * length]
        if name in LEVELS:
            columns[name] = tuple(None if each == NOTHING else each / -2 for each in part)
        elif name in CHANCES:
            columns[name] = tuple(round(each / 255, 3) for each in part)
        else:
            columns[name] = tuple(map(bool, part))
    return TraceRow(event_id, before_s, **columns)


def _level(dbfs: float | None) -> int:
    if dbfs is None or not math.isfinite(dbfs):
        return NOTHING
    return min(max(round(-2 * dbfs), 0), NOTHING - 1)


def _chance(probability: float) -> int:
    return round(255 * min(max(probability, 0.0), 1.0)) if math.isfinite(probability) else 0
