"""Band levels of each frame: what Whisper's normalised view does not see, blind to input gain.

Columns of `Features.levels`, all in units of 10 dB:

    0-15    mean power of the band in the frame over the band's noise floor
    16-31   greatest power of the band in any 32 ms of the frame over the band's floor
    32-47   the band's floor over the floor of 0.3-4 kHz: the colour of the room
    48      mean power of 0.3-4 kHz over its floor
    49      greatest power of 0.3-4 kHz over its floor
    50-65   the band's fast floor (12 s) over its floor (60 s): a room that grew louder
    66      the fast floor of 0.3-4 kHz over its floor

Columns are only ever added at the end: a detector reads those that it was trained with.
Band b of 16 lies between edges b and b + 1 of `BAND_EDGES_HZ`, 50 Hz to 7 kHz in equal ratios.
"""

from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from osa_daemon.audio.block import SAMPLE_RATE_HZ, Samples
from osa_daemon.features.features import FRAME_RATE_HZ, FRAME_SAMPLES, Flags, Floats
from osa_daemon.features.floor import FAST, NoiseFloor, Powers

BANDS = 16
LEVEL_WIDTH = 4 * BANDS + 3
BAND_EDGES_HZ = np.geomspace(50, 7_000, BANDS + 1)
BROADBAND_HZ = (300.0, 4_000.0)  # of `level_dbfs` and `noise_dbfs`

WINDOW_SAMPLES = 512  # 32 ms
HOP_SAMPLES = 320  # 20 ms
SAMPLES_BEFORE = WINDOW_SAMPLES - HOP_SAMPLES  # windows end in their frame, and begin before it
QUIETEST_DBFS = -120.0  # stands for digital silence

_LEAST_POWER = 1e-20
_OVER_FLOOR = (-1.0, 6.0)  # units of 10 dB
_COLOUR = (-4.0, 4.0)
_FULL_SCALE = 0.999
_CLIPPED_SAMPLES = 3  # a lone peak may touch full scale in a normalised recording


@dataclass(frozen=True, slots=True)
class SecondLevels:
    """The five frames of one second; fields as in `Features`.

    `floor_dbfs` is the broadband floor at the end of the second, `None` before any sound.
    """

    floor_dbfs: float | None
    levels: Floats
    level_dbfs: Floats
    noise_dbfs: Floats
    clipped: Flags
    silent: Flags


class LevelMeter:
    """Measures second after second of a stream, on the absolute grid of seconds.

    Seconds are always measured whole and alone, so that the figures do not depend on how the
    stream was cut, to the last bit.
    """

    def __init__(self) -> None:
        self._floor = NoiseFloor(BANDS + 1)
        self._fast_floor = NoiseFloor(BANDS + 1, FAST)
        self._taper = np.hanning(WINDOW_SAMPLES + 1)[:-1].astype(np.float32)
        self._weights = _band_weights(self._taper)

    def push(self, second: int, samples: Samples, lost: Flags) -> SecondLevels:
        """Measure `second`: its 16 000 samples with the 192 before them, flags of lost frames."""
        frames = samples[SAMPLES_BEFORE:].reshape(FRAME_RATE_HZ, FRAME_SAMPLES)
        silent = (frames.max(axis=1) == frames.min(axis=1)) & ~lost
        clipped = (np.abs(frames) >= _FULL_SCALE).sum(axis=1) >= _CLIPPED_SAMPLES
        power = self._window_powers(samples).reshape(FRAME_RATE_HZ, -1, BANDS + 1)
        mean, peak = power.mean(axis=1), power.max(axis=1)
        usable = ~(lost | silent)
        floor = self._floor.push(second, mean, usable)
        fast = self._fast_floor.push(second, mean, usable)
        noise_db = decibels(np.where(np.isnan(floor), mean, floor))
        fast_db = decibels(np.where(np.isnan(fast), mean, fast))
        levels = _columns(decibels(mean), decibels(peak), noise_db, fast_db)
        levels[lost] = 0
        broad = np.maximum(decibels(mean[:, BANDS]), QUIETEST_DBFS)
        return SecondLevels(
            floor_dbfs=_last_floor(floor[:, BANDS], mean[usable, BANDS]),
            levels=levels,
            level_dbfs=np.where(usable, broad, QUIETEST_DBFS).astype(np.float32),
            noise_dbfs=np.maximum(noise_db[:, BANDS], QUIETEST_DBFS).astype(np.float32),
            clipped=clipped,
            silent=silent,
        )

    def _window_powers(self, samples: Samples) -> Powers:
        """Return mean squares (windows, bands and broadband) of 32 ms windows every 20 ms."""
        windows = sliding_window_view(samples, WINDOW_SAMPLES)[::HOP_SAMPLES]
        # a constant offset of cheap microphones would leak into the lowest bands
        level = windows - windows.mean(axis=1, keepdims=True)
        spectrum = np.fft.rfft(level * self._taper, axis=1)
        power = np.square(spectrum.real) + np.square(spectrum.imag)
        return (power @ self._weights).astype(np.float64)


def decibels(power: Powers) -> Powers:
    """Return 10·log10 of mean squares, re full scale; nothing lies below −200 dB."""
    return 10 * np.log10(np.maximum(power, _LEAST_POWER))


def _last_floor(floor: Powers, heard: Powers) -> float | None:
    """Return the floor (dB) at the end of a second; a lone frame of sound stands for itself."""
    known = np.append(heard[-1:], floor[np.isfinite(floor)])
    return float(decibels(known[-1])) if len(known) else None


def _columns(mean_db: Powers, peak_db: Powers, floor_db: Powers, fast_db: Powers) -> Floats:
    """Return the columns (frames, 67) from levels (frames, 17), the last being broadband."""
    mean = np.clip((mean_db - floor_db) / 10, *_OVER_FLOOR)
    peak = np.clip((peak_db - floor_db) / 10, *_OVER_FLOOR)
    colour = np.clip((floor_db[:, :BANDS] - floor_db[:, BANDS:]) / 10, *_COLOUR)
    risen = np.clip((fast_db - floor_db) / 10, *_OVER_FLOOR)
    parts = [mean[:, :BANDS], peak[:, :BANDS], colour, mean[:, BANDS:], peak[:, BANDS:], risen]
    return np.concatenate(parts, axis=1).astype(np.float32)


def _band_weights(taper: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return (bins, 17): what share of each bin's power counts in a band, scaled to mean squares.

    A bin counts in a band by the part of its width that lies inside; the lowest bands are
    narrower than a bin.
    """
    width_hz = SAMPLE_RATE_HZ / WINDOW_SAMPLES
    centre = np.arange(WINDOW_SAMPLES // 2 + 1)[:, None] * width_hz
    low = np.append(BAND_EDGES_HZ[:-1], BROADBAND_HZ[0])
    high = np.append(BAND_EDGES_HZ[1:], BROADBAND_HZ[1])
    inside = np.minimum(high, centre + width_hz / 2) - np.maximum(low, centre - width_hz / 2)
    share = np.clip(inside / width_hz, 0, 1)
    # both halves of the spectrum; Parseval under the taper
    scale = 2 / (WINDOW_SAMPLES * np.square(taper, dtype=np.float64).sum())
    weights: NDArray[np.float32] = (share * scale).astype(np.float32)
    return weights
