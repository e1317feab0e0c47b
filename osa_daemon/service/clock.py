"""Where a moment of the stream lies on the wall clock."""

import time
from collections.abc import Callable
from datetime import datetime, timedelta

from osa_daemon.audio.block import SAMPLE_RATE_HZ, Block


class StreamClock:
    """Maps seconds of the stream to local wall-clock times.

    A live stream is tied to the monotonic clock by the earliest arrival seen (a block can only
    come late), and to the wall clock at the moment of asking: a clock that was stepped in between
    does not move what happened against now. A file (`live=False`) begins when it is started.
    """

    def __init__(
        self,
        *,
        live: bool,
        monotonic: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self._live = live
        self._monotonic = monotonic
        self._wall = wall
        self._zero_s: float | None = None
        self._began = wall()

    def arrived(self, block: Block) -> None:
        """Note that `block` is here now."""
        zero_s = self._monotonic() - block.end / SAMPLE_RATE_HZ
        # a late block must not move the zero; the device's own drift may, slowly
        if self._zero_s is None or zero_s < self._zero_s:
            self._zero_s = zero_s
        else:
            self._zero_s += min(zero_s - self._zero_s, 1e-5)

    def wall_time(self, stream_s: float) -> datetime:
        """Return the local time, with its offset, of a moment of the stream."""
        if not self._live:
            seconds = self._began + stream_s
        elif self._zero_s is None:
            seconds = self._wall()
        else:
            seconds = self._wall() - (self._monotonic() - self._zero_s - stream_s)
        return datetime.fromtimestamp(seconds).astimezone()

    def now(self) -> datetime:
        """Return the local time with its offset."""
        return datetime.fromtimestamp(self._wall()).astimezone()


def iso(moment: datetime) -> str:
    """Return ISO 8601 with offset, to the tenth of a second."""
    rounded = moment + timedelta(microseconds=50_000)
    return rounded.replace(microsecond=rounded.microsecond // 100_000 * 100_000).isoformat(
        timespec="milliseconds"
    )
