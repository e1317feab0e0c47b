"""What an ideal detector hears of the sleeper: the truth, which every event is held against."""

from dataclasses import dataclass, replace

from osa_daemon.detector.frame import Delayed, Frame
from tests.simulated_night.plan import Stretch

RATE_HZ = 5
BREATH_FRAMES = 20  # 15 breaths a minute
QUIET_DBFS, LOUD_DBFS = -70.0, -45.0
PAUSES = ("apnea", "effort", "hypopnea")


@dataclass(frozen=True, slots=True)
class Reading:
    """Probabilities of one frame."""

    audible: float
    breath: float
    apnea: float
    hypopnea: float
    snore: float
    going_on: bool  # an event has lasted 10 s
    level_dbfs: float


class Sleeper:
    """Readings by the number of the frame since the night began; then it begins anew."""

    def __init__(self, sleep: tuple[Stretch, ...]) -> None:
        self._readings: list[Reading] = []
        for stretch in sleep:
            first, end = round(stretch.start_s * RATE_HZ), round(stretch.end_s * RATE_HZ)
            self._readings += [
                _reading(stretch.kind, index - first, index) for index in range(first, end)
            ]

    def reading(self, index: int) -> Reading:
        """Return what frame `index` sounds like."""
        return self._readings[index % len(self._readings)]

    def delayed(self, index: int, at: int, *, is_heard: bool) -> Delayed:
        """Return the delayed reading of frame `at` of a stream, which is `index` of the night."""
        if not is_heard:
            return Delayed(at, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0)
        now = self.reading(index)
        return Delayed(at, now.audible, now.breath, now.apnea, now.hypopnea, now.snore, 0.0)

    def frame(self, index: int, at: int, sound: str, delayed: Delayed | None) -> Frame:
        """Return frame `at` of a stream; `sound` is "gap", "zeros", "clipped" or "well"."""
        if sound == "gap":
            return Frame(at, False, -120.0, -120.0, False, False, 0, 0, 0, 0, 0, 0, delayed)
        now = self.reading(index)
        is_muted = sound == "zeros"
        # a muted microphone sounds like a pause to a detector that is no better
        apnea = 0.9 if is_muted else now.apnea if now.going_on else 0.02
        return Frame(
            index=at,
            valid=True,
            level_dbfs=-120.0 if is_muted else now.level_dbfs,
            noise_dbfs=QUIET_DBFS,
            clipped=sound == "clipped",
            silent=is_muted,
            audible=0.4 if is_muted else now.audible,
            breath=0.02 if is_muted else now.breath,
            apnea=apnea,
            hypopnea=now.hypopnea if now.going_on and not is_muted else 0.02,
            snore=0.02 if is_muted else now.snore,
            gasp=0.0,
            delayed=delayed,
        )


def _reading(kind: str, at: int, index: int) -> Reading:
    breath = 0.95 if at < 6 or index % BREATH_FRAMES < 8 else 0.05
    click = 0.9 if at % 17 < 2 and at > 8 else 0.05
    going_on = at >= 10 * RATE_HZ
    loud_dbfs = QUIET_DBFS + 15 if breath > 0.5 else QUIET_DBFS
    breathing = Reading(0.95, breath, 0.02, 0.02, 0.0, False, loud_dbfs)
    unheard = Reading(0.05, 0.05, 0.02, 0.02, 0.0, False, QUIET_DBFS)
    return {
        "breathing": breathing,
        "snoring": replace(breathing, snore=breath),
        "apnea": Reading(0.95, 0.05, 0.9, 0.05, 0.0, going_on, QUIET_DBFS),
        "effort": Reading(0.95, click, 0.9, 0.05, 0.0, going_on, QUIET_DBFS),
        "hypopnea": Reading(0.95, min(breath, 0.6), 0.1, 0.8, 0.0, going_on, QUIET_DBFS),
        "covered": replace(unheard, level_dbfs=LOUD_DBFS),
        "empty": unheard,
    }[kind]
