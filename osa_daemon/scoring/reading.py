"""One frame as the decision about events sees it."""

from collections import deque
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Reading:
    """The delayed reading of frame `index`, joined with what was heard when it passed.

    `apnea`, `hypopnea`: probabilities. `breath`: a breath sounds. `spot`: breath, snore or gasp.
    `snore`: a snore sounds. `audible`, `monitorable`: of the frame. `audible_before`: the last
    frame before this one in which breathing was audible.
    """

    index: int
    apnea: float
    hypopnea: float
    breath: bool
    snore: bool
    spot: bool
    audible: bool
    monitorable: bool
    audible_before: int | None


class Smoother:
    """Centred mean of the event probability over 5 frames (1 s), shorter at the ends."""

    def __init__(self) -> None:
        self._window: deque[tuple[Reading, float]] = deque(maxlen=5)

    def push(self, reading: Reading) -> tuple[Reading, float] | None:
        """Take the next frame; return the one 0.4 s earlier with its mean, once there is one."""
        window = self._window
        window.append((reading, reading.apnea + reading.hypopnea))
        if len(window) < 3:
            return None
        return window[-3][0], sum(p for _, p in window) / len(window)

    def flush(self) -> list[tuple[Reading, float]]:
        """Return the frames still held, in order, and start anew."""
        held = list(self._window)
        self._window.clear()
        last = range(max(len(held) - 2, 0), len(held))
        return [(held[k][0], _mean([p for _, p in held[max(k - 2, 0) :]])) for k in last]


def _mean(values: list[float]) -> float:
    return sum(values) / len(values)
