"""The ring in shared memory: right data at every index, or a reported loss."""

import os
import subprocess
import sys
from collections import deque
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from osa_daemon.audio.block import Samples
from osa_daemon.audio.ring import MARKS, RingMemory, RingReader, RingWriter

CAPACITY = 64


def expected(start: int, count: int) -> Samples:
    """Frames whose value tells their index (exact in float32 below 2**24)."""
    return (np.arange(start, start + count) % 8_388_593).astype(np.float32)


@pytest.fixture
def memory() -> Iterator[RingMemory]:
    """A small ring."""
    with RingMemory.create(CAPACITY) as ring:
        yield ring


def test_what_is_written_is_read_once_and_in_order(memory: RingMemory) -> None:
    """A reader gets each write with its index and time, then nothing."""
    writer, reader = RingWriter(memory), RingReader(memory)
    writer.write(expected(0, 40), 111)
    writer.write(expected(40, 20), 222)
    first, second = reader.read(), reader.read()
    assert first is not None
    assert second is not None
    assert (first.start, first.end, first.stamp_ns) == (0, 40, 111)
    assert (second.start, second.end, second.stamp_ns) == (40, 60, 222)
    assert reader.read() is None


def test_a_lap_is_reported_as_lost_frames(memory: RingMemory) -> None:
    """Frames that were overwritten before they were read are counted and show as a jump."""
    writer, reader = RingWriter(memory), RingReader(memory)
    for start in range(0, 200, 20):
        writer.write(expected(start, 20), start)
    chunk = reader.read()
    assert chunk is not None
    assert chunk.start == 140
    assert np.array_equal(chunk.samples, expected(140, 20))
    assert (reader.lost_frames, reader.laps) == (140, 1)


def test_the_table_of_writes_may_be_lapped_too(memory: RingMemory) -> None:
    """Many tiny writes overrun the table before the frames: that is a loss as well."""
    writer, reader = RingWriter(memory), RingReader(memory)
    for start in range(MARKS + 5):
        writer.write(expected(start, 1), start)
    chunk = reader.read()
    assert chunk is not None
    assert chunk.start >= MARKS + 5 - CAPACITY
    assert np.array_equal(chunk.samples, expected(chunk.start, 1))


def test_a_write_larger_than_the_ring_is_refused(memory: RingMemory) -> None:
    """It could only be stored in part."""
    with pytest.raises(ValueError, match="do not fit"):
        RingWriter(memory).write(expected(0, CAPACITY + 1), 0)


def test_the_device_s_own_overflows_are_counted(memory: RingMemory) -> None:
    """An overflow flag in the callback reaches the other side."""
    RingWriter(memory).write(expected(0, 1), 0, overflowed=True)
    assert memory.overflows == 1


def test_another_descriptor_is_refused() -> None:
    """Memory that holds no ring is not taken for one."""
    fd = os.memfd_create("other")
    os.ftruncate(fd, 1 << 20)
    with pytest.raises(ValueError, match="holds no ring"):
        RingMemory(fd)
    os.close(fd)


def test_no_file_is_made(memory: RingMemory) -> None:
    """The ring's memory has no name in any file system."""
    assert str(Path(f"/proc/self/fd/{memory.fd}").readlink()).startswith("/memfd:")


@given(actions=st.lists(st.one_of(st.none(), st.integers(0, CAPACITY)), max_size=120))
def test_any_order_of_writes_and_reads(actions: list[int | None]) -> None:
    """Whatever the order, what is read is right, in order, and complete with the losses."""
    with RingMemory.create(CAPACITY) as memory:
        writer, reader = RingWriter(memory), RingReader(memory)
        position = read_frames = 0
        for count in [*actions, *[None] * len(actions)]:
            if count is not None:
                writer.write(expected(memory.written, count), memory.written)
                continue
            chunk = reader.read()
            if chunk is not None:
                assert chunk.start >= position
                assert np.array_equal(chunk.samples, expected(chunk.start, len(chunk.samples)))
                position, read_frames = chunk.end, read_frames + len(chunk.samples)
        assert position == memory.written
        assert read_frames + reader.lost_frames == memory.written


def writing(writer: RingWriter, memory: RingMemory, counts: list[int]) -> Iterator[None]:
    """Write so many frames each, pausing after every step of each write."""
    for count in counts:
        start = writer.claim(count)
        yield
        for at in range(0, count, 7):
            writer.copy(start + at, expected(start + at, min(7, count - at)))
            yield
        writer.publish(start, count, 0)
        yield


@given(
    counts=st.lists(st.integers(1, CAPACITY), min_size=1, max_size=12),
    before=st.integers(0, 60),
    during=st.lists(st.integers(0, 30), max_size=20),
)
def test_a_write_in_the_midst_of_a_read(counts: list[int], before: int, during: list[int]) -> None:
    """However far a write has come while a reader copies, no wrong frame is handed out."""
    with RingMemory.create(CAPACITY) as memory:
        steps = writing(RingWriter(memory), memory, counts)
        reader, pauses = RingReader(memory), iter(during)
        deque(islice(steps, before), maxlen=0)
        # the writer goes on where the reader's fences are: right before and after its copying
        reader._fence = lambda: deque(islice(steps, next(pauses, 0)), maxlen=0)  # type: ignore[assignment]
        while (chunk := reader.read()) is not None:
            assert np.array_equal(chunk.samples, expected(chunk.start, len(chunk.samples)))


WRITER = """
import sys, numpy as np
from osa_daemon.audio.ring import RingMemory, RingWriter
memory = RingMemory(int(sys.argv[1]))
writer, random, at = RingWriter(memory), np.random.default_rng(5), 0
sys.stdin.read(1)
while at < 4_000_000:
    count = int(random.integers(1, 700))
    writer.write((np.arange(at, at + count) % 8_388_593).astype(np.float32), at)
    at += count
print(at, flush=True)
"""


def test_two_processes() -> None:
    """Reading while another process writes at full speed gives right frames and true losses."""
    with RingMemory.create(4096) as memory:
        child = subprocess.Popen(
            [sys.executable, "-c", WRITER, str(memory.fd)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            pass_fds=[memory.fd],
        )
        reader, read_frames, position = RingReader(memory), 0, 0
        assert child.stdin is not None
        child.stdin.write(b"x")
        child.stdin.flush()
        while True:
            is_over = child.poll() is not None
            chunk = reader.read()
            if chunk is None:
                if is_over:
                    break
                continue
            assert np.array_equal(chunk.samples, expected(chunk.start, len(chunk.samples)))
            read_frames, position = read_frames + len(chunk.samples), chunk.end
        out, _ = child.communicate()
        assert position == int(out)
        assert read_frames + reader.lost_frames == position
        assert reader.laps > 0


def test_what_is_skipped_counts_as_lost() -> None:
    """The newest comes next, with its own index."""
    with RingMemory.create(100) as memory:
        writer, reader = RingWriter(memory), RingReader(memory)
        for i in range(3):
            writer.write(np.full(10, i, dtype=np.float32), i)
        assert reader.read() is not None
        reader.skip()
        assert reader.read() is None
        writer.write(np.full(10, 3, dtype=np.float32), 3)
        chunk = reader.read()
        assert chunk is not None
        assert (chunk.start, chunk.samples[0]) == (30, 3)
        assert (reader.lost_frames, reader.laps) == (20, 1)
