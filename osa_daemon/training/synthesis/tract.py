"""Nose and mouth as filters: turbulence spectrum, resonances, a zero, hiss, fine structure."""

from dataclasses import dataclass, replace

import numpy as np

from osa_daemon.training.synthesis import ranges
from osa_daemon.training.synthesis.shaping import Floats, grid_hz

RIPPLES = 24  # points of fine structure between 60 Hz and 8 kHz


@dataclass(frozen=True, slots=True)
class Tract:
    """A spectrum in few numbers. Frequencies in Hz, gains in dB, slopes in dB per octave.

    `peaks` and `notches` hold (frequency, bandwidth, height or depth) each; `ripple_db` is fine
    structure at 24 points evenly spaced in log frequency.
    """

    low_cut_hz: float
    knee_hz: float
    slope_db: float
    peaks: tuple[tuple[float, float, float], ...]
    notches: tuple[tuple[float, float, float], ...]
    hiss_hz: float
    hiss_db: float
    ripple_db: tuple[float, ...]

    def gain_db(self) -> Floats:
        """Return the gain on `shaping.grid_hz`, shape (1025,)."""
        grid = np.maximum(grid_hz(), 8.0)
        octaves = np.log2(grid / self.knee_hz)
        gain = -self.slope_db * 0.5 * (octaves + np.sqrt(octaves**2 + 0.25))
        gain -= 20.0 * np.log10(1.0 + (self.low_cut_hz / grid) ** 2)
        for frequency, bandwidth, height in self.peaks:
            gain += height / (1.0 + ((grid - frequency) / (0.5 * bandwidth)) ** 2)
        for frequency, bandwidth, depth in self.notches:
            gain -= depth / (1.0 + ((grid - frequency) / (0.5 * bandwidth)) ** 2)
        gain += self.hiss_db * np.exp(-0.5 * (np.log2(grid / self.hiss_hz) / 0.5) ** 2)
        at = np.log2(grid / 60.0) * (RIPPLES - 1) / np.log2(8000.0 / 60.0)
        return np.asarray(gain + np.interp(at, np.arange(RIPPLES), self.ripple_db))

    def moved(self, shift: float) -> "Tract":
        """Return the tract with its frequencies multiplied by `shift`."""
        peaks = tuple((f * shift, b * shift, g) for f, b, g in self.peaks)
        return replace(self, knee_hz=self.knee_hz * shift, peaks=peaks)

    def varied(self, rng: np.random.Generator, spread: float) -> "Tract":
        """Return the tract as it is in another breath: frequencies move by the share `spread`."""
        peaks = tuple(
            (f * np.exp(rng.normal(0.0, spread)), b, g + rng.normal(0.0, 20.0 * spread))
            for f, b, g in self.peaks
        )
        knee_hz = self.knee_hz * np.exp(rng.normal(0.0, 2.0 * spread))
        return replace(self, peaks=peaks, knee_hz=knee_hz)


def tilt_db(slope_db: float) -> Floats:
    """Return a gain on `grid_hz` of `slope_db` per octave round 1 kHz, 100 Hz to 8 kHz."""
    return np.asarray(slope_db * np.log2(np.maximum(grid_hz(), 100.0) / 1000.0))


def draw_peak(rng: np.random.Generator, frequency: float) -> tuple[float, float, float]:
    """Return one resonance: frequency and bandwidth in Hz, gain in dB."""
    width = frequency * ranges.FORMANT_BANDWIDTH.draw_log(rng)
    return frequency, max(width, 60.0), ranges.FORMANT_GAIN_DB.draw(rng)


def draw_peaks(
    rng: np.random.Generator, formants: tuple[ranges.Range, ...]
) -> tuple[tuple[float, float, float], ...]:
    """Return resonances: those of `formants` or, as often, of a tube, and some anywhere."""
    if rng.uniform() < 0.5:
        places = [each.draw_log(rng) for each in formants]
    else:
        first_hz = ranges.TUBE_HZ.draw(rng)
        places = [first_hz * k * np.exp(rng.normal(0.0, 0.08)) for k in (1, 3, 5, 7, 9, 11)]
    extra = int(rng.poisson(ranges.EXTRA_PEAKS))
    places += [ranges.EXTRA_PEAK_HZ.draw_log(rng) for _ in range(extra)]
    peaks = [draw_peak(rng, float(place)) for place in places]
    if rng.uniform() < ranges.RUMBLE_SHARE:
        low_hz = ranges.RUMBLE_HZ.draw_log(rng)
        peaks.append((low_hz, 0.8 * low_hz, ranges.RUMBLE_DB.draw(rng)))
    return tuple(peaks)


def draw_notches(rng: np.random.Generator) -> tuple[tuple[float, float, float], ...]:
    """Return zeros: frequency and bandwidth in Hz, depth in dB."""
    places = [ranges.NOTCH_HZ.draw_log(rng) for _ in range(int(rng.poisson(ranges.NOTCHES)))]
    return tuple(
        (place, place * float(rng.uniform(0.08, 0.4)), ranges.NOTCH_DB.draw(rng))
        for place in places
    )


def draw_ripple(rng: np.random.Generator) -> tuple[float, ...]:
    """Return fine structure in dB, 24 values."""
    depth = ranges.RIPPLE_DB.draw(rng)
    return tuple(float(x) for x in depth * rng.standard_normal(RIPPLES))


def draw_nose(rng: np.random.Generator) -> Tract:
    """Return a person's nose: one strong resonance, others, zeros of the sinuses, hiss."""
    formants = (ranges.NOSE_PEAK_HZ, ranges.FORMANT_3_HZ)
    return Tract(
        low_cut_hz=ranges.NOSE_LOW_CUT_HZ.draw_log(rng),
        knee_hz=ranges.NOSE_KNEE_HZ.draw_log(rng),
        slope_db=ranges.NOSE_SLOPE_DB.draw(rng),
        peaks=draw_peaks(rng, formants),
        notches=draw_notches(rng),
        hiss_hz=ranges.NOSE_HISS_HZ.draw_log(rng),
        hiss_db=ranges.NOSE_HISS_DB.draw(rng),
        ripple_db=draw_ripple(rng),
    )


def draw_mouth(rng: np.random.Generator) -> Tract:
    """Return a person's open mouth: formants over a broad slope."""
    formants = (
        ranges.FORMANT_1_HZ,
        ranges.FORMANT_2_HZ,
        ranges.FORMANT_3_HZ,
        ranges.FORMANT_4_HZ,
    )
    return Tract(
        low_cut_hz=ranges.MOUTH_LOW_CUT_HZ.draw_log(rng),
        knee_hz=ranges.MOUTH_KNEE_HZ.draw_log(rng),
        slope_db=ranges.MOUTH_SLOPE_DB.draw(rng),
        peaks=draw_peaks(rng, formants),
        notches=draw_notches(rng),
        hiss_hz=ranges.NOSE_HISS_HZ.draw_log(rng),
        hiss_db=0.5 * ranges.NOSE_HISS_DB.draw(rng),
        ripple_db=draw_ripple(rng),
    )


def draw_pharynx(rng: np.random.Generator) -> Tract:
    """Return the filter above a snore's source."""
    formants = (ranges.SNORE_FORMANT_1_HZ, ranges.SNORE_FORMANT_2_HZ, ranges.SNORE_FORMANT_3_HZ)
    return Tract(
        low_cut_hz=ranges.SNORE_LOW_CUT_HZ.draw_log(rng),
        knee_hz=ranges.SNORE_KNEE_HZ.draw_log(rng),
        slope_db=ranges.SNORE_SLOPE_DB.draw(rng),
        peaks=draw_peaks(rng, formants),
        notches=draw_notches(rng),
        hiss_hz=ranges.NOSE_HISS_HZ.draw_log(rng),
        hiss_db=0.5 * ranges.NOSE_HISS_DB.draw(rng),
        ripple_db=draw_ripple(rng),
    )
