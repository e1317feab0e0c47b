"""What the page shows of the sound, once a second: level, breath, and in words what is heard."""

import math
from collections.abc import Callable
from datetime import datetime

from osa_daemon.detector.frame import Frame
from osa_daemon.features.features import FRAME_RATE_HZ
from osa_daemon.publish.payloads import Value
from osa_daemon.scoring.event import Progress, Scored
from osa_daemon.service.chain import Step
from osa_daemon.service.clock import iso

LIKELY = 0.5  # from this probability on a sound is named


class Sounds:
    """Tells the last frame of each second. `wall_time` is of a second of the stream."""

    def __init__(
        self, tell: Callable[[dict[str, Value]], None], wall_time: Callable[[float], datetime]
    ) -> None:
        self._tell = tell
        self._wall_time = wall_time

    def step(self, step: Step) -> None:
        """Take one frame."""
        if step.frame.index % FRAME_RATE_HZ == FRAME_RATE_HZ - 1:
            at = self._wall_time((step.frame.index + 1) / FRAME_RATE_HZ)
            self._tell(sound_of(step, at))


def unshown(_step: Step) -> None:
    """Show a frame to nobody."""


def sound_of(step: Step, at: datetime) -> dict[str, Value]:
    """Return what is told of the second that ends with this frame."""
    frame, scored = step.frame, step.scored
    pause_s = None
    if scored.progress is Progress.ON and scored.progress_onset_s is not None:
        pause_s = round((frame.index + 1) / FRAME_RATE_HZ - scored.progress_onset_s, 1)
    return {
        "at": iso(at),
        "level_dbfs": _level(frame.level_dbfs, frame),
        "noise_dbfs": _level(frame.noise_dbfs, frame),
        "breath": round(frame.breath, 2),
        "audible": scored.audible,
        "progress": scored.progress.value,
        "pause_s": pause_s,
        "hears": _heard(frame, scored),
    }


def _level(dbfs: float, frame: Frame) -> float | None:
    return round(dbfs, 1) if frame.valid and math.isfinite(dbfs) else None


def _heard(frame: Frame, scored: Scored) -> str:
    """Return in words what is heard; the first that is so counts."""
    told = (
        (not frame.valid, "No sound arrives"),
        (frame.silent, "Nothing at all: the microphone may be muted"),
        (frame.clipped, "Too loud for the microphone"),
        (scored.progress is Progress.ON, "A pause in breathing"),
        (frame.gasp >= LIKELY, "A gasp"),
        (frame.snore >= LIKELY, "Snoring"),
        (frame.breath >= LIKELY, "Breathing"),
        (scored.audible, "Quiet, in which breathing could be heard"),
    )
    return next((words for is_so, words in told if is_so), "Breathing cannot be heard")
