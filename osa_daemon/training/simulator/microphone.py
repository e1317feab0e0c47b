"""The microphone: its noise, band, moving gain, clipping, coarse steps, and lost sound."""

from dataclasses import dataclass, field

import numpy as np
from scipy import signal

from osa_daemon.training.simulator import ranges
from osa_daemon.training.simulator.backdrop import looped
from osa_daemon.training.simulator.codec import Codec, draw_codec
from osa_daemon.training.simulator.dynamics import AutomaticGain, Gate, drift, moved
from osa_daemon.training.simulator.faults import Faults, draw_faults
from osa_daemon.training.simulator.levels import band_power, follow, gain
from osa_daemon.training.simulator.night import SAMPLE_RATE_HZ, Samples, Span
from osa_daemon.training.synthesis.noises import hum, usb_whine

_PIECE_S = 60.0  # of the microphone's own noise before it comes again, shuffled
_FILTERED = 1 << 20  # samples at once
_WHITE_IN_BAND = 1.47  # white noise of this RMS has 1 in 0.3-4 of its 8 kHz


@dataclass(frozen=True, slots=True)
class Microphone:
    """One microphone, its gain and its sound card.

    `self_noise_db`, `hum_db` and `whine_db` (None: none) against the room's noise; `drift_db`: how
    far the gain wanders; `coarseness`: step of its numbers against the room's noise, 0: fine.
    """

    band_hz: tuple[float, float]
    self_noise_db: float
    clips: bool
    automatic_gain: AutomaticGain | None = None
    gate: Gate | None = None
    drift_db: float = 0.0
    coarseness: float = 0.0
    hum_db: float | None = None
    whine_db: float | None = None
    faults: Faults = field(default_factory=Faults)
    codec: Codec | None = None


def draw_microphone(rng: np.random.Generator, *, gates: bool) -> Microphone:
    """Draw a microphone from the ranges; `gates`: some may have a noise gate."""
    automatic = rng.random() < ranges.AUTOMATIC_GAIN_SHARE
    gated = rng.random() < ranges.GATE_SHARE and gates
    drifts = rng.random() < ranges.GAIN_DRIFT_SHARE
    coarse = rng.random() < ranges.QUANTISED_SHARE
    return Microphone(
        band_hz=(ranges.LOW_CUT_HZ.draw(rng), ranges.BAND_LIMIT_HZ.draw(rng)),
        self_noise_db=ranges.SELF_NOISE_DB.draw(rng),
        clips=bool(rng.random() < ranges.CLIPPING_SHARE),
        automatic_gain=_draw_automatic_gain(rng) if automatic else None,
        gate=_draw_gate(rng) if gated else None,
        drift_db=ranges.GAIN_DRIFT_DB.draw(rng) if drifts else 0.0,
        coarseness=ranges.COARSENESS.draw(rng) if coarse else 0.0,
        hum_db=ranges.HUM_DB.draw(rng) if rng.random() < ranges.HUM_SHARE else None,
        whine_db=ranges.WHINE_DB.draw(rng) if rng.random() < ranges.WHINE_SHARE else None,
        faults=draw_faults(rng),
        codec=draw_codec(rng),
    )


def own_noise(rng: np.random.Generator, count: int, microphone: Microphone) -> Samples:
    """Return the microphone's hiss, hum and whine against a room noise of unit level."""
    length = min(count, int(_PIECE_S * SAMPLE_RATE_HZ))
    own = rng.standard_normal(length, dtype=np.float32)
    own *= np.float32(10 ** (microphone.self_noise_db / 20) * _WHITE_IN_BAND)
    for make, level_db in ((hum, microphone.hum_db), (usb_whine, microphone.whine_db)):
        if level_db is not None:
            own += make(rng, length / SAMPLE_RATE_HZ)[:length] * gain(level_db)
    return looped(rng, own, count)


def record(rng: np.random.Generator, sound: Samples, microphone: Microphone) -> None:
    """Turn sound at its membrane into what the microphone makes of it, in place; no gain yet."""
    low_hz, high_hz = microphone.band_hz
    low = signal.butter(2, low_hz, "highpass", fs=SAMPLE_RATE_HZ, output="sos")
    high = signal.butter(4, high_hz, fs=SAMPLE_RATE_HZ, output="sos")
    sections = np.vstack([low, high]).astype(np.float32)
    state = np.zeros((len(sections), 2), np.float32)
    for start in range(0, len(sound), _FILTERED):
        part = sound[start : start + _FILTERED]
        part[:], state = signal.sosfilt(sections, part, zi=state)
    if microphone.automatic_gain or microphone.gate or microphone.drift_db:
        factor = moved(band_power(sound), microphone.automatic_gain, microphone.gate)
        if microphone.drift_db:
            factor *= drift(rng, len(factor), microphone.drift_db)
        follow(sound, factor)


def set_gain(
    rng: np.random.Generator, sound: Samples, amplitude: float, microphone: Microphone
) -> None:
    """Bring the sound to the input gain `amplitude`, in place.

    It is clipped softly where the microphone does; else the gain is lowered so far that the
    loudest sample stays below full scale. Coarse steps are dithered: no digital silence.
    """
    if not microphone.clips:
        peak = float(max(sound.max(), -sound.min())) * amplitude
        amplitude *= min(1.0, 0.97 / max(peak, 1e-9))
    sound *= np.float32(amplitude)
    if microphone.clips:
        np.tanh(sound, out=sound)
    if microphone.coarseness:
        step = np.float32(amplitude * microphone.coarseness)
        sound /= step
        sound += rng.random(len(sound), dtype=np.float32)
        np.floor(sound, out=sound)
        sound -= np.float32(0.5)
        sound *= step
    np.clip(sound, -1.0, 1.0, out=sound)


def draw_gaps(rng: np.random.Generator, duration_s: float) -> tuple[Span, ...]:
    """Draw dropouts: most nights have none."""
    if rng.random() >= ranges.GAP_SHARE:
        return ()
    starts = np.sort(rng.uniform(20, max(21.0, duration_s - 30), int(rng.integers(1, 4))))
    return tuple((float(s), ranges.GAP_LENGTH_S.draw(rng)) for s in starts)


def _draw_automatic_gain(rng: np.random.Generator) -> AutomaticGain:
    return AutomaticGain(ranges.AUTOMATIC_GAIN_DB.draw(rng), ranges.AUTOMATIC_GAIN_S.draw(rng))


def _draw_gate(rng: np.random.Generator) -> Gate:
    return Gate(
        ranges.GATE_THRESHOLD_DB.draw(rng), ranges.GATE_DB.draw(rng), ranges.GATE_HOLD_S.draw(rng)
    )
