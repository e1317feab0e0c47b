"""Running noise floor by minimum statistics, causal and with a memory that ends."""

from collections import deque
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from osa_daemon.features.features import Flags

Powers = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Memory:
    """How far a floor looks back: `count` sub-windows of `subwindow_s` before the running one."""

    subwindow_s: int
    count: int


SLOW = Memory(5, 12)  # 60 s, longer than the breaths before and after a pause lie apart
FAST = Memory(4, 3)  # 12 s, longer than a breath at 6 a minute: follows a room that grows louder


class NoiseFloor:
    """Follows the floor of `bands` powers, 5 frames (one second) at a time.

    The power is averaged over two frames (0.4 s: shorter than the rest between two breaths, fast
    ones too); the floor is the least such average of the running sub-window (on the absolute grid
    of seconds) and those before it that `memory` holds (Martin 2001, *Noise power spectral density
    estimation based on optimal smoothing and minimum statistics*, without its bias correction:
    a constant offset means nothing to a network). What is older does not count, so two streams
    with a slow floor agree once both are 66 s old. Before two frames of sound it is NaN.
    """

    def __init__(self, bands: int, memory: Memory = SLOW) -> None:
        self._memory = memory
        self._last = np.full(bands, np.inf)  # power of the frame before, infinite if not usable
        self._next_second: int | None = None
        self._minima: deque[tuple[int, Powers]] = deque(maxlen=memory.count + 1)

    def push(self, second: int, power: Powers, usable: Flags) -> Powers:
        """Return the floor after each of the five frames of `second`, (5, bands).

        `power` is (5, bands); frames that are not `usable` (lost, digital silence) do not count.
        """
        if second != self._next_second:
            self._last[:] = np.inf
        self._next_second = second + 1
        # a mean with an unusable frame in it is infinite, and never the least
        heard = np.vstack([self._last, np.where(usable[:, None], power, np.inf)])
        self._last = heard[-1]
        least = np.minimum.accumulate((heard[1:] + heard[:-1]) / 2)
        floor = np.minimum(least, self._known(second))
        self._remember(second, least[-1])
        return np.where(np.isinf(floor), np.nan, floor)

    def _known(self, second: int) -> Powers:
        """Return the least of the sub-windows that still count."""
        oldest = second // self._memory.subwindow_s - self._memory.count
        while self._minima and self._minima[0][0] < oldest:
            self._minima.popleft()
        least: Powers = np.full_like(self._last, np.inf)
        for _, minimum in self._minima:
            least = np.minimum(least, minimum)
        return least

    def _remember(self, second: int, least: Powers) -> None:
        """Merge the second's least into its sub-window."""
        subwindow = second // self._memory.subwindow_s
        if self._minima and self._minima[-1][0] == subwindow:
            least = np.minimum(least, self._minima.pop()[1])
        self._minima.append((subwindow, least))
