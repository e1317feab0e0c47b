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
    """Centred mean of the event probability over 3 frames (0.6 s), over 2 at the ends."""

    def __init__(self) -> None:
        self._window: deque[tuple[Reading, float]] = deque(maxlen=3)

    def push(self, reading: Reading) -> tuple[Reading, float] | None:
        """Take the next frame; return the one before it with its mean, once there is one."""
        window = self._window
        window.append((reading, reading.apnea + reading.hypopnea))
        if len(window) < 2:
            return None
        return window[-2][0], sum(p for _, p in window) / len(window)

    def flush(self) -> tuple[Reading, float] | None:
        """Return the frame still held, if any, and start anew."""
        held = list(self._window)[-2:]
        self._window.clear()
        return (held[-1][0], sum(p for _, p in held) / len(held)) if held else None
