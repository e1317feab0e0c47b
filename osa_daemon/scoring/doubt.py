"""Whether the delayed reading doubts a pause in progress, before anybody is woken for it."""

from collections import deque
from typing import Final

from osa_daemon.detector.frame import Delayed
from osa_daemon.features.features import FRAME_RATE_HZ

LATEST: Final = 5 * FRAME_RATE_HZ  # frames that are looked at
LEAST: Final = 3 * FRAME_RATE_HZ  # fewer say nothing


class Doubt:
    """Keeps what was said last with knowledge of what followed.

    With a delay of 20 s, an alert 30 s into a pause comes when its seconds 5 to 10 have been
    judged knowing the 20 s behind them: who turned over or left the bed is told from who does not
    breathe. What was doubted once may be believed later, when breath is back: by then it is too
    late to wake anybody, so the pause must still be heard to go on.
    """

    def __init__(self) -> None:
        self._latest: deque[tuple[int, float]] = deque(maxlen=LATEST)
        self._doubted: int | None = None  # onset of the pause that was doubted last

    def push(self, delayed: Delayed) -> None:
        """Take the next delayed reading."""
        self._latest.append((delayed.index, delayed.apnea + delayed.hypopnea))

    def holds(self, onset: int, least: float, *, is_sure: bool) -> bool:
        """Return whether the pause from frame `onset` on is doubted now.

        It is, while the mean probability (0-1) of an event over its last frames known is below
        `least`, and from then on until the causal reading `is_sure` that it goes on. Not while
        hardly anything of the pause is known, as 20 s after its onset.
        """
        known = [event for index, event in self._latest if index >= onset]
        if len(known) >= LEAST and sum(known) < least * len(known):
            self._doubted = onset
            return True
        return self._doubted == onset and not is_sure
