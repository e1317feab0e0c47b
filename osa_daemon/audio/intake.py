"""From a device's chunks to blocks of 16 kHz whose time is true."""

from collections import deque

from osa_daemon.audio.block import SAMPLE_RATE_HZ, Block, Samples
from osa_daemon.audio.condition import Condition
from osa_daemon.audio.resample import StreamResampler
from osa_daemon.audio.ring import Chunk
from osa_daemon.audio.timeline import Timeline


class Intake:
    """Takes the chunks of one microphone, over any number of streams; gives blocks.

    `lost_s` is the time lost so far. Frames that are no sound of their time (digital silence, a
    stuck device) are lost time too: a gap that begins with the first of them.
    """

    def __init__(self) -> None:
        self.lost_s = 0.0
        self.condition = Condition()
        self._timeline = Timeline()
        self._resampler = StreamResampler(SAMPLE_RATE_HZ)
        self._rate_hz = SAMPLE_RATE_HZ
        self._blocks: deque[Block] = deque()
        self._end = 0
        self._has_rested = False

    @property
    def rate_hz(self) -> float | None:
        """The device's measured rate, `None` until known."""
        return self._timeline.rate_hz

    @property
    def has_heard(self) -> bool:
        """There has been sound."""
        return self._timeline.end_s is not None

    def begin(self, rate_hz: int) -> None:
        """A new stream begins, at the nominal rate `rate_hz`."""
        self.finish()
        self._rate_hz = rate_hz
        self._resampler = StreamResampler(rate_hz)
        self._timeline.begin(rate_hz)
        self.condition.begin(rate_hz)

    def change_device(self) -> None:
        """Another device follows: what was judged of the one before says nothing of it."""
        self.condition = Condition()

    def push(self, chunk: Chunk) -> bool:
        """Take a chunk; say whether it was sound of its time, and of use."""
        self.condition.arrive(chunk)
        verdict = self._timeline.judge(chunk)
        if not verdict.is_sound:
            return False
        if verdict.gap_s > 0:
            self._skip(verdict.gap_s, is_loss=not self._has_rested)
        self._has_rested = False
        if not self.condition.hears(chunk.samples):
            self._skip(len(chunk.samples) / self._rate_hz)
            return False
        self._append(self._resampler.push(chunk.samples))
        return True

    def _skip(self, gap_s: float, *, is_loss: bool = True) -> None:
        self.finish()
        self.condition.skip()
        self._resampler = StreamResampler(self._rate_hz)
        self._end += round(gap_s * SAMPLE_RATE_HZ)
        self.lost_s += gap_s if is_loss else 0.0

    def finish(self) -> None:
        """The stream is over, or has a gap here: hand out what the resampler holds back."""
        self._append(self._resampler.finish())

    def rest(self) -> None:
        """Nobody listens from here on: the gap until the next sound is no loss."""
        self._has_rested = True
        self.clear()

    def next_block(self) -> Block | None:
        """Return the oldest block not yet taken, if any."""
        return self._blocks.popleft() if self._blocks else None

    def monotonic_at(self, index: int) -> float | None:
        """Return when (CLOCK_MONOTONIC, s) the lately given sample `index` was recorded."""
        if self._timeline.end_s is None:
            return None
        pending_s = self._resampler.pending_s
        return self._timeline.end_s - pending_s - (self._end - index) / SAMPLE_RATE_HZ

    def clear(self) -> None:
        """Drop the blocks that nobody has taken."""
        self._blocks.clear()

    def _append(self, samples: Samples) -> None:
        if len(samples):
            self.condition.listen(samples)
            self._blocks.append(Block(self._end, samples))
            self._end += len(samples)
