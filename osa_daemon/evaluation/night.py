"""The plain data of an evaluation: one night, its truth, and what the bedside made of it."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from osa_daemon.scoring.matching import Span

FRAME_RATE_HZ = 5

Flags = NDArray[np.bool_]
Probabilities = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Decided:
    """A decided event: `span` with its type (apnea or hypopnea), `confidence` 0 … 1."""

    span: Span
    confidence: float


@dataclass(frozen=True, slots=True)
class Raised:
    """An alert as it was raised (`alert` or `urgent`): when, and the onset that it tells of (s)."""

    at_s: float
    since_s: float
    urgent: bool


@dataclass(frozen=True, slots=True)
class FrameRows:
    """What is known of each frame of 0.2 s; all arrays (frames,).

    `audible`: whether the sleeper's breathing truly could be heard, None where not known.
    `monitorable`: as scoring said when the frame passed. `p_audible`: causal reading.
    `p_apnea`, `p_hypopnea`: delayed readings, at the frame that they tell of.
    """

    audible: Flags | None
    monitorable: Flags
    p_audible: Probabilities
    p_apnea: Probabilities
    p_hypopnea: Probabilities


@dataclass(frozen=True, slots=True)
class JudgedNight:
    """One night, judged at one operating point.

    `truth`: every scored event; `Span.counts` is False for those that sound cannot find.
    `facts`: what is known of the night, absent where it is not: `kind`, `generator`, `person`
    (for intervals: "sound group/timeline person"), `snr_db`, `distance_m`, `noise`, `codec` …
    """

    name: str
    facts: dict[str, Any]
    truth: tuple[Span, ...]
    decided: tuple[Decided, ...]
    alerts: tuple[Raised, ...]
    rows: FrameRows

    @property
    def hours(self) -> float:
        """Length of the night (h)."""
        return len(self.rows.monitorable) / FRAME_RATE_HZ / 3600
