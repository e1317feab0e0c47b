"""Warnings that anyone on the broker can cause in any number: few of them reach the log."""

import logging
from collections.abc import Callable

from osa_daemon.clock import SYSTEM_CLOCK

EVERY_S = 10.0


class Seldom:
    """Logs at most one warning in `every_s`; the next one says how many were left out.

    Used by one thread.
    """

    def __init__(
        self,
        log: logging.Logger,
        every_s: float = EVERY_S,
        clock: Callable[[], float] = SYSTEM_CLOCK.monotonic_s,
    ) -> None:
        self._log = log
        self._every_s = every_s
        self._clock = clock
        self._told_s: float | None = None
        self._left_out = 0

    def warning(self, sentence: str) -> None:
        """Log `sentence`, or count it where another was logged a short while ago."""
        now_s = self._clock()
        if self._told_s is not None and now_s - self._told_s < self._every_s:
            self._left_out += 1
            return
        if self._left_out:
            sentence = f"{sentence} ({self._left_out} warnings like it were left out before.)"
        self._told_s, self._left_out = now_s, 0
        self._log.warning("%s", sentence)
