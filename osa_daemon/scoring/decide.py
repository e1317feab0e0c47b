"""From the delayed reading to decided events: each final, told once, in order of onset."""

from collections import deque
from collections.abc import Callable
from itertools import pairwise
from typing import Final

from osa_daemon.features.features import FRAME_RATE_HZ
from osa_daemon.scoring.event import Character, Event
from osa_daemon.scoring.reading import Reading, Smoother
from osa_daemon.scoring.runs import Run, RunFinder
from osa_daemon.scoring.thresholds import ScoringSettings

NewId = Callable[[float], str]
"""Makes the id of an event from its onset in seconds since the source began."""

EDGE_FRAMES: Final = 5  # the first and last second hold the breaths before and after
EFFORT_SPOTS: Final = 2  # blocked efforts come again every 3-4 s (DESIGN 5); one may be a bump
SNORE_SHARE: Final = 0.2


class Decider:
    """Judges runs: length, type, and that breathing was audible before and after.

    A run waits at most `audible_after_s` for audible breathing after it. A gap decides what was
    running before it if that is an event already, truncated; the rest of such a pause after the
    gap is not told again.
    """

    def __init__(self, settings: ScoringSettings, new_id: NewId) -> None:
        self.settings = settings
        self._new_id = new_id
        self._smoother = Smoother()
        self._runs = RunFinder(settings)
        self._waiting: deque[Run] = deque()
        self._resumed_at: int | None = None
        self._continues = False
        self._in_gap = True

    def adopt(self, settings: ScoringSettings) -> None:
        """Go by other settings from now on."""
        self.settings = self._runs.settings = settings

    def push(self, reading: Reading) -> list[Event]:
        """Take the next frame; return the events that are decided with it."""
        if self._in_gap:
            self._resumed_at, self._in_gap = reading.index, False
        smoothed = self._smoother.push(reading)
        return [] if smoothed is None else self._advance(*smoothed)

    def gap(self) -> list[Event]:
        """Sound is missing here, or has ended for good."""
        if self._in_gap:
            return []
        held = self._smoother.flush()
        events = [] if held is None else self._advance(*held)
        run = self._runs.cut()
        if run is not None and not self._is_rest(run):
            self._continues = run.lapsed or self._long_enough(run)
            self._wait_for(run)
        elif run is None:
            self._continues = False
        events += self._settle(None)
        self._in_gap = True
        return events

    def _advance(self, reading: Reading, p_event: float) -> list[Event]:
        run = self._runs.push(reading, p_event)
        if run is not None and not self._is_rest(run):
            self._wait_for(run)
        return self._settle(reading) if self._waiting else []

    def _is_rest(self, run: Run) -> bool:
        """Whether the run goes on from before a gap, where it has been decided."""
        if not self._continues or self._resumed_at is None or not run.readings:
            return False
        return run.readings[0].index - self._resumed_at <= EDGE_FRAMES

    def _wait_for(self, run: Run) -> None:
        if run.lapsed or not self._long_enough(run):
            return
        onset, before = run.readings[0].index, run.readings[0].audible_before
        reach = self.settings.audible_before_s * FRAME_RATE_HZ
        if before is not None and onset - before <= reach:
            self._waiting.append(run)

    def _long_enough(self, run: Run) -> bool:
        return len(run.readings) >= self.settings.min_event_s * FRAME_RATE_HZ

    def _settle(self, reading: Reading | None) -> list[Event]:
        """Decide what can be decided now; `reading` is None where sound ends."""
        events = []
        while self._waiting:
            run = self._waiting[0]
            confirmed = run.truncated
            if reading is not None and not confirmed:
                confirmed = self._heard_after(run, reading)
                if not confirmed and self._may_wait(run, reading):
                    break
            self._waiting.popleft()
            if confirmed:
                events.append(self._event(run))
        return events

    @staticmethod
    def _heard_after(run: Run, reading: Reading) -> bool:
        if reading.audible:
            return True
        before = reading.audible_before
        return before is not None and before > run.readings[-1].index

    def _may_wait(self, run: Run, reading: Reading) -> bool:
        wait = self.settings.audible_after_s * FRAME_RATE_HZ
        return reading.index - run.readings[-1].index < wait

    def _event(self, run: Run) -> Event:
        readings = run.readings
        apnea = sum(r.apnea for r in readings)
        hypopnea = sum(r.hypopnea for r in readings)
        onset_s = readings[0].index / FRAME_RATE_HZ
        monitorable = sum(r.monitorable for r in readings)
        return Event(
            id=self._new_id(onset_s),
            type="apnea" if apnea >= hypopnea else "hypopnea",
            onset_s=onset_s,
            duration_s=len(readings) / FRAME_RATE_HZ,
            confidence=round(min((apnea + hypopnea) / len(readings), 1.0), 3),
            character=_character(readings, is_apnea=apnea >= hypopnea),
            monitorable=2 * monitorable >= len(readings),
            truncated=run.truncated,
        )


def _character(readings: tuple[Reading, ...], *, is_apnea: bool) -> Character:
    """Hint at effort: short sounds inside an apnea, snoring inside a hypopnea."""
    inside = readings[EDGE_FRAMES:-EDGE_FRAMES]
    if not is_apnea:
        snoring = sum(r.snore for r in inside) >= SNORE_SHARE * len(inside)
        return "with_effort" if snoring else "unknown"
    spots = sum(now.spot and not before.spot for before, now in pairwise(inside))
    if spots >= EFFORT_SPOTS:
        return "with_effort"
    return "silent" if not any(r.spot for r in inside) else "unknown"
