"""How long to wait before the next attempt at a connection."""

from random import Random

from osa_daemon.publish.timing import Timing

MANY_SHORT_LINKS = 3


class Backoff:
    """Doubles the pause with each failure, with jitter, up to a limit.

    A link that ends soon after it began counts as a failure: two clients with the same id throw
    each other out as fast as they may come back.
    """

    def __init__(self, timing: Timing, random: Random) -> None:
        self._timing = timing
        self._random = random
        self._failures = 0
        self._short_links = 0
        self._opened_s = float("-inf")

    def open(self, now_s: float) -> None:
        """A link was made."""
        self._opened_s = now_s

    def end(self, now_s: float) -> None:
        """That link ended."""
        if self.is_steady(now_s):
            self._failures = self._short_links = 0
        else:
            self._short_links += 1

    def pause_s(self, *, is_refusal: bool) -> float:
        """The pause after one more failure; a refusal will not be taken back in a second."""
        longest_s = self._timing.retry_max_s
        pause_s = min(longest_s, self._timing.retry_min_s * 2.0 ** min(self._failures, 16))
        self._failures += 1
        return (longest_s if is_refusal else pause_s) * self._random.uniform(0.5, 1.0)

    def is_steady(self, now_s: float) -> bool:
        """Whether the present link has lived long enough to be trusted."""
        return now_s - self._opened_s >= self._timing.steady_s

    @property
    def is_flapping(self) -> bool:
        """Whether links keep ending soon after they are made."""
        return self._short_links >= MANY_SHORT_LINKS
