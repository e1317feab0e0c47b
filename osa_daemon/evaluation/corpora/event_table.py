"""Tables of events as laboratories write them: other names of columns, times, other events."""

import csv
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from osa_daemon.errors import InputError
from osa_daemon.evaluation.corpora.kinds import is_other, kind_of
from osa_daemon.evaluation.corpora.table import empty
from osa_daemon.scoring.matching import Span

ONSETS = ("onset", "start", "start_time", "event_start", "onset_time", "begin", "time")
DURATIONS = ("duration", "event_duration", "length", "dur")
ENDS = ("end", "stop", "end_time", "stop_time", "event_end", "offset")
TYPES = ("type", "event_type", "event", "label", "annotation", "description", "event_name", "name")
UNITS = frozenset({"s", "sec", "secs", "second", "seconds", "hh", "mm", "ss", "h", "m"})
DELIMITERS = (",", ";", "\t")
DAY_S = 86_400.0
EXPECTED = "onset (or start), duration (or end) and type (or event, label)"


@dataclass(frozen=True, slots=True)
class Origin:
    """Where the sound begins in the scoring's time: seconds, on a clock that wraps or not."""

    start_s: float = 0.0
    is_clock: bool = False

    def onset_s(self, time_s: float) -> float:
        """Return a time of the scoring as seconds from the start of the sound."""
        onset_s = time_s - self.start_s
        return onset_s % DAY_S if self.is_clock else onset_s


@dataclass(frozen=True, slots=True)
class _Columns:
    onset: str
    duration: str | None
    end: str | None
    type: str


def origin_of(facts: dict[str, Any], path: Path) -> Origin:
    """Return the origin that a night's facts state: `recording_start` or `sound_start_s`.

    `recording_start`: the time of day at which the sound begins, where the scoring has times of
    the clock. `sound_start_s`: the second of the scoring at which the sound begins.

    Raises:
        InputError: it is no time of day, or no number.
    """
    clock, start = facts.get("recording_start"), facts.get("sound_start_s", 0.0)
    if clock is not None:
        start_s = seconds_of(str(clock))
        if math.isnan(start_s) or ":" not in str(clock) or not 0 <= start_s < DAY_S:
            raise InputError(
                f'{path} has the recording_start "{clock}": give a time of day, as "22:58:03".'
            )
        return Origin(start_s, is_clock=True)
    if isinstance(start, bool) or not isinstance(start, int | float) or not math.isfinite(start):
        raise InputError(f'{path} has the sound_start_s "{start}": it must be a number of seconds.')
    return Origin(float(start))


def seconds_of(text: str) -> float:
    """Return seconds from a number or [h:]mm:ss[.f]; NaN where it is neither."""
    parts = text.strip().split(":")
    if not 1 <= len(parts) <= 3 or not all(re.fullmatch(r"-?[\d.eE+-]+", part) for part in parts):
        return math.nan
    try:
        numbers = [float(part) for part in parts]
    except ValueError:
        return math.nan
    if len(parts) > 1 and (min(numbers) < 0 or max(numbers[1:]) >= 60):
        return math.nan
    total_s = 0.0
    for number in numbers:
        total_s = 60 * total_s + number
    return total_s if math.isfinite(total_s) else math.nan


def read_events(path: Path, origin: Origin, sound_s: float) -> tuple[Span, ...]:
    """Read the respiratory events of a table; other scored events are left out.

    `sound_s`: length of the sound, behind which nothing can begin.

    Raises:
        InputError: the table cannot be read, is empty, lacks a column, or a row cannot be
            understood.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path} cannot be read: {error}.") from error
    if not text.strip():
        raise empty(path, "onset,duration,type")
    header = text.partition("\n")[0]
    delimiter = max(DELIMITERS, key=header.count)
    try:
        rows = list(csv.reader(text.splitlines(), delimiter=delimiter))
    except csv.Error as error:
        raise InputError(f"{path} cannot be read: {error}.") from error
    names = [_column(name) for name in rows[0]]
    columns = _columns(path, names)
    events = []
    for number, row in enumerate(rows[1:], start=2):
        if any(cell.strip() for cell in row):
            cells = dict(zip(names, [*row, *[""] * len(names)], strict=False))
            event = _event(f"{path}, line {number},", cells, columns, origin, sound_s)
            events += [event] if event is not None else []
    return tuple(sorted(events, key=lambda event: event.onset_s))


def _column(name: str) -> str:
    words = re.findall(r"[a-z]+", name.lower())
    return "_".join([word for word in words if word not in UNITS] or words)


def _columns(path: Path, names: Sequence[str]) -> _Columns:
    def first(wanted: Sequence[str]) -> str | None:
        return next((name for name in wanted if name in names), None)

    onset, duration, end, kind = (first(group) for group in (ONSETS, DURATIONS, ENDS, TYPES))
    if onset is None or kind is None or (duration is None and end is None):
        raise InputError(f'{path} has the columns "{", ".join(names)}": events need {EXPECTED}.')
    return _Columns(onset, duration, end, kind)


def _event(
    place: str, cells: dict[str, str], columns: _Columns, origin: Origin, sound_s: float
) -> Span | None:
    label = cells[columns.type]
    kind = kind_of(label)
    if kind is None:
        if is_other(label):
            return None
        raise InputError(
            f'{place} has the {columns.type} "{label}", which is no known event: respiratory '
            "events are apneas (obstructive, central, mixed) and hypopneas."
        )
    onset_s = origin.onset_s(_cell(place, cells, columns.onset))
    duration_s = _duration_s(place, cells, columns, origin, onset_s)
    if onset_s < 0 and onset_s + duration_s <= 0:
        return None
    if onset_s >= sound_s:
        raise InputError(
            f"{place} has an event {onset_s:.0f} s after the start of a sound of {sound_s:.0f} s: "
            'where times are of the clock, state "recording_start" beside the sound in NAME.json.'
        )
    start_s = max(0.0, onset_s)
    return Span(start_s, duration_s - (start_s - onset_s), kind)


def _duration_s(
    place: str, cells: dict[str, str], columns: _Columns, origin: Origin, onset_s: float
) -> float:
    if columns.duration is not None:
        duration_s = _cell(place, cells, columns.duration)
    else:
        assert columns.end is not None
        duration_s = origin.onset_s(_cell(place, cells, columns.end)) - onset_s
        duration_s = duration_s % DAY_S if origin.is_clock else duration_s
    if duration_s < 0:
        raise InputError(f"{place} has a duration of {duration_s:g} s: it must be 0 or more.")
    return duration_s


def _cell(place: str, cells: dict[str, str], name: str) -> float:
    seconds = seconds_of(cells[name])
    if math.isnan(seconds):
        raise InputError(f'{place} has the {name} "{cells[name]}": it must be seconds or h:mm:ss.')
    return seconds
