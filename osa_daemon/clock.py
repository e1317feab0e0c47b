"""The clock as a port: what tells the time and waits, given to whoever needs it."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final


@dataclass(frozen=True, slots=True)
class Clock:
    """The system's clocks, unless a test gives its own to play a night in seconds.

    `monotonic_s`: CLOCK_MONOTONIC (s), which no one sets. `wall_s`: seconds since 1970, which may
    step. `sleep` waits so many seconds.
    """

    monotonic_s: Callable[[], float] = time.monotonic
    wall_s: Callable[[], float] = time.time
    sleep: Callable[[float], None] = time.sleep

    def utc(self) -> datetime:
        """Return the wall-clock time in UTC."""
        return datetime.fromtimestamp(self.wall_s(), UTC)


SYSTEM_CLOCK: Final = Clock()
