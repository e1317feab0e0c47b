"""UCDDB's `NAME_respevt.txt`: respiratory events of 25 nights, as timelines only.

The database's sound channel is an envelope of 8 Hz, not audio: nothing can be heard in it, and
no sound can be evaluated on it. Its events are worth having as timelines for simulated nights.

Three lines of header, then columns: time of day, type, PB/CS (periodic breathing or
Cheyne-Stokes, mostly empty), duration (s), desaturation (low, drop), snore, arousal and heart rate
marks. Rows of type POSSIBLE, PB or CS are no events.
"""

import datetime as dt
import re
from pathlib import Path

from osa_daemon.errors import InputError
from osa_daemon.scoring.matching import Span

TYPES = {
    "APNEA": "apnea",
    "APNEA-O": "obstructive_apnea",
    "APNEA-C": "central_apnea",
    "APNEA-M": "mixed_apnea",
    "HYP": "hypopnea",
    "HYP-O": "hypopnea",
    "HYP-C": "hypopnea",
    "HYP-M": "hypopnea",
}
OTHERS = frozenset({"POSSIBLE", "PB", "CS", "PB/CS", "CS/PB", "RERA"})
CLOCK = re.compile(r"(\d{1,2}):([0-5]\d):([0-5]\d)")
DAY_S = 86_400
SUFFIX = "_respevt.txt"


def read_respevt(path: Path, start: dt.time | None = None) -> tuple[Span, ...]:
    """Read the respiratory events of a night, in order of onset.

    The file has times of day only. `start` is when the recording began (UCDDB's
    `SubjectDetails.xls` and the header of each `.rec` tell); without it, seconds count from the
    first event.

    Raises:
        InputError: the file cannot be read, or a line in it cannot be understood.
    """
    try:
        lines = path.read_text(encoding="latin-1").splitlines()
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}.") from error
    timed = [
        (number, words)
        for number, words in enumerate((line.split() for line in lines), start=1)
        if words and CLOCK.fullmatch(words[0])
    ]
    if not timed:
        raise InputError(
            f"{path} holds no events: expected lines of time, type and duration, such as "
            '"00:24:13  HYP-C  17".'
        )
    events: list[Span] = []
    origin_s = None if start is None else start.hour * 3600 + start.minute * 60 + start.second
    for number, words in timed:
        row = _row(f"{path}, line {number},", words)
        if row is None:
            continue
        clock_s, duration_s, kind = row
        origin_s = clock_s if origin_s is None else origin_s
        events.append(Span(float((clock_s - origin_s) % DAY_S), duration_s, kind))
    return tuple(sorted(events, key=lambda event: event.onset_s))


def _row(place: str, words: list[str]) -> tuple[int, float, str] | None:
    label = words[1].upper() if len(words) > 1 else ""
    if label in OTHERS:
        return None
    if label not in TYPES:
        raise InputError(f'{place} has the type "{label}"; known are {", ".join(TYPES)}.')
    # the mark of periodic breathing stands before the duration, where there is one
    duration = next((word for word in words[2:4] if re.fullmatch(r"-?\d+(\.\d+)?", word)), None)
    if duration is None or float(duration) < 0:
        raise InputError(
            f"{place} has no duration: a number of seconds from 0 on must follow the type."
        )
    match = CLOCK.fullmatch(words[0])
    assert match is not None
    hours, minutes, seconds = (int(part) for part in match.groups())
    return hours * 3600 + minutes * 60 + seconds, float(duration), TYPES[label]
