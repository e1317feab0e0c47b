"""Where a moment of the stream lies on the wall clock."""

import time
from collections.abc import Callable
from datetime import datetime
from typing import Final

from osa_daemon.audio.block import SAMPLE_RATE_HZ
from osa_daemon.journal.eras import STEP_S

MonotonicAt = Callable[[int], float | None]
JITTER_S: Final = 0.05  # between two looks at two clocks, on a busy machine


class StreamClock:
    """Maps seconds of the stream to local wall-clock times.

    It goes by the time since boot, which nobody sets and which goes on in a suspend, and by how
    far the wall clock is ahead of it (`offset_s`), as `look` found it last: whatever is dated
    between two looks is dated alike, also where the wall clock is set in between.

    `monotonic_at` gives the monotonic time of a sample of a live stream (None while unknown).
    Without it the stream is a file that begins at its start. A `monotonic` that is not the
    system's stands for the time since boot, too.
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
        self._since_boot = _since_boot if monotonic is time.monotonic else monotonic
        self._offset_s = self._read()
        self._began_s = wall() - self._offset_s

    def monotonic_s(self) -> float:
        """Return the monotonic time (s), which no one sets."""
        return self._monotonic()

    def offset_s(self) -> float:
        """Return how far the wall clock is ahead of the time since boot (s, to 1 ms)."""
        return self._offset_s

    def look(self) -> float | None:
        """Look at the wall clock; return by what it was set (s), None where it was not."""
        moved_s = round(self._read() - self._offset_s, 3)
        if abs(moved_s) >= JITTER_S:
            self._offset_s = round(self._offset_s + moved_s, 3)
        return moved_s if abs(moved_s) >= STEP_S else None

    def wall_time(self, stream_s: float) -> datetime:
        """Return the local time, with its offset, of a moment of the stream."""
        return self._local(self._moment(stream_s))

    def now(self) -> datetime:
        """Return the local time with its offset."""
        return self._local(self._since_boot())

    def _local(self, since_boot_s: float) -> datetime:
        return datetime.fromtimestamp(since_boot_s + self._offset_s).astimezone()

    def _moment(self, stream_s: float) -> float:
        if self._monotonic_at is None:
            return self._began_s + stream_s
        moment_s = self._monotonic_at(round(stream_s * SAMPLE_RATE_HZ))
        if moment_s is None:
            return self._since_boot()
        return self._since_boot() - (self._monotonic() - moment_s)

    def _read(self) -> float:
        """Read both clocks with as little time between as the machine allows."""
        for _ in range(3):
            before_s = self._since_boot()
            wall_s = self._wall()
            if self._since_boot() - before_s < JITTER_S / 2:
                break
        return round(wall_s - before_s, 3)


def _since_boot() -> float:
    return time.clock_gettime(time.CLOCK_BOOTTIME)


def iso(moment: datetime) -> str:
    """Return a time as ISO 8601 with its offset, to the millisecond."""
    return moment.isoformat(timespec="milliseconds")
