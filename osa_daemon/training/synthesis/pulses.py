"""Sources with a pitch: pulse trains that jitter, and tones that wander."""

import numpy as np

from osa_daemon.audio.block import SAMPLE_RATE_HZ, Samples
from osa_daemon.training.synthesis.movement import wander


def pulse_times(
    rng: np.random.Generator, rate_hz: Samples, jitter: float
) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Return the sample indices of pulses whose rate follows `rate_hz` (count,).

    `jitter` is the standard deviation of a period over its mean.
    """
    phase = np.cumsum(rate_hz, dtype=np.float64) / SAMPLE_RATE_HZ
    steps = np.maximum(rng.normal(1.0, jitter, int(phase[-1] / 0.9) + 8), 0.3)
    turns = np.cumsum(steps) - rng.uniform(0.0, 0.9)
    times = np.searchsorted(phase, turns[turns < phase[-1]])
    return np.asarray(np.minimum(times, len(rate_hz) - 1), dtype=np.int64)


def pulse_train(
    rng: np.random.Generator, rate_hz: Samples, *, jitter: float, shimmer: float, width_s: float
) -> Samples:
    """Return pulses of that rate (count,); `shimmer` is the log spread of their amplitudes.

    A pulse is a smooth opening of `width_s` and a sharper closing, as tissue that slaps shut.
    """
    count = len(rate_hz)
    train = np.zeros(count, dtype=np.float32)
    times = pulse_times(rng, rate_hz, jitter)
    np.add.at(train, times, np.exp(rng.normal(0.0, shimmer, len(times))).astype(np.float32))
    length = max(2, int(width_s * SAMPLE_RATE_HZ))
    opening = np.sin(0.5 * np.pi * np.linspace(0.0, 1.0, length, dtype=np.float32)) ** 2
    kernel = np.append(opening, opening[:: -max(1, length // 3)])
    return np.convolve(train, kernel.astype(np.float32))[:count]


def tone(rng: np.random.Generator, pitch_hz: Samples, spread: float) -> Samples:
    """Return a sine whose pitch follows `pitch_hz` (count,) and wanders by the share `spread`."""
    bent = pitch_hz * (1.0 + np.float32(spread) * wander(rng, len(pitch_hz), 6.0))
    phase = np.cumsum(bent, dtype=np.float64) * (2.0 * np.pi / SAMPLE_RATE_HZ)
    return np.asarray(np.sin(phase + rng.uniform(0.0, 2.0 * np.pi)), dtype=np.float32)
