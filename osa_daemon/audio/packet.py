"""Sound that brings its own count and rate, as one write into a ring.

A capture process counts what it reads, so the ring's own indexes tell what was lost. Sound that
came over a network was counted by its sender, at the sender's rate: each write begins with both,
in the room of `HEAD_FRAMES` frames, so that none of it depends on another message that may be late.
"""

from dataclasses import dataclass

import numpy as np

from osa_daemon.audio.block import Samples
from osa_daemon.audio.ring import Chunk

_HEAD_WORDS = 3  # stream, rate, start: 64 bits each
HEAD_FRAMES = 2 * _HEAD_WORDS  # a frame of the ring has 32 bits


@dataclass(frozen=True, slots=True)
class Packet:
    """A run of sound of one stream, float32 of shape (n,) at `rate_hz`.

    `start` is the index of its first frame since the stream began, by the sender's count: where it
    lies beyond the end of the packet before, the sound between was lost.
    """

    stream: int
    rate_hz: int
    start: int
    samples: Samples

    def to_frames(self) -> Samples:
        """Return what is written into the ring, float32 of shape (HEAD_FRAMES + n,)."""
        head = np.array([self.stream, self.rate_hz, self.start], dtype=np.int64)
        return np.concatenate([head.view(np.float32), self.samples])

    @classmethod
    def of(cls, chunk: Chunk) -> "Packet":
        """Return what was written; ValueError where the chunk holds no packet."""
        if len(chunk.samples) <= HEAD_FRAMES:
            raise ValueError(f"{len(chunk.samples)} frames are no packet")
        head = chunk.samples[:HEAD_FRAMES].view(np.int64)
        stream, rate_hz, start = (int(word) for word in head)
        return cls(stream, rate_hz, start, chunk.samples[HEAD_FRAMES:])
