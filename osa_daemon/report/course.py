"""What is drawn of a night or a recording against time: columns of one length."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Final

import numpy as np
from numpy.typing import NDArray

from osa_daemon.report.night import Night
from osa_daemon.scoring.event import EventType

Floats = NDArray[np.float64]
BREAK_S: Final = 90.0  # minutes further apart are not joined by a line


@dataclass(frozen=True, slots=True)
class Span:
    """An event: seconds since the course began."""

    onset_s: float
    duration_s: float
    type: EventType
    monitorable: bool


@dataclass(frozen=True, slots=True)
class Course:
    """Columns over `at_s` (s since it began), each value of `step_s` seconds; NaN is no sound.

    `heard` and `lost` are shares (0-1) of each step in which breathing could be heard, and sound
    was lost. Of a night from the journal there are `snoring` (share) and `rate_bpm`; of a
    recording `breath` and `pause`, probabilities. What is not known is None. `clock` tells the
    local time of a second; None counts from the beginning. `alerts_s` are those that were raised.
    """

    length_s: float
    step_s: float
    at_s: Floats
    level_dbfs: Floats
    noise_dbfs: Floats
    heard: Floats
    lost: Floats
    events: tuple[Span, ...]
    alerts_s: tuple[float, ...] = ()
    snoring: Floats | None = None
    rate_bpm: Floats | None = None
    breath: Floats | None = None
    pause: Floats | None = None
    clock: Callable[[float], datetime] | None = None


def course_of(night: Night, zone: tzinfo | None = None) -> Course:
    """Return the course of a night, a value a minute; `zone` is where its clock stands."""
    began = night.began_utc
    rows = [
        (
            (minute.start_utc - began).total_seconds(),
            minute.level_dbfs if minute.heard_s else np.nan,
            minute.noise_dbfs if minute.heard_s else np.nan,
            minute.monitorable_s / 60,
            minute.gap_s / 60,
            minute.snoring_s / 60,
            np.nan if minute.breathing_rate_bpm is None else minute.breathing_rate_bpm,
        )
        for minute in night.minutes
    ]
    at_s, level, noise, heard, lost, snoring, rate = _broken(np.array(rows).reshape(-1, 7)).T
    return Course(
        length_s=(night.ended_utc - began).total_seconds(),
        step_s=60.0,
        at_s=at_s,
        level_dbfs=level,
        noise_dbfs=noise,
        heard=heard,
        lost=lost,
        snoring=snoring,
        rate_bpm=rate,
        events=tuple(
            Span(
                (event.onset_utc - began).total_seconds(),
                event.duration_s,
                event.type,
                event.monitorable,
            )
            for event in night.events
        ),
        alerts_s=tuple(
            (alert.raised_utc - began).total_seconds()
            for alert in night.alerts
            if alert.level != "notice"
        ),
        clock=lambda second: _local(began, second, zone),
    )


def _broken(rows: Floats) -> Floats:
    """Return rows with one of NaN where listening rested, so that no line joins both sides."""
    if not len(rows):
        return rows
    after = np.flatnonzero(np.diff(rows[:, 0]) > BREAK_S)
    rests = np.full((len(after), rows.shape[1]), np.nan)
    rests[:, 0] = rows[after, 0] + 60
    return np.insert(rows, after + 1, rests, axis=0)


def _local(began: datetime, second: float, zone: tzinfo | None) -> datetime:
    return datetime.fromtimestamp(began.timestamp() + second, zone).astimezone(zone)


def ticks_of(course: Course, most: int = 12) -> tuple[list[float], list[str], str]:
    """Return where the time axis has marks (s), what stands there, and the axis's name.

    Full hours of the clock, or round minutes of a recording.
    """
    if course.clock is None:
        return (*_minutes(course.length_s, most), "minutes")
    steps_s = (300, 600, 900, 1800, 3600, 7200, 10_800, 21_600)
    step_s = next((s for s in steps_s if course.length_s / s <= most), steps_s[-1])
    begun = course.clock(0.0)
    since_hour_s = begun.minute * 60 + begun.second + begun.microsecond / 1e6
    at_s = np.arange(-since_hour_s, course.length_s, min(step_s, 3600))
    told = [(float(each), course.clock(float(each))) for each in at_s if each >= 0]
    shown = [(s, t) for s, t in told if (t.hour * 3600 + t.minute * 60) % step_s == 0]
    return [s for s, _ in shown], [f"{t:%H:%M}" for _, t in shown], "local time"


def _minutes(length_s: float, most: int) -> tuple[list[float], list[str]]:
    steps_s: Sequence[int] = (60, 120, 300, 600, 1200, 1800, 3600, 7200)
    step_s = next((s for s in steps_s if length_s / s <= most), steps_s[-1])
    at_s = [float(each) for each in range(0, int(length_s) + 1, step_s)]
    return at_s, [f"{each / 60:.0f}" for each in at_s]
