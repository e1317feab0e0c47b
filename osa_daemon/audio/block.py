"""The plain data that leaves this room: blocks of sound with absolute positions."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

SAMPLE_RATE_HZ = 16_000

Samples = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Block:
    """A run of sound without a gap.

    `start` is the absolute index of the first sample at 16 kHz since the source began;
    `samples` is float32 mono of shape (n,), nominally within -1 … 1. A block whose `start`
    lies beyond the end of the one before tells of a gap: that sound was lost. Blocks never
    overlap and never go back.
    """

    start: int
    samples: Samples

    @property
    def end(self) -> int:
        """Absolute index of the sample after the last."""
        return self.start + len(self.samples)
