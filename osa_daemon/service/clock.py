"""Where a moment of the stream lies on the wall clock."""

import time
from collections.abc import Callable
from datetime import datetime

from osa_daemon.audio.block import SAMPLE_RATE_HZ

MonotonicAt = Callable[[int], float | None]


class StreamClock:
    """Maps seconds of the stream to local wall-clock times.

    `monotonic_at` gives the monotonic time of a sample of a live stream (None while unknown). The
    wall clock is asked anew each time: a clock that was stepped in between does not move what
    happened against now. Without `monotonic_at` the stream is a file that begins at its start.
    """

    def __init__(
        self,
        monotonic_at: MonotonicAt | None = None,
        *,
        monotonic: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self._monotonic_at = monotonic_at
        self._monotonic = monotonic
        self._wall = wall
        self._began = wall()

    def monotonic_s(self) -> float:
        """Return the monotonic time (s), which no one sets."""
        return self._monotonic()

    def wall_time(self, stream_s: float) -> datetime:
        """Return the local time, with its offset, of a moment of the stream."""
        return datetime.fromtimestamp(self._seconds(stream_s)).astimezone()

    def now(self) -> datetime:
        """Return the local time with its offset."""
        return datetime.fromtimestamp(self._wall()).astimezone()

    def _seconds(self, stream_s: float) -> float:
        if self._monotonic_at is None:
            return self._began + stream_s
        moment_s = self._monotonic_at(round(stream_s * SAMPLE_RATE_HZ))
        if moment_s is None:
            return self._wall()
        return self._wall() - (self._monotonic() - moment_s)


def iso(moment: datetime) -> str:
    """Return a time as ISO 8601 with its offset, to the millisecond."""
    return moment.isoformat(timespec="milliseconds")
