"""What is compared of a sound: spectrum, envelope, modulation, and a few single figures."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from scipy import ndimage

from osa_daemon.audio.block import SAMPLE_RATE_HZ, Samples
from osa_daemon.training.synthesis.shaping import Floats

BANDS_HZ = 1000.0 * 2.0 ** (np.arange(-10, 9) / 3.0)  # third octaves, 100 Hz to 6.3 kHz
MODULATION_HZ = (4.0, 8.0, 16.0, 32.0, 64.0, 125.0)
ENVELOPE_POINTS = 24
ENVELOPE_STEP = 32  # 2 ms: modulation up to 250 Hz
FIGURES = ("centroid_hz", "spread_octaves", "rolloff_hz", "crest_db", "pitched", "pulsed")


@dataclass(frozen=True, slots=True)
class Measures:
    """What is measured of one sound.

    `spectrum`    (19,) third octaves, dB re their sum
    `envelope`    (24,) over the sound's length, re its greatest value
    `modulation`  (5,) per octave from 4 Hz on, dB re the mean loudness
    `figures`     (6,) single figures, as `FIGURES` names them
    """

    spectrum: Floats
    envelope: Floats
    modulation: Floats
    figures: Floats


def measure(samples: Samples) -> Measures:
    """Return the measures of a sound of at least 0.1 s: of the part that `loud_part` keeps."""
    samples = loud_part(samples)
    power = _power(samples)
    frequency = np.linspace(0.0, SAMPLE_RATE_HZ / 2, len(power))
    steps = len(samples) // ENVELOPE_STEP
    moving = np.sqrt(
        np.mean(samples[: steps * ENVELOPE_STEP].reshape(steps, -1).astype(np.float64) ** 2, axis=1)
    )
    return Measures(
        spectrum=_bands(power, frequency),
        envelope=_envelope(moving),
        modulation=_modulation(moving),
        figures=_figures(samples, power, frequency, moving),
    )


def loud_part(samples: Samples) -> Samples:
    """Return the sound without ends more than 18 dB below its loudest 20 ms.

    Marks of real sounds stand where they rise over the floor, synthetic ones fade to nothing:
    so both are cut by the same rule. At least 0.1 s is kept.
    """
    step = SAMPLE_RATE_HZ // 100
    steps = len(samples) // step
    power = np.mean(samples[: steps * step].reshape(steps, -1).astype(np.float64) ** 2, axis=1)
    smooth = ndimage.uniform_filter1d(power, 2)
    heard = np.flatnonzero(smooth >= smooth.max() * 10.0 ** (-1.8))
    first = min(int(heard[0]), steps - 10)
    last = max(int(heard[-1]) + 1, first + 10)
    return samples[first * step : last * step]


def _power(samples: Samples) -> Floats:
    window = 1024
    padded = np.pad(samples, (window // 2, window))
    frames = np.lib.stride_tricks.sliding_window_view(padded, window)[:: window // 4]
    spectra = np.fft.rfft(frames * np.hanning(window))
    return np.asarray(np.mean(np.abs(spectra) ** 2, axis=0) + 1e-14)


def _bands(power: Floats, frequency: Floats) -> Floats:
    edges = np.append(BANDS_HZ * 2.0 ** (-1.0 / 6.0), BANDS_HZ[-1] * 2.0 ** (1.0 / 6.0))
    cumulative = np.append(0.0, np.cumsum(power))
    at = np.interp(edges, frequency, np.arange(len(frequency)))
    levels = np.diff(np.interp(at, np.arange(len(cumulative)), cumulative))
    return np.asarray(10.0 * np.log10(levels / levels.sum() + 1e-9))


def _envelope(moving: Floats) -> Floats:
    smooth = ndimage.gaussian_filter1d(moving, max(1.0, len(moving) / 40.0))
    points = np.interp(
        np.linspace(0.0, 1.0, ENVELOPE_POINTS), np.linspace(0, 1, len(smooth)), smooth
    )
    return np.asarray(points / max(points.max(), 1e-12))


def _modulation(moving: Floats) -> Floats:
    rate_hz = SAMPLE_RATE_HZ / ENVELOPE_STEP
    middle = moving[len(moving) // 8 : -max(1, len(moving) // 8)]
    trend = ndimage.gaussian_filter1d(middle, 0.06 * rate_hz) + 1e-12
    shaking = (middle / trend - 1.0) * np.hanning(len(middle))
    spectrum = np.abs(np.fft.rfft(shaking, 1024)) ** 2 / max(
        np.sum(np.hanning(len(middle)) ** 2), 1
    )
    frequency = np.fft.rfftfreq(1024, 1.0 / rate_hz)
    pairs = pairwise(MODULATION_HZ)
    sums = [spectrum[(frequency >= low) & (frequency < high)].sum() for low, high in pairs]
    return np.asarray(10.0 * np.log10(np.asarray(sums) * 2.0 / 1024 + 1e-6))


def _figures(samples: Samples, power: Floats, frequency: Floats, moving: Floats) -> Floats:
    heard = frequency >= 80.0
    share = power[heard] / power[heard].sum()
    octave = np.log2(frequency[heard])
    middle = float(np.sum(share * octave))
    spread = float(np.sqrt(np.sum(share * (octave - middle) ** 2)))
    rolloff_hz = float(frequency[heard][np.searchsorted(np.cumsum(share), 0.9)])
    rms = float(np.sqrt(np.mean(samples.astype(np.float64) ** 2))) + 1e-12
    crest_db = 20.0 * np.log10(float(np.abs(samples).max()) / rms + 1e-12)
    pitched = _periodicity(ndimage.uniform_filter1d(samples, 8)[::4], 4000.0, (60.0, 400.0))
    pulsed = _periodicity(moving, SAMPLE_RATE_HZ / ENVELOPE_STEP, (15.0, 125.0))
    return np.asarray([2.0**middle, spread, rolloff_hz, crest_db, pitched, pulsed])


def _periodicity(signal: Floats | Samples, rate_hz: float, pitch_hz: tuple[float, float]) -> float:
    """Return the greatest normalised autocorrelation at lags of that pitch."""
    centred = np.asarray(signal, dtype=np.float64)
    centred = centred - ndimage.gaussian_filter1d(centred, rate_hz / pitch_hz[0])
    spectrum = np.abs(np.fft.rfft(centred, 2 * len(centred))) ** 2
    correlation = np.fft.irfft(spectrum)[: len(centred)]
    low, high = int(rate_hz / pitch_hz[1]), int(rate_hz / pitch_hz[0]) + 1
    return float(correlation[low:high].max() / max(correlation[0], 1e-12))
