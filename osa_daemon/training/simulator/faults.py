"""Faults of a cheap sound card: a constant offset, packets that are lost or come twice."""

from dataclasses import dataclass

import numpy as np

from osa_daemon.training.simulator import ranges
from osa_daemon.training.simulator.night import SAMPLE_RATE_HZ, Samples

_PACKET = SAMPLE_RATE_HZ // 1_000  # USB audio comes in packets of 1 ms
_LONGEST_PACKETS = 8


@dataclass(frozen=True, slots=True)
class Faults:
    """`offset` of full scale; `lost_per_h` packets, which no gap marks."""

    offset: float = 0.0
    lost_per_h: float = 0.0


def draw_faults(rng: np.random.Generator) -> Faults:
    """Draw faults: most sound cards have none."""
    shifted = rng.random() < ranges.OFFSET_SHARE
    lossy = rng.random() < ranges.LOST_PACKETS_SHARE
    offset_db, per_h = ranges.OFFSET_DBFS.draw(rng), ranges.LOST_PACKETS_PER_H.draw(rng)
    sign = float(rng.choice((-1.0, 1.0)))
    return Faults(sign * 10 ** (offset_db / 20) if shifted else 0.0, per_h if lossy else 0.0)


def faulty(rng: np.random.Generator, sound: Samples, faults: Faults) -> Samples:
    """Return the sound with its faults: lost packets are zeros, or the last ones once more."""
    if faults.lost_per_h:
        sound = sound.copy()
        hours = len(sound) / SAMPLE_RATE_HZ / 3600
        for _ in range(int(rng.poisson(faults.lost_per_h * hours))):
            length = int(rng.integers(1, _LONGEST_PACKETS + 1)) * _PACKET
            start = int(rng.integers(length, max(length + 1, len(sound) - length)))
            place = sound[start : start + length]
            place[:] = sound[start - length : start][: len(place)] if rng.random() < 0.5 else 0
    if faults.offset:
        sound = np.clip(sound + np.float32(faults.offset), -1.0, 1.0)
    return sound
