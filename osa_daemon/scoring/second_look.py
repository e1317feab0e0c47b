"""Whether the delayed reading doubts a pause in progress, before anybody is woken for it."""

from collections import deque
from typing import Final

from osa_daemon.detector.frame import Delayed
from osa_daemon.features.features import FRAME_RATE_HZ

LATEST: Final = 5 * FRAME_RATE_HZ  # frames that are looked at
LEAST: Final = 3 * FRAME_RATE_HZ  # fewer say nothing


class SecondLook:
    """Keeps what was said last with knowledge of what followed.

    By the time of an alert, 30 s into a pause, it has judged the pause's first 10 s knowing the
    20 s behind them: who turned over or left the bed is told from who does not breathe.
    """

    def __init__(self) -> None:
        self._latest: deque[tuple[int, float]] = deque(maxlen=LATEST)

    def push(self, delayed: Delayed) -> None:
        """Take the next delayed reading."""
        self._latest.append((delayed.index, delayed.apnea + delayed.hypopnea))

    def doubts(self, onset: int, least: float) -> bool:
        """Return whether the pause from frame `onset` on is less likely (0-1) than `least`.

        False while hardly anything of the pause is known.
        """
        known = [event for index, event in self._latest if index >= onset]
        return len(known) >= LEAST and sum(known) < least * len(known)
