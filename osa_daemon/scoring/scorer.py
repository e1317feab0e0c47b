"""Scoring as a whole: one frame in, what it led to out."""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from osa_daemon.detector.frame import Delayed, Frame
from osa_daemon.features.features import FRAME_RATE_HZ
from osa_daemon.scoring.audibility import Audibility, Hearing
from osa_daemon.scoring.decide import Decider, NewId
from osa_daemon.scoring.doubt import Doubt
from osa_daemon.scoring.event import Alert, Event, Permission, Scored
from osa_daemon.scoring.ladder import Ladder
from osa_daemon.scoring.progress import PauseInProgress
from osa_daemon.scoring.reading import Reading
from osa_daemon.scoring.thresholds import ScoringSettings

LONGEST_DELAY: Final = 120 * FRAME_RATE_HZ  # frames kept for their delayed reading; it is 15-30 s


@dataclass(frozen=True, slots=True)
class _Passed:
    """A frame that waits for its delayed reading."""

    index: int
    hearing: Hearing


class Scorer:
    """Pure and deterministic: no clock, no I/O; the same frames give the same answers.

    Frames come in order; frames left out (an index that jumps) are a gap, as invalid ones are.
    """

    def __init__(self, settings: ScoringSettings, new_id: NewId) -> None:
        self._settings = settings
        self._audibility = Audibility(settings)
        self._progress = PauseInProgress(settings)
        self._doubt = Doubt()
        self._ladder = Ladder(settings)
        self._decider = Decider(settings, new_id)
        self._passed: deque[_Passed] = deque(maxlen=LONGEST_DELAY)
        self._next: int | None = None
        self._next_delayed: int | None = None
        self._audible_at: int | None = None

    def adopt(self, settings: ScoringSettings) -> None:
        """Go by other settings from now on; what is decided stays."""
        self._settings = settings
        self._audibility.settings = self._progress.settings = self._ladder.settings = settings
        self._decider.adopt(settings)

    def permit(self, permission: Permission) -> None:
        """Let these alerts be raised from now on; one that is raised stays."""
        self._ladder.permission = permission

    def push(self, frame: Frame) -> Scored:
        """Take the next frame.

        Raises:
            ValueError: the frame's index does not lie after the last one's.
        """
        if self._next is not None and frame.index != self._next:
            self._skip(frame.index)
        self._next = frame.index + 1
        hearing = self._audibility.push(frame)
        self._passed.append(_Passed(frame.index, hearing))
        self._progress.push(frame, hearing)
        onset_s = self._onset_s()
        if frame.delayed is not None:
            self._doubt.push(frame.delayed)
        alerts = self._ladder.push(
            (frame.index + 1) / FRAME_RATE_HZ,
            self._progress.state,
            onset_s,
            breath_heard=self._progress.breath_heard,
            doubted=self._is_doubted(),
        )
        events = [] if frame.delayed is None else self._decide(frame.delayed)
        return Scored(
            index=frame.index,
            audible=hearing.audible,
            monitorable=hearing.monitorable,
            progress=self._progress.state,
            progress_onset_s=onset_s,
            alert_active=self._ladder.active is not None,
            alerts=alerts,
            events=tuple(events),
        )

    def acknowledge(self) -> Scored:
        """Someone took note of the alert."""
        return self._scored(self._ladder.acknowledge(), [])

    def withdraw(self) -> Scored:
        """Nobody wants alerts any more."""
        return self._scored(self._ladder.withdraw(), [])

    def finish(self, delayed: Sequence[Delayed] = ()) -> Scored:
        """Close what is open: the stream or the daemon ends here.

        `delayed` are the readings of the last frames, for which nothing more will follow. A pause
        that has reached 10 s is decided, truncated; the state becomes unknown; an alert ends.
        """
        events = [event for reading in delayed for event in self._decide(reading)]
        events += self._decider.gap()
        self._progress.lose((self._next or 0) - 1)
        return self._scored(self._ladder.finish(), events)

    def _scored(self, alerts: tuple[Alert, ...], events: list[Event]) -> Scored:
        return Scored(
            index=(self._next or 0) - 1,
            audible=False,
            monitorable=False,
            progress=self._progress.state,
            progress_onset_s=self._onset_s(),
            alert_active=self._ladder.active is not None,
            alerts=alerts,
            events=tuple(events),
        )

    def _skip(self, index: int) -> None:
        assert self._next is not None
        if index < self._next:
            msg = f"frame {index} came after frame {self._next - 1}"
            raise ValueError(msg)
        self._progress.lose(index - 1)

    def _is_doubted(self) -> bool:
        onset = self._progress.onset
        if onset is None:
            return False
        # who lowers the threshold of pauses in progress wants to be alerted of doubtful ones
        least = min(self._settings.doubted_below, self._settings.thresholds.in_progress)
        return self._doubt.holds(onset, least, is_sure=self._progress.is_sure)

    def _onset_s(self) -> float | None:
        onset = self._progress.onset
        return None if onset is None else onset / FRAME_RATE_HZ

    def _decide(self, delayed: Delayed) -> list[Event]:
        if self._next_delayed is not None and delayed.index < self._next_delayed:
            return []
        events: list[Event] = []
        if self._next_delayed is not None and delayed.index > self._next_delayed:
            events += self._decider.gap()
        self._next_delayed = delayed.index + 1
        hearing = self._hearing_of(delayed.index)
        if hearing is None or not hearing.usable:
            return events + self._decider.gap()
        return events + self._decider.push(self._reading(delayed, hearing))

    def _hearing_of(self, index: int) -> Hearing | None:
        passed = self._passed
        while passed and passed[0].index < index:
            passed.popleft()
        return passed.popleft().hearing if passed and passed[0].index == index else None

    def _reading(self, delayed: Delayed, hearing: Hearing) -> Reading:
        limits = self._settings.thresholds
        audible = hearing.audible or delayed.audible >= limits.audible
        breath, snore = delayed.breath >= limits.breath, delayed.snore >= limits.snore
        before = self._audible_at
        if audible:
            self._audible_at = delayed.index
        return Reading(
            index=delayed.index,
            apnea=delayed.apnea,
            hypopnea=delayed.hypopnea,
            breath=breath,
            snore=snore,
            spot=breath or snore or delayed.gasp >= limits.gasp,
            audible=audible,
            monitorable=hearing.monitorable,
            audible_before=before,
        )
