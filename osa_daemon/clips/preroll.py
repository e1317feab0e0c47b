"""The last seconds of sound, kept in memory so that a clip can begin before what it is of."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from osa_daemon.audio.block import Block, Samples

FULL_SCALE: Final = 32767


class PreRoll:
    """Holds the last `capacity` samples in 16 bits; sound that was lost in between is zero.

    `begin` and `end` are absolute sample indexes, as those of blocks.
    """

    def __init__(self, capacity: int) -> None:
        self._ring = np.zeros(capacity, dtype=np.int16)
        self.begin = self.end = 0

    def push(self, block: Block) -> None:
        """Take the next block; it must not lie before the last one."""
        if self.begin == self.end:
            self.begin = self.end = block.start
        lost = min(block.start - self.end, len(self._ring))
        self.end = block.start - lost
        self._append(np.zeros(lost, dtype=np.int16))
        self._append(_sixteen_bits(block.samples))
        self.begin = max(self.begin, self.end - len(self._ring))

    def cut(self, begin: int, end: int) -> tuple[int, NDArray[np.int16]]:
        """Return what is still here between two indexes, and the index at which that begins."""
        begin, end = max(begin, self.begin), min(end, self.end)
        places = np.arange(begin, max(begin, end)) % len(self._ring)
        return begin, self._ring[places]

    def clear(self) -> None:
        """Forget everything, the memory too."""
        self._ring[:] = 0
        self.begin = self.end = 0

    def _append(self, samples: NDArray[np.int16]) -> None:
        """Write at the end, where need be over what is oldest."""
        self.end += len(samples)
        kept = samples[-len(self._ring) :]
        places = np.arange(self.end - len(kept), self.end) % len(self._ring)
        self._ring[places] = kept


def _sixteen_bits(samples: Samples) -> NDArray[np.int16]:
    """Round to 16 bits; what is over full scale is cut off."""
    scaled = np.round(np.clip(samples, -1.0, 1.0) * FULL_SCALE)
    sixteen: NDArray[np.int16] = scaled.astype(np.int16)
    return sixteen
