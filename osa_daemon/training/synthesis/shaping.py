"""Filters given as a gain over frequency, and noise and pulses put through them."""

import numpy as np
from numpy.typing import NDArray
from scipy import fft, signal

from osa_daemon.audio.block import SAMPLE_RATE_HZ, Samples

Floats = NDArray[np.float64]

GRID_BINS = 1025
RESPONSE_SAMPLES = 1024  # 64 ms, so peaks down to 30 Hz wide survive


def grid_hz() -> Floats:
    """Return the frequencies on which gains are given: shape (1025,), 0 to 8000 Hz."""
    return np.linspace(0.0, SAMPLE_RATE_HZ / 2, GRID_BINS)


def impulse_response(gain_db: Floats) -> Samples:
    """Return the minimum-phase response, shape (1024,), of a gain (1025,) in dB on `grid_hz`.

    Minimum phase by the folded real cepstrum (Oppenheim & Schafer).
    """
    log_gain = np.maximum(gain_db, gain_db.max() - 90.0) * (np.log(10.0) / 20.0)
    cepstrum = fft.irfft(log_gain)
    middle = len(cepstrum) // 2
    cepstrum[1:middle] *= 2.0
    cepstrum[middle + 1 :] = 0.0
    response = fft.irfft(np.exp(fft.rfft(cepstrum)))[:RESPONSE_SAMPLES]
    response[-128:] *= np.linspace(1.0, 0.0, 128)
    return np.asarray(response, dtype=np.float32)


def shape(samples: Samples, gain_db: Floats) -> Samples:
    """Return `samples` through a filter of that gain, same length, causal."""
    filtered = signal.oaconvolve(samples, impulse_response(gain_db))[: len(samples)]
    return np.asarray(filtered, dtype=np.float32)


def white(rng: np.random.Generator, count: int) -> Samples:
    """Return white noise of RMS 1."""
    return rng.standard_normal(count, dtype=np.float32)


def shaped_noise(rng: np.random.Generator, count: int, gain_db: Floats) -> Samples:
    """Return noise of RMS 1 with the spectrum `gain_db` on `grid_hz`."""
    start = RESPONSE_SAMPLES  # the filter has filled by then
    return scaled(shape(white(rng, count + start), gain_db)[start:], 1.0)


def scaled(samples: Samples, rms: float) -> Samples:
    """Return `samples` without its mean and at that RMS; silence stays silence."""
    centred = samples - np.float32(samples.mean(dtype=np.float64))
    now = float(np.sqrt(np.mean(np.square(centred, dtype=np.float64))))
    return np.asarray(centred * np.float32(rms / max(now, 1e-12)), dtype=np.float32)


def count_of(duration_s: float) -> int:
    """Return the samples in that time, at least one."""
    return max(1, round(duration_s * SAMPLE_RATE_HZ))
