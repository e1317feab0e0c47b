"""Snores: tissue that opens and closes in the flow, heard through the pharynx."""

import numpy as np

from osa_daemon.audio.block import Samples
from osa_daemon.training.synthesis import ranges
from osa_daemon.training.synthesis.movement import arch, faded, flutter, glide
from osa_daemon.training.synthesis.pulses import pulse_train, tone
from osa_daemon.training.synthesis.shaping import count_of, scaled, shape, white
from osa_daemon.training.synthesis.tract import Tract, tilt_db
from osa_daemon.training.synthesis.voice import SnoreHabit, Voice


def snore(voice: Voice, rng: np.random.Generator, duration_s: float, *, effort: float) -> Samples:
    """Return one snore at 16 kHz with its envelope; mostly laid where the sleeper inhales.

    At `effort` 1.0 its RMS lies `voice.snore.gain_db` (10 to 30 dB, ±2 dB from snore to snore)
    over `voice.level`; it grows as `effort ** voice.flow_exponent`. Variants: rattling palate,
    harsher tongue base, nearly harmonic hum, hiss or whistle, broken into bursts.
    """
    count = count_of(duration_s)
    envelope = _envelope(rng, count)
    if rng.uniform() < voice.snore.hiss:
        sound = _hiss(voice, rng, envelope)
    elif voice.snore.voiced_hz is not None and rng.uniform() < 0.6:
        sound = _voiced(voice.snore, voice.snore.voiced_hz, rng, envelope)
    else:
        sound = rattle(voice.snore, rng, envelope)
    gain_db = voice.snore.gain_db + rng.normal(0.0, 2.0)
    rms = voice.level * 10.0 ** (gain_db / 20.0) * effort**voice.flow_exponent
    return scaled(faded(sound, 0.01), rms)


def rattle(habit: SnoreHabit, rng: np.random.Generator, envelope: Samples) -> Samples:
    """Return a pulsed snore under `envelope`: pulses and the noise that they chop."""
    count = len(envelope)
    rate = _rate(habit, rng, count)
    train = pulse_train(
        rng, rate, jitter=habit.jitter, shimmer=habit.shimmer, width_s=habit.pulse_s
    )
    open_s = rng.uniform(0.15, 0.5) / habit.f0_hz
    gate = pulse_train(rng, rate, jitter=habit.jitter, shimmer=habit.shimmer, width_s=open_s)
    chopped = white(rng, count) * (gate / max(float(gate.max()), 1e-6) + rng.uniform(0.0, 1.2))
    pharynx = habit.pharynx.varied(rng, 0.05)
    pulses = _moving(rng, train, pharynx)
    noise = shape(chopped, pharynx.moved(1.0 + habit.tongue).gain_db() + tilt_db(habit.air_tilt_db))
    noise_level = 10.0 ** (habit.breathiness_db / 20.0) * (1.0 + habit.tongue)
    shaking = flutter(rng, count, rng.uniform(2.0, 12.0), rng.uniform(0.05, 0.4))
    return (scaled(pulses, 1.0) + scaled(noise, noise_level)) * envelope * shaking


def _rate(habit: SnoreHabit, rng: np.random.Generator, count: int) -> Samples:
    f0_hz = habit.f0_hz * float(np.exp(rng.normal(0.0, 0.06)))
    rate = glide(count, f0_hz, f0_hz * ranges.SNORE_GLIDE.draw_log(rng))
    wandering = flutter(rng, count, rng.uniform(1.0, 5.0), 0.03 + 0.05 * habit.tongue)
    return np.clip(rate * wandering, 20.0, 125.0)


def _moving(rng: np.random.Generator, train: Samples, pharynx: Tract) -> Samples:
    """Return pulses through a pharynx whose resonances move while it narrows."""
    early = scaled(shape(train, pharynx.gain_db()), 1.0)
    late = scaled(shape(train, pharynx.moved(float(rng.uniform(0.8, 1.25))).gain_db()), 1.0)
    mix = glide(len(train), 0.0, 1.0)
    return early * (1.0 - mix) + late * mix


def _voiced(
    habit: SnoreHabit, pitch_hz: float, rng: np.random.Generator, envelope: Samples
) -> Samples:
    """Return a snore with a stack of harmonics that glide, and air."""
    count = len(envelope)
    bend = rng.normal(0.0, 0.25) * envelope + flutter(rng, count, 3.0, 0.06)
    pitch = np.clip(pitch_hz * bend, 60.0, 600.0).astype(np.float32)
    train = pulse_train(
        rng, pitch, jitter=0.01, shimmer=0.1, width_s=float(rng.uniform(4e-4, 2e-3))
    )
    sound = _moving(rng, train, habit.pharynx.varied(rng, 0.05)) * envelope
    return scaled(sound, 1.0) + scaled(rattle(habit, rng, envelope), float(rng.uniform(0.0, 0.8)))


def _hiss(voice: Voice, rng: np.random.Generator, envelope: Samples) -> Samples:
    count = len(envelope)
    tract = (voice.mouth if rng.uniform() < voice.mouth_share else voice.nose).varied(rng, 0.05)
    air = scaled(shape(white(rng, count), tract.gain_db()), 1.0)
    pitch = glide(count, voice.snore.whistle_hz, voice.snore.whistle_hz * rng.uniform(0.8, 1.25))
    whistle = scaled(tone(rng, pitch, 0.015), _seldom(rng, 0.25))
    rattling = scaled(rattle(voice.snore, rng, envelope), float(rng.uniform(0.0, 0.6)))
    return (air + whistle) * envelope * flutter(rng, count, 8.0, 0.15) + rattling


def _seldom(rng: np.random.Generator, share: float) -> float:
    """Return 0 but for that share of draws, then up to 1."""
    return float(rng.uniform(0.0, 1.0)) if rng.uniform() < share else 0.0


def _envelope(rng: np.random.Generator, count: int) -> Samples:
    envelope = arch(
        count,
        float(rng.uniform(0.03, 0.6)),
        float(rng.uniform(0.0, 0.8)),
        float(rng.uniform(0.2, 1.4)),
    )
    if rng.uniform() < 0.15:  # broken into two or three bursts
        bursts = np.cos(np.pi * rng.integers(2, 4) * np.linspace(0.0, 1.0, count)) ** 2
        depth = rng.uniform(0.4, 0.95)
        envelope = np.asarray(envelope * (1.0 - depth + depth * bursts), dtype=np.float32)
    return envelope
