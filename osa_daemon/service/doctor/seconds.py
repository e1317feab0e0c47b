"""What the chain hears, second by second, and in words."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from osa_daemon.detector.frame import Frame
from osa_daemon.features.features import FRAME_RATE_HZ
from osa_daemon.scoring.event import Progress
from osa_daemon.service.chain import Step

WARM_S = 30  # a start needs that long at most, until a pause can be told
SURE = ((0.9, "sure"), (0.65, "likely"), (0.35, "perhaps"), (0.1, "hardly"))


@dataclass(frozen=True, slots=True)
class Second:
    """A second of sound: `t_s` from the beginning.

    `level_dbfs` is of its loudest frame, `noise_dbfs` of the last. `is_lost`: a part did not
    arrive. `is_audible`: breathing could be heard. `pause_s`: how long the pause in progress is.
    `p_…`: the highest probability (causal, 0 to 1) in it.
    """

    t_s: int
    level_dbfs: float
    noise_dbfs: float
    is_lost: bool
    is_clipped: bool
    is_silent: bool
    is_audible: bool
    progress: Progress
    pause_s: float | None
    p_breath: float
    p_snore: float
    p_apnea: float
    p_hypopnea: float

    @property
    def words(self) -> str:
        """What is heard, as a person says it."""
        if self.is_lost:
            return "sound is lost"
        if self.is_silent:
            return "digital silence: is the microphone muted?"
        parts = ["OVERDRIVEN"] if self.is_clipped else []
        if self.progress is Progress.ON:
            parts.append(f"PAUSE for {self.pause_s or 0:.0f} s")
        elif self.is_audible:
            parts.append("can hear breathing")
        elif self.t_s < WARM_S:
            parts.append(f"listening in ({self.t_s + 1} of {WARM_S} s)")
        else:
            parts.append("cannot hear breathing")
        chances = {"breath": self.p_breath, "snore": self.p_snore, "pause": self.p_apnea}
        return ", ".join(parts) + "; " + ", ".join(f"{k} {_chance(p)}" for k, p in chances.items())


def _chance(probability: float) -> str:
    return next((word for least, word in SURE if probability >= least), "no")


class Seconds:
    """Puts the chain's frames, five a second, together; frames left out are lost sound."""

    def __init__(self) -> None:
        self._steps: list[Step] = []

    def take(self, steps: Iterable[Step]) -> Iterator[Second]:
        """Take the next frames; give the seconds that are over."""
        for step in steps:
            held = self._steps
            if held and step.frame.index // FRAME_RATE_HZ != held[0].frame.index // FRAME_RATE_HZ:
                yield from self.finish()
            self._steps.append(step)

    def finish(self) -> Iterator[Second]:
        """Give the second that has begun, if one has."""
        steps, self._steps = self._steps, []
        if steps:
            yield _second(steps)


def _second(steps: list[Step]) -> Second:
    frames: list[Frame] = [step.frame for step in steps]
    last, scored = frames[-1], steps[-1].scored
    onset_s = scored.progress_onset_s
    return Second(
        t_s=frames[0].index // FRAME_RATE_HZ,
        level_dbfs=max(frame.level_dbfs for frame in frames),
        noise_dbfs=last.noise_dbfs,
        is_lost=not all(frame.valid for frame in frames),
        is_clipped=any(frame.clipped for frame in frames),
        is_silent=all(frame.silent for frame in frames),
        is_audible=any(step.scored.audible for step in steps),
        progress=scored.progress,
        pause_s=None if onset_s is None else (last.index + 1) / FRAME_RATE_HZ - onset_s,
        p_breath=max(frame.breath for frame in frames),
        p_snore=max(frame.snore for frame in frames),
        p_apnea=max(frame.apnea for frame in frames),
        p_hypopnea=max(frame.hypopnea for frame in frames),
    )
