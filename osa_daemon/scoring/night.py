"""Figures of a night."""

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Final

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

    events: int
    apneas: int
    hypopneas: int
    index: float | None
    index_reason: str | None
    longest_apnea_s: float
    monitorable_s: float
    monitorable_share: float
    snoring_share: float
    breathing_rate_bpm: float | None
    listened_s: float
    gap_s: float


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
        self.breath_clock = BreathClock(settings)
        self._events = begun
        self._heard, self._gap = begun.heard_frames, begun.gap_frames
        self._monitorable, self._snoring = begun.monitorable_frames, begun.snoring_frames
        self._next: int | None = None
        self._since_rate = 0

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
        index_reason=None if told else f"{minutes} min monitorable; an index needs 120 min.",
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


def _share(part: int, whole: int) -> float:
    return round(part / whole, 4) if whole else 0.0


def night_of(local: datetime) -> date:
    """Name the night of a local time: noon to noon, after the date of its evening (C5)."""
    return (local - timedelta(hours=12)).date()
