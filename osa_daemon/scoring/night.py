"""Figures of a night."""

import json
import math
from dataclasses import dataclass, fields, replace
from datetime import date, datetime, timedelta
from typing import Any, Final

from osa_daemon.detector.frame import Frame
from osa_daemon.features.features import FRAME_RATE_HZ
from osa_daemon.scoring.breathing import BreathClock
from osa_daemon.scoring.event import Event, Scored
from osa_daemon.scoring.thresholds import ScoringSettings

LEAST_FOR_INDEX_S: Final = 2 * 3600.0  # DESIGN 6
MINUTE: Final = 60 * FRAME_RATE_HZ


@dataclass(frozen=True, slots=True)
class NightFigures:
    """What is told of a night (C4 `night/current`).

    `index`: events per monitorable hour, of the events in monitorable time; None below 2 h of
    it, `index_reason` then says so. Shares are 0 to 1: `monitorable_share` of the time listened
    (gaps included), `snoring_share` of the monitorable time. `gap_s`: sound that was lost.
    """

    events: int = 0
    apneas: int = 0
    hypopneas: int = 0
    index: float | None = None
    index_reason: str | None = None
    longest_apnea_s: float = 0.0
    monitorable_s: float = 0.0
    monitorable_share: float = 0.0
    snoring_share: float = 0.0
    breathing_rate_bpm: float | None = None
    listened_s: float = 0.0
    gap_s: float = 0.0


@dataclass(frozen=True, slots=True)
class NightCounts:
    """What a night's figures are made of; kept so that a restart goes on counting."""

    apneas: int = 0
    hypopneas: int = 0
    monitorable_events: int = 0
    longest_apnea_s: float = 0.0
    heard_frames: int = 0
    gap_frames: int = 0
    monitorable_frames: int = 0
    snoring_frames: int = 0
    rate_sum_bpm: float = 0.0
    rate_count: int = 0


class NightTally:
    """Counts frames and events of one night."""

    def __init__(self, settings: ScoringSettings, counts: NightCounts | None = None) -> None:
        begun = counts or NightCounts()
        self._settings = settings
        self.breath_clock = BreathClock(settings)
        self._events = begun
        self._heard, self._gap = begun.heard_frames, begun.gap_frames
        self._monitorable, self._snoring = begun.monitorable_frames, begun.snoring_frames
        self._next: int | None = None
        self._since_rate = 0

    def adopt(self, settings: ScoringSettings) -> None:
        """Go by other settings from now on; what is counted stays."""
        self._settings = self.breath_clock.settings = settings

    def push(self, frame: Frame, scored: Scored) -> None:
        """Take the next frame with what it led to, its events included."""
        lost = 0 if self._next is None else frame.index - self._next
        self._next = frame.index + 1
        self._gap += lost if frame.valid else lost + 1
        self._heard += frame.valid
        self._monitorable += scored.monitorable
        self.breath_clock.push(frame, monitorable=scored.monitorable and lost == 0)
        self._snoring += self.breath_clock.snoring
        self._since_rate += 1
        if self._since_rate >= MINUTE:
            self._since_rate = 0
            self._note_rate()
        for event in scored.events:
            self.add(event)

    def interrupt(self) -> None:
        """Listening rests from here on: what follows is a new stream, nothing was lost between."""
        self._next = None
        self.breath_clock = BreathClock(self._settings)

    def resume(self, before: NightCounts) -> None:
        """Add what had been counted of this night already and was not at hand at first."""
        self._events = _sum(self._events, before)
        self._heard += before.heard_frames
        self._gap += before.gap_frames
        self._monitorable += before.monitorable_frames
        self._snoring += before.snoring_frames

    def add(self, event: Event) -> None:
        """Count an event that was decided apart from a frame (at the end)."""
        was = self._events
        apnea = event.type == "apnea"
        self._events = replace(
            was,
            apneas=was.apneas + apnea,
            hypopneas=was.hypopneas + (not apnea),
            monitorable_events=was.monitorable_events + event.monitorable,
            longest_apnea_s=max(was.longest_apnea_s, event.duration_s if apnea else 0.0),
        )

    def _note_rate(self) -> None:
        rate_bpm = self.breath_clock.rate_bpm()
        if rate_bpm is not None:
            was = self._events
            self._events = replace(
                was, rate_sum_bpm=was.rate_sum_bpm + rate_bpm, rate_count=was.rate_count + 1
            )

    def counts(self) -> NightCounts:
        """Return what has been counted so far."""
        return replace(
            self._events,
            heard_frames=self._heard,
            gap_frames=self._gap,
            monitorable_frames=self._monitorable,
            snoring_frames=self._snoring,
        )

    def figures(self) -> NightFigures:
        """Return the figures so far."""
        return figures_of(self.counts())


def figures_of(counts: NightCounts) -> NightFigures:
    """Make a night's figures from its counts."""
    monitorable_s = counts.monitorable_frames / FRAME_RATE_HZ
    listened = counts.heard_frames + counts.gap_frames
    told = monitorable_s >= LEAST_FOR_INDEX_S
    minutes = int(monitorable_s // 60)
    return NightFigures(
        events=counts.apneas + counts.hypopneas,
        apneas=counts.apneas,
        hypopneas=counts.hypopneas,
        index=round(counts.monitorable_events * 3600.0 / monitorable_s, 1) if told else None,
        index_reason=None if told else f"{minutes} min could be judged, an estimate needs 120 min",
        longest_apnea_s=counts.longest_apnea_s,
        monitorable_s=monitorable_s,
        monitorable_share=_share(counts.monitorable_frames, listened),
        snoring_share=_share(counts.snoring_frames, counts.monitorable_frames),
        breathing_rate_bpm=(
            round(counts.rate_sum_bpm / counts.rate_count, 1) if counts.rate_count else None
        ),
        listened_s=listened / FRAME_RATE_HZ,
        gap_s=counts.gap_frames / FRAME_RATE_HZ,
    )


def read_counts(text: str) -> NightCounts | None:
    """Read counts from JSON, of an older or newer version too; None where it cannot be read."""
    known = _known(text, NightCounts())
    return None if known is None else NightCounts(**known)


def read_figures(text: str) -> NightFigures | None:
    """Read figures from JSON, of an older or newer version too; None where it cannot be read."""
    known = _known(text, NightFigures())
    return None if known is None else NightFigures(**known)


def _known(text: str, defaults: NightCounts | NightFigures) -> dict[str, Any] | None:
    """Return the fields that this version knows; None where one is not what it should be."""
    try:
        found = json.loads(text)
    except ValueError:
        return None
    if not isinstance(found, dict):
        return None
    known = {each.name: found[each.name] for each in fields(defaults) if each.name in found}
    fit = (_fits(name, value, getattr(defaults, name)) for name, value in known.items())
    return known if all(fit) else None


def _fits(name: str, value: object, default: object) -> bool:
    if value is None:
        return default is None
    if name == "index_reason":
        return isinstance(value, str)
    return isinstance(value, int | float) and math.isfinite(value)


def _sum(one: NightCounts, other: NightCounts) -> NightCounts:
    names = [each.name for each in fields(NightCounts)]
    both = NightCounts(**{name: getattr(one, name) + getattr(other, name) for name in names})
    return replace(both, longest_apnea_s=max(one.longest_apnea_s, other.longest_apnea_s))


def _share(part: int, whole: int) -> float:
    return round(part / whole, 4) if whole else 0.0


def night_of(local: datetime) -> date:
    """Name the night of a local time: noon to noon, after the date of its evening (C5)."""
    return (local - timedelta(hours=12)).date()
