"""How often a password may be tried: from one address, and in all."""

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

BURST, REFILL_S = 5, 60.0  # from one address: five at once, then one a minute
BURST_IN_ALL, REFILL_IN_ALL_S = 20, 10.0  # a hash costs up to a second of a Pi's core
MOST_ADDRESSES: Final = 1000


@dataclass(slots=True)
class _Bucket:
    left: float
    seen_s: float


class Attempts:
    """Counts tries in buckets that fill again; remembers a bounded number of addresses.

    `clock` is monotonic (s). An address that is refused costs the others nothing.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._all = _Bucket(BURST_IN_ALL, clock())
        self._by_address: OrderedDict[str, _Bucket] = OrderedDict()

    def wait_s(self, address: str) -> float:
        """Take one try of `address`; return 0, or how long (s) it has to wait before the next."""
        now_s = self._clock()
        bucket = self._by_address.pop(address, None) or _Bucket(BURST, now_s)
        self._by_address[address] = bucket  # the one seen last stands last
        if len(self._by_address) > MOST_ADDRESSES:
            self._by_address.popitem(last=False)
        _fill(bucket, now_s, BURST, REFILL_S)
        _fill(self._all, now_s, BURST_IN_ALL, REFILL_IN_ALL_S)
        if bucket.left < 1:
            return (1 - bucket.left) * REFILL_S
        if self._all.left < 1:
            return (1 - self._all.left) * REFILL_IN_ALL_S
        bucket.left -= 1
        self._all.left -= 1
        return 0.0

    def succeeded(self, address: str) -> None:
        """Forget the tries of an address that knew the password."""
        self._by_address.pop(address, None)
        self._all.left = min(BURST_IN_ALL, self._all.left + 1)


def _fill(bucket: _Bucket, now_s: float, most: int, each_s: float) -> None:
    bucket.left = min(most, bucket.left + (now_s - bucket.seen_s) / each_s)
    bucket.seen_s = now_s
