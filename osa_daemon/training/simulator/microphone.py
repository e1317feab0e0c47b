"""The microphone: its noise, band, automatic gain, clipping, coarse steps, and lost sound."""

from dataclasses import dataclass

import numpy as np
from scipy import signal

from osa_daemon.training.simulator import ranges
from osa_daemon.training.simulator.backdrop import looped
from osa_daemon.training.simulator.codec import Codec, draw_codec
from osa_daemon.training.simulator.levels import POWER_RATE_HZ, at_samples, band_power
from osa_daemon.training.simulator.night import SAMPLE_RATE_HZ, Samples, Span
from osa_daemon.training.synthesis.noises import hum

_PIECE_S = 60.0  # of the microphone's own noise before it comes again, shuffled
_WHITE_IN_BAND = 1.47  # white noise of this RMS has 1 in 0.3-4 of its 8 kHz


@dataclass(frozen=True, slots=True)
class Microphone:
    """One microphone.

    `self_noise_db` and `hum_db` (None: no hum) against the room's noise; `automatic_gain_db` 0:
    none; `coarseness`: step of its numbers against the room's noise, 0: fine.
    """

    band_hz: tuple[float, float]
    self_noise_db: float
    automatic_gain_db: float
    automatic_gain_s: float
    clips: bool
    coarseness: float = 0.0
    hum_db: float | None = None
    codec: Codec | None = None


def draw_microphone(rng: np.random.Generator) -> Microphone:
    """Draw a microphone from the ranges."""
    automatic = rng.random() < ranges.AUTOMATIC_GAIN_SHARE
    coarse = rng.random() < ranges.QUANTISED_SHARE
    return Microphone(
        band_hz=(ranges.LOW_CUT_HZ.draw(rng), ranges.BAND_LIMIT_HZ.draw(rng)),
        self_noise_db=ranges.SELF_NOISE_DB.draw(rng),
        automatic_gain_db=ranges.AUTOMATIC_GAIN_DB.draw(rng) if automatic else 0.0,
        automatic_gain_s=ranges.AUTOMATIC_GAIN_S.draw(rng),
        clips=bool(rng.random() < ranges.CLIPPING_SHARE),
        coarseness=float(rng.uniform(0.2, 1.0)) if coarse else 0.0,
        hum_db=ranges.HUM_DB.draw(rng) if rng.random() < ranges.HUM_SHARE else None,
        codec=draw_codec(rng),
    )


def own_noise(rng: np.random.Generator, count: int, microphone: Microphone) -> Samples:
    """Return the microphone's hiss and hum against a room noise of unit level (0.3-4 kHz)."""
    length = min(count, int(_PIECE_S * SAMPLE_RATE_HZ))
    own = rng.standard_normal(length, dtype=np.float32)
    own *= np.float32(10 ** (microphone.self_noise_db / 20) * _WHITE_IN_BAND)
    if microphone.hum_db is not None:
        own += hum(rng, length / SAMPLE_RATE_HZ)[:length] * np.float32(
            10 ** (microphone.hum_db / 20)
        )
    return looped(rng, own, count)


def record(sound: Samples, microphone: Microphone) -> Samples:
    """Return what the microphone makes of sound at its membrane, before the input gain."""
    low_hz, high_hz = microphone.band_hz
    low = signal.butter(2, low_hz, "highpass", fs=SAMPLE_RATE_HZ, output="sos")
    high = signal.butter(4, high_hz, fs=SAMPLE_RATE_HZ, output="sos")
    made = signal.sosfilt(np.vstack([low, high]).astype(np.float32), sound)
    if microphone.automatic_gain_db:
        made *= _automatic_gain(made, microphone)
    limited: Samples = made.astype(np.float32, copy=False)
    return limited


def set_gain(
    rng: np.random.Generator, sound: Samples, amplitude: float, microphone: Microphone
) -> Samples:
    """Return the sound (room noise of level 1) at the input gain `amplitude`.

    It is clipped softly where the microphone does; else the gain is lowered so far that the
    loudest sample stays below full scale. Coarse steps are dithered: no digital silence.
    """
    if microphone.clips:
        scaled = np.tanh(sound * np.float32(amplitude))
    else:
        peak = float(np.abs(sound).max()) * amplitude
        amplitude *= min(1.0, 0.97 / max(peak, 1e-9))
        scaled = sound * np.float32(amplitude)
    if microphone.coarseness:
        step = np.float32(amplitude * microphone.coarseness)
        dithered = scaled / step + rng.random(len(scaled), dtype=np.float32)
        scaled = (np.floor(dithered) - np.float32(0.5)) * step
    return np.clip(scaled, -1.0, 1.0).astype(np.float32, copy=False)


def draw_gaps(rng: np.random.Generator, duration_s: float) -> tuple[Span, ...]:
    """Draw dropouts: most nights have none."""
    if rng.random() >= ranges.GAP_SHARE:
        return ()
    starts = np.sort(rng.uniform(20, max(21.0, duration_s - 30), int(rng.integers(1, 4))))
    return tuple((float(s), ranges.GAP_LENGTH_S.draw(rng)) for s in starts)


def _automatic_gain(sound: Samples, microphone: Microphone) -> Samples:
    """Turn down at once after loud sound and up again slowly, exponentially."""
    level_db = 10 * np.log10(band_power(sound) + 1e-20)
    loud = np.clip((level_db - np.median(level_db)) / 20, 1e-6, 1)
    released = np.arange(len(loud)) / (microphone.automatic_gain_s * POWER_RATE_HZ)
    held = np.exp(np.maximum.accumulate(np.log(loud) + released) - released)
    return at_samples(10 ** (-microphone.automatic_gain_db * held / 20), len(sound))
