"""Sound that waits because the computer is slower than real time, and what was lost of it.

A chain that stood still for a moment catches up from the ring, late and without a loss. One that
stays behind would be late for the rest of the night: it is given the newest sound instead, and
what it has not heard becomes a gap. So sound reaches the chain at most `BEHIND_S` + `PATIENCE_S`
late while the computer is too slow, and as late as the ring is long (21 s at 48 kHz) once, after a
standstill.
"""

from collections import deque
from typing import Final

from osa_daemon.audio.fault import Fault, FaultKind

BEHIND_S: Final = 5.0  # the delay that an alert may have beside those of the chain
PATIENCE_S: Final = 10.0  # 20 s of sound that waited are heard in 0.1 s here, in seconds on a Pi
SPAN_MINUTES: Final = 10  # losses are summed up over so many
LEAST_S: Final = 1.0
QUIET_MINUTES: Final = 3  # without a loss: the computer keeps up again
DEAF_S: Final = 30.0  # lost within two minutes: hardly a pause could be followed to its alert


class Backlog:
    """Follows how late sound is read and how much of it was lost; times are monotonic (s)."""

    def __init__(self) -> None:
        self._behind_since_s: float | None = None
        self._losses: deque[tuple[int, float]] = deque()  # minute, seconds lost in it

    def is_too_late(self, now_s: float, behind_s: float) -> bool:
        """Take how late the sound just read was; say whether to go on with the newest."""
        if behind_s <= BEHIND_S:
            self._behind_since_s = None
            return False
        if self._behind_since_s is None:
            self._behind_since_s = now_s
        return now_s - self._behind_since_s >= PATIENCE_S

    def caught_up(self) -> None:
        """The newest sound comes next."""
        self._behind_since_s = None

    def lose(self, now_s: float, lost_s: float) -> None:
        """Note that `lost_s` of sound were never read."""
        minute = int(now_s // 60)
        if self._losses and self._losses[-1][0] == minute:
            lost_s += self._losses.pop()[1]
        self._losses.append((minute, lost_s))

    def lost(self, now_s: float, minutes: int = SPAN_MINUTES) -> float:
        """Return how much sound was lost in the last `minutes` (s); 0 where all is well again."""
        minute = int(now_s // 60)
        while self._losses and self._losses[0][0] <= minute - SPAN_MINUTES:
            self._losses.popleft()
        if not self._losses or self._losses[-1][0] < minute - QUIET_MINUTES:
            return 0.0
        return sum(lost for at, lost in self._losses if at > minute - minutes)

    def fault(self, now_s: float) -> Fault | None:
        """Return what is wrong, in a sentence; None where the computer keeps up."""
        lost_s = self.lost(now_s)
        if lost_s < LEAST_S:
            return None
        text = (
            f"The computer does not keep up: {lost_s:.0f} s of sound were lost in the last "
            f"{SPAN_MINUTES} minutes; let nothing else run on it."
        )
        return Fault(FaultKind.OVERLOAD, text, is_deaf=self.lost(now_s, 2) >= DEAF_S)
