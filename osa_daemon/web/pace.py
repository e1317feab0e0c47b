"""How many requests one address gets through: whoever asks too fast waits, on their connection."""

import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Final

BURST: Final = 100.0  # a page and its files, several times over
PER_S: Final = 25.0
LONGEST_S: Final = 10.0
MOST_ADDRESSES: Final = 1000


class Pace:
    """A debt for each address, in requests, that time pays off. `clock` is monotonic (s)."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._debts: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def wait_s(self, address: str) -> float:
        """Count one request of `address`; return how long (s) its answer is to wait."""
        return max(0.0, self.owe(address, 1.0) - BURST) / PER_S

    def owe(self, address: str, requests: float) -> float:
        """Count what costs us as much as so many requests; return the debt of `address`."""
        now_s = self._clock()
        debt, seen_s = self._debts.pop(address, (0.0, now_s))
        debt = max(0.0, debt - (now_s - seen_s) * PER_S) + requests
        debt = min(debt, BURST + LONGEST_S * PER_S)
        self._debts[address] = (debt, now_s)
        if len(self._debts) > MOST_ADDRESSES:
            self._debts.popitem(last=False)
        return debt
