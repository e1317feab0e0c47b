"""How loudness moves: envelopes of a breath, slow flutter, roughness, pulses."""

import numpy as np

from osa_daemon.audio.block import SAMPLE_RATE_HZ, Samples


def arch(count: int, rise: float, hold: float, power: float) -> Samples:
    """Return a smooth envelope, 0 at both ends and 1 at its loudest, shape (count,).

    `rise` and `hold` are shares of the length, the rest falls; flanks are cosine ** `power`.
    """
    position = np.linspace(0.0, 1.0, count, dtype=np.float32)
    fall_start = min(rise + hold, 0.97)
    up = np.clip(position / max(rise, 1e-3), 0.0, 1.0)
    down = np.clip((1.0 - position) / (1.0 - fall_start), 0.0, 1.0)
    flanks = (0.5 - 0.5 * np.cos(np.pi * up)) * (0.5 - 0.5 * np.cos(np.pi * down))
    return np.asarray(flanks**power, dtype=np.float32)


def wander(rng: np.random.Generator, count: int, rate_hz: float) -> Samples:
    """Return smooth noise of about unit variance that moves up to `rate_hz`."""
    step = SAMPLE_RATE_HZ / (2.0 * rate_hz)
    knots = rng.standard_normal(int(count / step) + 3)
    at = np.arange(count, dtype=np.float64) / step + rng.uniform()
    return np.asarray(1.2 * np.interp(at, np.arange(len(knots)), knots), dtype=np.float32)


def flutter(rng: np.random.Generator, count: int, rate_hz: float, depth: float) -> Samples:
    """Return a factor round 1 that wanders; `depth` is the standard deviation of its log."""
    return np.exp(np.float32(depth) * wander(rng, count, rate_hz))


def drifted(samples: Samples, count: int, octaves: float) -> Samples:
    """Return the first part of `samples`, its frequencies gliding by `octaves` over `count`.

    The sound is read faster and faster, or slower and slower, from -octaves/2 to +octaves/2;
    `samples` must be at least `count` * 2 ** (abs(octaves) / 2) long.
    """
    pace = np.exp2(np.linspace(-0.5 * octaves, 0.5 * octaves, count))
    at = np.cumsum(pace)
    return np.interp(at, np.arange(len(samples)), samples).astype(np.float32)


def decay(count: int, time_s: float) -> Samples:
    """Return an exponential decay from 1, with that time constant."""
    return np.exp(-np.arange(count, dtype=np.float32) / np.float32(time_s * SAMPLE_RATE_HZ))


def glide(count: int, start: float, end: float) -> Samples:
    """Return a straight line between two values."""
    return np.linspace(start, end, count, dtype=np.float32)


def faded(samples: Samples, fade_s: float = 0.004) -> Samples:
    """Return `samples` with short cosine ends, so that nothing clicks."""
    length = min(int(fade_s * SAMPLE_RATE_HZ), len(samples) // 2)
    if length < 1:
        return samples
    ramp = (0.5 - 0.5 * np.cos(np.pi * np.arange(length) / length)).astype(np.float32)
    result = samples.copy()
    result[:length] *= ramp
    result[-length:] *= ramp[::-1]
    return result
