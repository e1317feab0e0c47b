"""Whether a pause could be heard: audible, monitorable, and a healthy microphone."""

from dataclasses import dataclass

from osa_daemon.detector.frame import Frame
from osa_daemon.features.features import FRAME_RATE_HZ
from osa_daemon.scoring.recent import Recent
from osa_daemon.scoring.thresholds import ScoringSettings

COVER_WINDOW = 5 * FRAME_RATE_HZ
COVER_FRAMES = COVER_WINDOW // 2  # half of 5 s: speech pauses, a click every 3 s does not cover
CLIP_WINDOW = 10 * FRAME_RATE_HZ
CLIP_FRAMES = CLIP_WINDOW * 8 // 10  # a loud snorer clips half of the time and is heard well
FORGET_AFTER = 10 * FRAME_RATE_HZ  # who was heard before a gap this long may have got up


@dataclass(frozen=True, slots=True)
class Hearing:
    """What one frame can tell.

    `audible`: breathing is audible now. `monitorable`: it is, or was within the last 90 s and
    nothing has covered it since, and the microphone is healthy. `usable`: sound has arrived and
    is neither digital silence nor clipped throughout.
    """

    audible: bool
    monitorable: bool
    usable: bool


_DEAF = Hearing(audible=False, monitorable=False, usable=False)
_UNHEARD = Hearing(audible=False, monitorable=False, usable=True)
_HELD = Hearing(audible=False, monitorable=True, usable=True)
_AUDIBLE = Hearing(audible=True, monitorable=True, usable=True)


class Audibility:
    """Follows from frame to frame whether breathing is and stays audible."""

    def __init__(self, settings: ScoringSettings) -> None:
        self.settings = settings
        self._audible_at: int | None = None
        self._floor_dbfs = 0.0
        self._covering = Recent(COVER_WINDOW)
        self._clipped = Recent(CLIP_WINDOW)
        self._silent_frames = 0
        self._usable_at = -1

    def push(self, frame: Frame) -> Hearing:
        """Judge the next frame; frames left out count as a gap."""
        if not self._usable(frame):
            return _DEAF
        if frame.index - self._usable_at > FORGET_AFTER:
            self._audible_at = None
        self._usable_at = frame.index
        if frame.audible >= self.settings.thresholds.audible:
            self._audible_at = frame.index
            self._floor_dbfs = frame.noise_dbfs
            self._covering.clear()
            return _AUDIBLE
        return _HELD if self._still_held(frame) else _UNHEARD

    def _usable(self, frame: Frame) -> bool:
        clipped = self._clipped.push(flag=frame.clipped) >= CLIP_FRAMES
        self._silent_frames = self._silent_frames + 1 if frame.silent else 0
        silent = self._silent_frames >= self.settings.silent_after_s * FRAME_RATE_HZ
        return frame.valid and not silent and not clipped

    def _still_held(self, frame: Frame) -> bool:
        if self._audible_at is None:
            return False
        loud = frame.level_dbfs >= self._floor_dbfs + self.settings.cover_db
        covered = self._covering.push(flag=loud) >= COVER_FRAMES
        hold = self.settings.monitorable_hold_s * FRAME_RATE_HZ
        if covered or frame.index - self._audible_at > hold:
            self._audible_at = None
            return False
        return True
