"""The plain data of a simulated night: what is asked for and what comes out, with its truth."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

SAMPLE_RATE_HZ = 16_000
LABEL_RATE_HZ = 5
LABEL_SAMPLES = SAMPLE_RATE_HZ // LABEL_RATE_HZ

Samples = NDArray[np.float32]
Mask = NDArray[np.uint8]
Span = tuple[float, float]  # onset_s, duration_s

Split = Literal["train", "val", "test"]
Generator = Literal["recorded", "synthesised", "airflow"]
Kind = Literal[
    "events",
    "snorer",
    "quiet",
    "television",
    "partner",
    "partner_events",
    "pets",
    "talk",
    "empty",
    "gets_up",
    "turns_away",
]
Which = Literal["clear", "all"]
Severity = Literal["none", "mild", "moderate", "severe"]
ScoredType = Literal["obstructive_apnea", "central_apnea", "mixed_apnea", "hypopnea"]


@dataclass(frozen=True, slots=True)
class NightSpec:
    """Which night to simulate; the same spec and material give the same samples.

    `snr_db` (median breath against the noise, 0.3-4 kHz) and `snores` are drawn when None.
    `timeline` names the real night whose events are laid (None: drawn); `index_per_h` thins them to
    about that many an hour (None: as `severity` has it).
    """

    seed: int
    split: Split
    generator: Generator
    kind: Kind
    duration_s: float
    material: Which = "all"
    severity: Severity = "none"
    snr_db: float | None = None
    snores: bool | None = None
    timeline: str | None = None
    index_per_h: float | None = None


@dataclass(frozen=True, slots=True)
class TrueEvent:
    """A respiratory event, its borders taken from the rendered breaths.

    `level_drop_db`: fall of the median breath level (0.3-4 kHz) against the 60 s before; 99 for a
    pause without breath. `audible`: breathing could be heard in the time before it.
    """

    onset_s: float
    duration_s: float
    type: ScoredType
    level_drop_db: float
    audible: bool

    @property
    def end_s(self) -> float:
        """End of the event, seconds from the start of the night."""
        return self.onset_s + self.duration_s

    @property
    def counts(self) -> bool:
        """Whether sound can find it: audible, and an apnea or a fall of at least 6 dB."""
        return self.audible and (self.type != "hypopnea" or self.level_drop_db >= 6.0)


@dataclass(frozen=True, slots=True)
class Labels:
    """Arrays (frames,) of 0 and 1 at 5 Hz; frame k covers samples 3200·k … 3200·(k+1)-1.

    `breath`, `snore`, `gasp`: that sound of the sleeper is there and not below everything else.
    `audible`: the sleeper's breathing can be heard. `apnea`, `hypopnea`: inside such an event.
    `ignore`: frames of scored events that sound cannot find; `apnea` and `hypopnea` are 0 there.
    """

    breath: Mask
    audible: Mask
    apnea: Mask
    hypopnea: Mask
    snore: Mask
    gasp: Mask
    ignore: Mask


@dataclass(frozen=True, slots=True)
class SimulatedNight:
    """A night with its truth. `audio` is float32 (n,) at 16 kHz.

    `person` names the sound group and the person of the timeline. `audible` holds the spans in
    which the sleeper can be heard, `snr_db` the median breath over the noise in 0.3-4 kHz (nan
    in an empty room). `facts["gaps"]` lists (start_s, duration_s) of lost sound: zeros there.
    """

    spec: NightSpec
    person: str
    audio: Samples
    events: tuple[TrueEvent, ...]
    audible: tuple[Span, ...]
    labels: Labels
    snr_db: float
    facts: dict[str, object]
