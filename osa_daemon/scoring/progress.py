"""The pause in progress, from the causal reading alone: on, off or unknown."""

from collections import deque
from typing import Final

from osa_daemon.detector.frame import Frame
from osa_daemon.features.features import FRAME_RATE_HZ
from osa_daemon.scoring.audibility import Hearing
from osa_daemon.scoring.event import Progress
from osa_daemon.scoring.recent import Recent
from osa_daemon.scoring.thresholds import ScoringSettings

CROSSING_FRAMES: Final = 5  # the mean of 1 s: less may be a flicker
BREATH_WINDOW: Final = 10
UNHEARD_FRAMES: Final = 5 * FRAME_RATE_HZ  # no pause, no breath, not audible: not heard
BREATH_FRAMES: Final = 5  # 1 of 2 s: no effort click of 0.4 s every 3 s comes near it


class PauseInProgress:
    """State machine of the topic `apnea`.

    `state` is what is told; `onset` the first frame of the pause while it is ON, else None;
    `breath_heard` whether breath was heard since the last pause: OFF may come without.
    A pause that was lost from hearing (gap, covered, 120 s over) leaves UNKNOWN for OFF only
    once breath is heard.
    """

    def __init__(self, settings: ScoringSettings) -> None:
        self.settings = settings
        self.state = Progress.UNKNOWN
        self.onset: int | None = None
        self.breath_heard = False
        self._first: int | None = None
        self._heard_since = 0
        self._breath_at: deque[int] = deque()
        self._breath = Recent(BREATH_WINDOW)
        self._apnea: deque[float] = deque(maxlen=CROSSING_FRAMES)
        self._high_frames = 0
        self._low_frames = 0
        self._doubt_frames = 0
        self._quiet_frames = 0
        self._owes_breath = False
        self._lapsed = False
        self._ended_at: int | None = None
        self._dropped: tuple[int, int] | None = None  # (at, onset) of a pause without its breath

    @property
    def is_sure(self) -> bool:
        """Whether the pause is heard to go on: the last frame says so, and no breath is near it."""
        return self._high_frames > 0 and self._breath.count == 0

    def push(self, frame: Frame, hearing: Hearing) -> None:
        """Take the next frame and what could be heard in it."""
        if self._first is None:
            self._first = self._heard_since = frame.index
        if not hearing.monitorable:
            self.lose(frame.index)
            return
        self._count(frame, hearing)
        if self.state is Progress.ON:
            self._watch(frame, hearing)
        elif self._crosses(frame.index):
            self._begin(frame.index)
        elif self.state is Progress.UNKNOWN:
            self._recover(frame, hearing)
        elif self._breath_is_heard():
            self.breath_heard = True
            self._dropped = None  # what comes now is another pause

    def lose(self, index: int) -> None:
        """Nothing could be heard up to and including this frame: the state is unknown."""
        if self.state is Progress.ON:
            self._owes_breath = True
        self.state = Progress.UNKNOWN
        self.onset = None
        self.breath_heard = False
        self._heard_since = index + 1
        self._breath_at.clear()
        self._breath.clear()
        self._apnea.clear()
        self._high_frames = self._low_frames = self._doubt_frames = self._quiet_frames = 0
        self._dropped = None

    def _count(self, frame: Frame, hearing: Hearing) -> None:
        limits = self.settings.thresholds
        breathes = frame.breath >= limits.breath
        self._breath.push(flag=breathes)
        if breathes:
            self._breath_at.append(frame.index)
        oldest = frame.index - self.settings.onset_search_s * FRAME_RATE_HZ
        while self._breath_at and self._breath_at[0] < oldest:
            self._breath_at.popleft()
        self._apnea.append(frame.apnea)
        high = frame.apnea >= limits.in_progress
        low = frame.apnea < limits.release
        self._high_frames = self._high_frames + 1 if high else 0
        self._doubt_frames = 0 if high else self._doubt_frames + 1
        self._low_frames = self._low_frames + 1 if low else 0
        self._quiet_frames = self._quiet_frames + 1 if low and hearing.audible else 0

    def _breath_is_heard(self) -> bool:
        return self._breath.count >= BREATH_FRAMES and self._high_frames == 0

    def _crosses(self, index: int) -> bool:
        shortest = self.settings.min_event_s * FRAME_RATE_HZ
        return (
            self._apnea_is_sure()
            and not self._lapsed
            and index + 1 - self._heard_since >= shortest
            and self._warm(index)
            and (
                self._resumes(index) or self._ended_at is None or index - self._ended_at >= shortest
            )
        )

    def _apnea_is_sure(self) -> bool:
        limit = self.settings.thresholds.in_progress
        return self._high_frames > 0 and sum(self._apnea) >= limit * CROSSING_FRAMES

    def _warm(self, index: int) -> bool:
        assert self._first is not None
        return index + 1 - self._first >= self.settings.warm_up_s * FRAME_RATE_HZ

    def _resumes(self, index: int) -> bool:
        gap = self.settings.merge_gap_s * FRAME_RATE_HZ
        return self._dropped is not None and index - self._dropped[0] <= gap

    def _begin(self, index: int) -> None:
        crossing = index - CROSSING_FRAMES // 2
        if self._resumes(index):
            assert self._dropped is not None
            self.onset = self._dropped[1]
        else:
            self.onset = self._dated_back(crossing)
        self.state = Progress.ON
        self.breath_heard = self._owes_breath = False
        self._dropped = None

    def _dated_back(self, crossing: int) -> int:
        """First frame after the last breath, 10 to 14 s before; else 10 s before."""
        latest = crossing - round(self.settings.min_event_s * FRAME_RATE_HZ)
        before = [at for at in self._breath_at if at < latest]
        onset = before[-1] + 1 if before else latest
        earliest = (
            self._heard_since if self._ended_at is None else max(self._heard_since, self._ended_at)
        )
        return max(onset, earliest)

    def _watch(self, frame: Frame, hearing: Hearing) -> None:
        assert self.onset is not None
        if frame.index + 1 - self.onset >= self.settings.unknown_after_s * FRAME_RATE_HZ:
            self.lose(frame.index)
            self._lapsed = True
        elif self._breath_is_heard():
            self._end(frame.index - BREATH_WINDOW, breath_heard=True)
        elif self._has_dropped():
            if hearing.audible:
                self._dropped = (frame.index, self.onset)
                self._end(frame.index - self._doubt_frames, breath_heard=False)
            elif self._doubt_frames >= UNHEARD_FRAMES:
                self.lose(frame.index)

    def _has_dropped(self) -> bool:
        return (
            self._low_frames >= self.settings.release_s * FRAME_RATE_HZ
            or self._doubt_frames >= self.settings.doubt_s * FRAME_RATE_HZ
        )

    def _end(self, last: int, *, breath_heard: bool) -> None:
        self.state = Progress.OFF
        self.breath_heard = breath_heard
        self.onset = None
        self._ended_at = last + 1
        self._owes_breath = self._lapsed = False

    def _recover(self, frame: Frame, hearing: Hearing) -> None:
        if not self._warm(frame.index):
            return
        # faint breathing may never look like breath: audible for long without a pause will do
        long_quiet = self._quiet_frames >= self.settings.audible_after_s * FRAME_RATE_HZ
        if self._owes_breath:
            breath_heard = self._breath_is_heard()
            if breath_heard or long_quiet:
                self._end(frame.index, breath_heard=breath_heard)
        elif hearing.audible and self._high_frames == 0:
            self.state = Progress.OFF
