"""A condition that comes and goes: told once it is so for much of the time, until it is calm."""

from collections import deque

BUCKET_S = 0.5  # time is summed up in steps of this, so that memory does not grow with the rate


class Share:
    """How much of the last `window_s` something was so, and whether that is to be told.

    `is_on` begins when the share of the window (what has not come yet counts as good) reaches
    `on`, and ends when it was at most `off` for the last `calm_s`. Times are those of the sound
    (s); a share is of time, or of whatever `push` is given.
    """

    def __init__(self, window_s: float, on: float, calm_s: float, off: float = 0.0) -> None:
        self._on, self._off = on, off
        self._least = round(window_s / BUCKET_S)
        self._calm = round(calm_s / BUCKET_S)
        self._bad: deque[float] = deque(maxlen=max(self._least, self._calm))
        self._open_bad = self._open_s = 0.0
        self.is_on = False

    @property
    def value(self) -> float:
        """The share of the window that was bad, 0 to 1."""
        return self._recent(self._least)

    def push(self, share: float, duration_s: float) -> None:
        """Take that the next `duration_s` were bad by `share` (0 to 1)."""
        while duration_s > 1e-9:
            taken_s = min(duration_s, BUCKET_S - self._open_s)
            self._open_bad += share * taken_s
            self._open_s += taken_s
            duration_s -= taken_s
            if self._open_s >= BUCKET_S - 1e-6:
                self._close_bucket()

    def _close_bucket(self) -> None:
        self._bad.append(self._open_bad / self._open_s)
        self._open_bad = self._open_s = 0.0
        if not self.is_on:
            self.is_on = self.value >= self._on - 1e-9
        elif self._recent(self._calm) <= self._off:
            self.is_on = False
            self._bad.clear()  # what was told is over: the next time counts anew

    def _recent(self, buckets: int) -> float:
        recent = [self._bad[-k] for k in range(1, min(buckets, len(self._bad)) + 1)]
        return sum(recent) / buckets
