"""A clip as it is known from the name of its file: when it begins, of what it is, whether sealed.

The name is `2026-11-30T012345_apnea_6d1c1d0e.flac`: the local time of its first sample, its kind,
and the first characters of the event's id; `.sealed` follows where it is encrypted.
"""

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Final, Literal, cast

import numpy as np
from numpy.typing import NDArray

ClipKind = Literal["alert", "apnea", "hypopnea"]

SEALED: Final = ".sealed"
_TIME: Final = "%Y-%m-%dT%H%M%S"
_NAME: Final = re.compile(
    r"(?P<id>(?P<time>\d{4}-\d\d-\d\dT\d{6})_(?P<kind>alert|apnea|hypopnea)_[0-9a-z]{1,8})"
    r"\.flac(?P<sealed>\.sealed)?"
)
_KEY_LENGTH: Final = 8
_YEARS: Final = range(1970, 3000)  # others are of no clip of ours, and some have no local time


@dataclass(frozen=True, slots=True)
class Recording:
    """Sound that is to be kept: `samples` are int16 mono at 16 kHz, zero where sound was lost.

    `start`: local time of the first sample. `key`: what it is of, such as an event's id.
    """

    kind: ClipKind
    key: str
    start: datetime
    samples: NDArray[np.int16]

    @property
    def name(self) -> str:
        """The name of its file, unless it is sealed."""
        short = re.sub(r"[^0-9a-z]", "", self.key.lower())[:_KEY_LENGTH] or "0"
        return f"{self.start.strftime(_TIME)}_{self.kind}_{short}.flac"


@dataclass(frozen=True, slots=True)
class Clip:
    """A clip that lies in the folder. `start` is local time, without an offset; `size` is bytes."""

    id: str
    path: Path
    kind: ClipKind
    start: datetime
    is_sealed: bool
    size: int

    @property
    def night(self) -> date:
        """The date of the evening of its night, which goes from noon to noon (contract C5)."""
        return night_at(self.start)


def clip_at(path: Path, size: int) -> Clip | None:
    """Return the clip that a path names; None where it names none."""
    found = _NAME.fullmatch(path.name)
    if found is None:
        return None
    try:
        start = datetime.strptime(found["time"], _TIME)  # noqa: DTZ007  local, as it was written
    except ValueError:
        return None
    if start.year not in _YEARS:
        return None
    kind = cast("ClipKind", found["kind"])
    return Clip(found["id"], path, kind, start, found["sealed"] is not None, size)


def night_at(moment: datetime) -> date:
    """Return the night of a local time: the date on which it began, at noon."""
    return (moment - timedelta(hours=12)).date()
