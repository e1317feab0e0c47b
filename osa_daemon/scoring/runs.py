"""Runs of frames that look like one respiratory event: hysteresis and merging."""

from dataclasses import dataclass

from osa_daemon.features.features import FRAME_RATE_HZ
from osa_daemon.scoring.reading import Reading
from osa_daemon.scoring.thresholds import ScoringSettings


@dataclass(frozen=True, slots=True)
class Run:
    """Consecutive frames from onset to end; `readings` is empty where it `lapsed` (≥ 120 s).

    `truncated`: sound ended at its end or within the merging gap of 3 s after it.
    """

    readings: tuple[Reading, ...]
    lapsed: bool
    truncated: bool


class RunFinder:
    """Cuts the stream into runs.

    A run reaches the event threshold; its edges lie where the probability falls below a share
    of it. Dips as short as an effort click are bridged; runs closer than 3 s are one unless a
    breath longer than a click sounds between them.
    """

    def __init__(self, settings: ScoringSettings) -> None:
        self.settings = settings
        self._run: list[Reading] = []
        self._dip: list[Reading] = []
        self._reached = False
        self._lapsed = False
        self._breath_frames = 0
        self._edge_frames = 0

    def push(self, reading: Reading, p_event: float) -> Run | None:
        """Take the next frame and its smoothed probability; return a run that is over."""
        limit = self.settings.thresholds.event
        if p_event >= limit:
            self._extend(reading, reached=True)
            return None
        if p_event >= limit * self.settings.hysteresis and self._may_be_edge():
            self._extend(reading, reached=False)
            return None
        if not self._open():
            return None
        self._dip.append(reading)
        self._breath_frames = self._breath_frames + 1 if reading.breath else 0
        return self._close(truncated=False) if self._is_over() else None

    def cut(self) -> Run | None:
        """Sound ends here: return the run that was open."""
        return self._close(truncated=True) if self._open() else None

    def _open(self) -> bool:
        return bool(self._run) or self._lapsed

    def _near(self) -> bool:
        return len(self._dip) <= self.settings.click_s * FRAME_RATE_HZ

    def _may_be_edge(self) -> bool:
        if not self._near():
            return False
        longest = self.settings.merge_gap_s * FRAME_RATE_HZ
        if not self._reached and self._edge_frames >= longest:
            self._run.pop(0)
            return True
        return self._edge_frames < longest

    def _extend(self, reading: Reading, *, reached: bool) -> None:
        self._edge_frames = 0 if reached else self._edge_frames + 1
        self._run.extend(self._dip)
        self._dip.clear()
        self._breath_frames = 0
        self._run.append(reading)
        self._reached = self._reached or reached
        if len(self._run) >= self.settings.unknown_after_s * FRAME_RATE_HZ:
            self._lapsed = True
        if self._lapsed:
            self._run.clear()

    def _is_over(self) -> bool:
        if not self._reached and not self._near():
            return True
        sure_breath = self._breath_frames > self.settings.click_s * FRAME_RATE_HZ
        return sure_breath or len(self._dip) >= self.settings.merge_gap_s * FRAME_RATE_HZ

    def _close(self, *, truncated: bool) -> Run | None:
        run = Run(self._trimmed(), self._lapsed, truncated) if self._reached else None
        self._run.clear()
        self._dip.clear()
        self._reached = self._lapsed = False
        self._breath_frames = self._edge_frames = 0
        return run

    def _trimmed(self) -> tuple[Reading, ...]:
        """Return the run without the edges that only the smoothing has put there."""
        limit = self.settings.thresholds.event * self.settings.hysteresis
        inside = [k for k, r in enumerate(self._run) if r.apnea + r.hypopnea >= limit]
        return tuple(self._run[inside[0] : inside[-1] + 1]) if inside else ()
