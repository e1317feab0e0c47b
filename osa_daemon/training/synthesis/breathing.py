"""Breaths: turbulence in nose and mouth, moved by flow."""

import numpy as np

from osa_daemon.audio.block import Samples
from osa_daemon.training.synthesis import ranges
from osa_daemon.training.synthesis.movement import arch, drifted, faded, flutter
from osa_daemon.training.synthesis.pulses import pulse_train, tone
from osa_daemon.training.synthesis.shaping import Floats, count_of, scaled, shape, white
from osa_daemon.training.synthesis.tract import Tract, tilt_db
from osa_daemon.training.synthesis.voice import Phase, Voice


def breath(
    voice: Voice, rng: np.random.Generator, duration_s: float, *, phase: Phase, effort: float
) -> Samples:
    """Return one breath at 16 kHz, its envelope included, faded to nothing at both ends.

    `effort` is flow relative to ordinary quiet breathing: 1.0 gives an RMS over the whole
    sound of `voice.phase_level(phase)` (the louder phase: `voice.level`), any other
    `effort ** voice.flow_exponent` times that. A sigh is an effort over 1.5.
    """
    count = count_of(duration_s)
    envelope = _envelope(voice, rng, count, phase)
    sound = _turbulence(voice, rng, envelope, phase, effort)
    sound = scaled(sound * envelope * _shaking(voice, rng, count), 1.0)
    sound = sound + _pitched(voice, rng, envelope, phase, effort)
    rms = voice.phase_level(phase) * effort**voice.flow_exponent
    return scaled(faded(sound), rms)


def _envelope(voice: Voice, rng: np.random.Generator, count: int, phase: Phase) -> Samples:
    flow = voice.flow
    rise = flow.inhale_rise if phase == "inhale" else flow.exhale_rise
    rise = float(np.clip(rise * np.exp(rng.normal(0.0, 0.25)), 0.02, 0.85))
    hold = min(flow.hold * rng.uniform(0.4, 1.5), 0.95 - rise)
    envelope = arch(count, rise, max(hold, 0.0), flow.power * np.exp(rng.normal(0.0, 0.25)))
    if rng.uniform() < ranges.TWO_STROKE_SHARE:  # the flow falters once on its way
        dip = np.exp(-0.5 * ((np.linspace(0.0, 1.0, count) - rng.uniform(0.3, 0.7)) / 0.1) ** 2)
        envelope = np.asarray(envelope * (1.0 - rng.uniform(0.3, 0.9) * dip), dtype=np.float32)
    return envelope


def _turbulence(
    voice: Voice, rng: np.random.Generator, envelope: Samples, phase: Phase, effort: float
) -> Samples:
    """Return noise whose spectrum flattens as flow rises."""
    gain = _spectrum(voice, rng, phase)
    count = len(envelope)
    octaves = ranges.DRIFT.draw(rng) * rng.normal(0.0, 1.0)
    source = white(rng, int(count * 2.0 ** (0.5 * abs(octaves))) + 8)
    push = voice.flow.brightness_db * min(float(np.log2(max(effort, 0.1))), 2.0)
    dark = drifted(shape(source, gain + tilt_db(-voice.flow.brightness_db)), count, octaves)
    bright = drifted(shape(source, gain + tilt_db(0.5 * push)), count, octaves)
    loudness = scaled(bright, 1.0) * envelope
    return np.asarray(loudness + scaled(dark, 1.0) * (1.0 - envelope), dtype=np.float32)


def _spectrum(voice: Voice, rng: np.random.Generator, phase: Phase) -> Floats:
    share = float(np.clip(voice.mouth_share + rng.normal(0.0, 0.05), 0.0, 1.0))
    shift = 1.0 if phase == "inhale" else voice.exhale_shift
    nose = _level_gain(voice.nose.moved(shift).varied(rng, 0.03))
    mouth = _level_gain(voice.mouth.moved(shift).varied(rng, 0.03))
    mixed = 10.0 * np.log10((1.0 - share) * 10.0 ** (nose / 10.0) + share * 10.0 ** (mouth / 10.0))
    tilt = 0.0 if phase == "inhale" else voice.exhale_tilt_db
    return np.asarray(mixed + tilt_db(tilt))


def _level_gain(tract: Tract) -> Floats:
    gain = tract.gain_db()
    return gain - float(10.0 * np.log10(np.mean(10.0 ** (gain / 10.0))))


def _shaking(voice: Voice, rng: np.random.Generator, count: int) -> Samples:
    flow = voice.flow
    rough = flutter(rng, count, flow.roughness_hz, flow.roughness_depth)
    return rough * flutter(rng, count, flow.flutter_hz, flow.flutter_depth)


def _pitched(
    voice: Voice, rng: np.random.Generator, envelope: Samples, phase: Phase, effort: float
) -> Samples:
    """Return what has a pitch in this breath, relative to turbulence of RMS 1: mostly nothing."""
    count = len(envelope)
    sound = np.zeros(count, dtype=np.float32)
    if voice.whistle is not None and voice.whistle.phase == phase:
        bend = 1.0 + 0.12 * (envelope - 0.5) * rng.normal(0.0, 1.0)
        pitch = np.asarray(voice.whistle.frequency_hz * bend, dtype=np.float32)
        whistled = tone(rng, pitch, 0.01) * envelope**2
        sound = sound + scaled(whistled, 10.0 ** (voice.whistle.level_db / 20.0))
    if voice.groan_hz is not None and phase == "exhale" and rng.uniform() < 0.5:
        pitch = np.asarray(voice.groan_hz * (0.9 + 0.2 * envelope), dtype=np.float32)
        train = pulse_train(rng, pitch, jitter=0.02, shimmer=0.1, width_s=0.002)
        groan = shape(train, voice.mouth.gain_db()) * envelope**2
        sound = sound + scaled(groan, rng.uniform(0.1, 1.0) * min(effort, 1.5))
    return sound
