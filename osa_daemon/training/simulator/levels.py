"""Levels in the band of breath sound, 0.3-4 kHz: one measure for rendering and for truth."""

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from osa_daemon.training.simulator.night import SAMPLE_RATE_HZ, Samples

BAND_HZ = (300.0, 4_000.0)
POWER_RATE_HZ = 20
_HOP = SAMPLE_RATE_HZ // POWER_RATE_HZ  # 800 samples
_BLOCK = 512  # frames transformed at once: they stay in the cache

Powers = NDArray[np.float64]


def band_power(samples: Samples) -> Powers:
    """Return the mean square in 0.3-4 kHz of each 50 ms, shape (len(samples) // 800,)."""
    frames = samples[: len(samples) // _HOP * _HOP].reshape(-1, _HOP)
    window = np.hanning(_HOP).astype(np.float32)
    lowest, highest = (round(f * _HOP / SAMPLE_RATE_HZ) for f in BAND_HZ)
    scale = 2.0 / (_HOP * float(np.sum(window.astype(np.float64) ** 2)))
    power = np.empty(len(frames))
    for start in range(0, len(frames), _BLOCK):
        spectrum = fft.rfft(frames[start : start + _BLOCK] * window, axis=1)
        band = np.ascontiguousarray(spectrum[:, lowest : highest + 1]).view(np.float32)
        power[start : start + _BLOCK] = np.einsum("ij,ij->i", band, band) * scale
    return power


def follow(samples: Samples, curve: NDArray[np.floating]) -> None:
    """Scale samples in place by a curve of one value per 50 ms, joined by straight lines."""
    ramp = np.arange(_HOP, dtype=np.float32) / np.float32(_HOP)
    values = np.append(curve, np.full(2, curve[-1])).astype(np.float32)
    for start in range(0, len(samples), _BLOCK * _HOP):
        part = samples[start : start + _BLOCK * _HOP]
        frames = -(-len(part) // _HOP)
        at = np.minimum(start // _HOP + np.arange(frames + 1), len(values) - 1)
        points = values[at]
        factor = points[:-1, None] + np.diff(points)[:, None] * ramp
        part *= factor.reshape(-1)[: len(part)]


def sounding_power(power: Powers) -> float:
    """Return the mean over the frames that matter: within 10 dB of the strongest."""
    if not len(power) or not power.max() > 0:
        return 0.0
    return float(power[power >= power.max() / 10].mean())


def unit_level(samples: Samples) -> Samples:
    """Return the sound scaled to 0 dB: a sounding power of 1 in 0.3-4 kHz.

    A sound without anything in the band comes back as it is.
    """
    padded = np.concatenate([samples, np.zeros(-len(samples) % _HOP, np.float32)])
    power = sounding_power(band_power(padded))
    return samples if power <= 0 else (samples / np.float32(np.sqrt(power))).astype(np.float32)


def decibels(power: float) -> float:
    """Return 10 log10 of a power; -200 where there is none."""
    return 10 * float(np.log10(max(power, 1e-20)))


def gain(level_db: float) -> np.float32:
    """Return the amplitude factor of a level."""
    return np.float32(10 ** (level_db / 20))
