"""Sound with its own count passes a ring as it was."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from osa_daemon.audio.packet import HEAD_FRAMES, Packet
from osa_daemon.audio.ring import Chunk, RingMemory, RingReader, RingWriter

WORDS = st.integers(-(1 << 63), (1 << 63) - 1)


@given(stream=WORDS, rate_hz=st.integers(1, 192_000), start=WORDS, count=st.integers(1, 40))
def test_a_packet_passes_a_ring(stream: int, rate_hz: int, start: int, count: int) -> None:
    """Every bit of its head comes out, also where it looks like a number that is none."""
    samples = np.linspace(-1, 1, count, dtype=np.float32)
    with RingMemory.create(100) as memory:
        reader = RingReader(memory)
        for _ in range(4):  # wraps around the end
            RingWriter(memory).write(Packet(stream, rate_hz, start, samples).to_frames(), 5)
            chunk = reader.read()
            assert chunk is not None
            packet = Packet.of(chunk)
            assert (packet.stream, packet.rate_hz, packet.start) == (stream, rate_hz, start)
            assert np.array_equal(packet.samples, samples)


def test_what_is_too_short_is_no_packet() -> None:
    """A head alone is told."""
    with pytest.raises(ValueError, match="are no packet"):
        Packet.of(Chunk(0, np.zeros(HEAD_FRAMES, np.float32), 1))
