"""A ring of sound in shared memory: one writing process, one reading process, no lock.

Layout: a header of 64-bit words, a table of the last `MARKS` writes (first and last frame,
monotonic time), then the frames. The writer first *claims* the frames it is about to
overwrite, then copies, then counts the write. The reader copies, then looks whether what it
copied has been claimed meanwhile; if so it was lapped and reports the frames as lost. So a
reader gets the frames of an index, or learns that they are gone, but never others.
"""

import mmap
import os
import threading
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from osa_daemon.audio.block import Samples
from osa_daemon.audio.secrecy import lock_map

MARKS = 2048  # writes remembered: 200 s of reads of 0.1 s
MARK_WORDS = 3  # first frame, frame after the last, monotonic time in ns
HEADER_WORDS = 8
MAGIC = 0x6F73615F72696E67  # "osa_ring": what is attached to is a ring

_MAGIC, _CAPACITY, _CLAIMED, _WRITES, _WRITTEN, _STAMP_NS, _OVERFLOWS, _RATE_HZ = range(
    HEADER_WORDS
)


@dataclass(frozen=True, slots=True)
class Chunk:
    """What one read from the device gave.

    `start` is the index of its first frame at the device's rate since the ring was made,
    `samples` float32 of shape (n,), `stamp_ns` CLOCK_MONOTONIC right after the last frame.
    """

    start: int
    samples: Samples
    stamp_ns: int

    @property
    def end(self) -> int:
        """Index of the frame after the last."""
        return self.start + len(self.samples)


class _Fence:
    """A memory barrier: the stores and loads before it are done before those after it.

    Releasing a lock and taking it again orders memory on every processor that Python runs on
    (store-release, then load-acquire). Nobody else knows the lock, so nobody is waited for.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._lock.acquire()

    def __call__(self) -> None:
        self._lock.release()
        self._lock.acquire()


class RingMemory:
    """The shared memory of a ring: anonymous, reached through its file descriptor only.

    Args:
        fd: descriptor of a ring made by `create`; it is owned, and closed by `close`.

    `is_locked`: its memory is never written to swap.
    """

    def __init__(self, fd: int) -> None:
        self.fd = fd
        self._map = mmap.mmap(fd, 0)
        self.is_locked = lock_map(self._map)
        words = np.frombuffer(self._map, dtype=np.int64)
        self.header: NDArray[np.int64] = words[:HEADER_WORDS]
        marks_end = HEADER_WORDS + MARKS * MARK_WORDS
        self.marks: NDArray[np.int64] = words[HEADER_WORDS:marks_end].reshape(MARKS, MARK_WORDS)
        self.frames: Samples = words[marks_end:].view(np.float32)
        if self.header[_MAGIC] != MAGIC or self.header[_CAPACITY] != len(self.frames):
            raise ValueError(f"descriptor {fd} holds no ring")

    @classmethod
    def create(cls, capacity_frames: int) -> Self:
        """Make a ring for `capacity_frames` frames (even), in memory without a name."""
        if capacity_frames < 2 or capacity_frames % 2:
            raise ValueError(f"capacity is {capacity_frames} frames; it must be even and positive")
        fd = os.memfd_create("osa-ring", os.MFD_CLOEXEC)
        os.ftruncate(fd, 8 * (HEADER_WORDS + MARKS * MARK_WORDS) + 4 * capacity_frames)
        os.pwrite(fd, np.array([MAGIC, capacity_frames], dtype=np.int64).tobytes(), 0)
        return cls(fd)

    @property
    def capacity_frames(self) -> int:
        """How many frames the ring holds."""
        return len(self.frames)

    @property
    def overflows(self) -> int:
        """How often the device told that it lost frames."""
        return int(self.header[_OVERFLOWS])

    @property
    def written(self) -> int:
        """Frames written since the ring was made."""
        return int(self.header[_WRITTEN])

    @property
    def rate_hz(self) -> int:
        """The device's nominal rate, 0 until the writer has set it."""
        return int(self.header[_RATE_HZ])

    @rate_hz.setter
    def rate_hz(self, rate_hz: int) -> None:
        self.header[_RATE_HZ] = rate_hz

    def close(self) -> None:
        """Unmap the memory and close the descriptor. Views taken before must be gone."""
        if self.fd < 0:
            return
        del self.header, self.marks, self.frames
        self._map.close()
        os.close(self.fd)
        self.fd = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()


class RingWriter:
    """The writing end. Its `write` follows each read from the device."""

    def __init__(self, memory: RingMemory) -> None:
        self._memory = memory
        self._fence = _Fence()

    def write(self, frames: Samples, stamp_ns: int, *, overflowed: bool = False) -> None:
        """Append `frames`, float32 of shape (n,), that ended at `stamp_ns` (CLOCK_MONOTONIC).

        `overflowed` says that the device lost frames before these. Raises ValueError for more
        frames than the ring holds.
        """
        start = self.claim(len(frames))
        self.copy(start, frames)
        self.publish(start, len(frames), stamp_ns)
        if overflowed:
            self._memory.header[_OVERFLOWS] += 1

    def claim(self, count: int) -> int:
        """Announce that the next `count` frames will be overwritten; return the first's index."""
        if count > self._memory.capacity_frames:
            raise ValueError(f"{count} frames do not fit a ring of {self._memory.capacity_frames}")
        start = self._memory.written
        self._memory.header[_CLAIMED] = start + count
        self._fence()
        return start

    def copy(self, start: int, frames: Samples) -> None:
        """Copy `frames` to their place, which may wrap around the end."""
        memory = self._memory.frames
        first = start % len(memory)
        until_end = min(len(frames), len(memory) - first)
        memory[first : first + until_end] = frames[:until_end]
        memory[: len(frames) - until_end] = frames[until_end:]

    def publish(self, start: int, count: int, stamp_ns: int) -> None:
        """Enter the write into the table and count it, which makes it visible to the reader."""
        header = self._memory.header
        mark = self._memory.marks[int(header[_WRITES]) % MARKS]
        mark[0] = start
        mark[1] = start + count
        mark[2] = stamp_ns
        self._fence()
        header[_STAMP_NS] = stamp_ns
        header[_WRITTEN] = start + count
        header[_WRITES] += 1


class RingReader:
    """The reading end: hands out what was written, write by write, in order.

    `lost_frames` counts frames that were overwritten before they were read, `laps` how often
    that happened. The frame indexes of the chunks stay true: a lap shows as a jump of `start`.
    """

    def __init__(self, memory: RingMemory) -> None:
        self.lost_frames = 0
        self.laps = 0
        self._memory = memory
        self._fence = _Fence()
        self._next_write = 0
        self._position = 0

    def read(self) -> Chunk | None:
        """Return a copy of the oldest write not yet read, or `None` if there is none."""
        while True:
            writes = int(self._memory.header[_WRITES])
            if self._next_write >= writes:
                return None
            # the oldest entry of the table may be in the making
            self._next_write = max(self._next_write, writes - MARKS + 1)
            self._fence()
            chunk = self._copy(self._next_write)
            self._next_write += 1
            if chunk is not None:
                self._count_loss(chunk.start)
                self._position = chunk.end
                return chunk

    def skip(self) -> None:
        """Leave out what was not read yet; the next read counts it as lost."""
        self._next_write = int(self._memory.header[_WRITES])

    def _copy(self, write: int) -> Chunk | None:
        memory = self._memory.frames
        start, end, stamp_ns = (int(word) for word in self._memory.marks[write % MARKS])
        if not 0 <= end - start <= len(memory):
            return None  # the table's entry was overwritten under our eyes
        first = start % len(memory)
        until_end = min(end - start, len(memory) - first)
        samples = np.empty(end - start, dtype=np.float32)
        samples[:until_end] = memory[first : first + until_end]
        samples[until_end:] = memory[: end - start - until_end]
        self._fence()
        header = self._memory.header
        overwritten = start < int(header[_CLAIMED]) - len(memory)
        if overwritten or write <= int(header[_WRITES]) - MARKS:
            return None
        return Chunk(start, samples, stamp_ns)

    def _count_loss(self, start: int) -> None:
        if start > self._position:
            self.lost_frames += start - self._position
            self.laps += 1
