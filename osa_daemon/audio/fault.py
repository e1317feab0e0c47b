"""What can be wrong with sound that does arrive, as a sentence with its remedy."""

from dataclasses import dataclass
from enum import Enum


class FaultKind(Enum):
    """What is wrong with the sound, in one word."""

    SILENT = "silent"  # digital silence
    STUCK = "stuck"  # one value, or one buffer again and again
    RATE = "rate"
    CLIPPED = "clipped"
    OFFSET = "offset"
    HUM = "hum"
    OVERLOAD = "overload"


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong. `is_deaf`: no pause could be heard, so nobody may think it could."""

    kind: FaultKind
    text: str
    is_deaf: bool = False
