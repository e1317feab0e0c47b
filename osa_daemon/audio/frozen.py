"""Frames that are no sound: digital silence, one value, one buffer again and again, no numbers.

A live microphone moves its last bit even in the quietest room, and noise never repeats itself. So
a tenth of a second without any change, or two seconds that repeat exactly, are no sound of their
time, and count as lost.
"""

from collections import deque
from enum import Enum

import numpy as np

from osa_daemon.audio.block import Samples

MEMORY_S = 2.0  # sound that is searched for repetition: buffers of up to half of it are found
CHECK_S = 1.0  # between searches
MATCHED = 256  # frames that must agree before the rest is compared


class Frozen(Enum):
    """Why frames are no sound."""

    SILENT = "silent"
    CONSTANT = "constant"
    REPEATING = "repeating"
    GARBLED = "garbled"  # not finite numbers


class FrozenMeter:
    """Judges the frames of one stream, in order; keeps 2 s of them."""

    def __init__(self, rate_hz: float) -> None:
        self._rate_hz = rate_hz
        self._recent: deque[Samples] = deque()
        self._frames = 0
        self._unchecked = 0
        self._period: int | None = None

    def judge(self, samples: Samples) -> Frozen | None:
        """Return why `samples` (n,), n > 0, are no sound; None where they are."""
        why = _without_change(samples)
        if why is not None:
            self._forget()
            return why
        self._keep(samples)
        return Frozen.REPEATING if self._is_repeating(samples) else None

    def _is_repeating(self, samples: Samples) -> bool:
        """Look for a repetition now and then; where one was found, whether it goes on."""
        if self._period is not None:
            recent = np.concatenate(self._recent)
            if _repeats(recent[-len(samples) - self._period :], self._period):
                return True
            self._forget()
            return False
        self._unchecked += len(samples)
        if self._unchecked >= CHECK_S * self._rate_hz and self._frames >= MEMORY_S * self._rate_hz:
            self._unchecked = 0
            self._period = find_period(np.concatenate(self._recent))
        return self._period is not None

    def _keep(self, samples: Samples) -> None:
        self._recent.append(samples)
        self._frames += len(samples)
        while self._frames - len(self._recent[0]) >= MEMORY_S * self._rate_hz:
            self._frames -= len(self._recent.popleft())

    def _forget(self) -> None:
        self._recent.clear()
        self._frames = self._unchecked = 0
        self._period = None


def _without_change(samples: Samples) -> Frozen | None:
    low, high = samples.min(), samples.max()
    if not (np.isfinite(low) and np.isfinite(high)):
        return Frozen.GARBLED
    if low == high:
        return Frozen.SILENT if low == 0 else Frozen.CONSTANT
    return None


def find_period(samples: Samples) -> int | None:
    """Return after how many frames `samples` (n,) repeat exactly to their end; None: they do not.

    Periods of up to half of them are found. The search begins at the greatest sample, which few
    others equal.
    """
    half = len(samples) // 2
    if half <= MATCHED:
        return None
    probe = int(np.abs(samples[: half - MATCHED]).argmax())
    found = probe + 1 + np.flatnonzero(samples[probe + 1 : probe + 1 + half] == samples[probe])
    for k in range(1, MATCHED):
        if len(found) <= 1:
            break
        found = found[samples[found + k] == samples[probe + k]]
    for at in found:
        period = int(at) - probe
        if _repeats(samples, period):
            return period
    return None


def _repeats(samples: Samples, period: int) -> bool:
    return len(samples) > period and bool(np.array_equal(samples[period:], samples[:-period]))
