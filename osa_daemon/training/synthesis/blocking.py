"""Blocked efforts: what is heard while the sleeper pulls against a closed throat."""

import numpy as np

from osa_daemon.audio.block import SAMPLE_RATE_HZ, Samples
from osa_daemon.training.synthesis import ranges
from osa_daemon.training.synthesis.movement import arch, decay, faded
from osa_daemon.training.synthesis.pulses import tone
from osa_daemon.training.synthesis.shaping import count_of, scaled, shape, white
from osa_daemon.training.synthesis.snoring import rattle
from osa_daemon.training.synthesis.voice import Voice


def effort_sound(voice: Voice, rng: np.random.Generator, *, effort: float) -> Samples:
    """Return one blocked effort, 0.1 to 0.4 s at 16 kHz: click, snort, squeak or puff.

    At `effort` 1.0 its RMS lies `voice.effort_gain_db` (-5 to 20 dB, ±3 dB) over `voice.level`,
    times `effort ** voice.flow_exponent`.
    """
    count = count_of(ranges.EFFORT_S.draw(rng))
    if rng.uniform() < voice.click:
        sound = _clicks(voice, rng, count)
    else:
        makers = (_snort, _puff, _squeak)
        sound = makers[int(rng.choice(3, p=(0.6, 0.25, 0.15)))](voice, rng, count)
    rms = voice.level * 10.0 ** ((voice.effort_gain_db + rng.normal(0.0, 3.0)) / 20.0)
    return scaled(faded(sound, 0.002), rms * effort**voice.flow_exponent)


def _clicks(voice: Voice, rng: np.random.Generator, count: int) -> Samples:
    """Return one to four wet clicks: short bursts that ring in the throat."""
    burst = np.zeros(count, dtype=np.float32)
    for start in rng.integers(0, max(1, count // 2), int(rng.integers(1, 5))):
        length = count - int(start)
        ringing = white(rng, length) * decay(length, float(rng.uniform(0.001, 0.015)))
        burst[start:] += ringing * np.float32(rng.uniform(0.3, 1.0))
    tract = (voice.snore.pharynx if rng.uniform() < 0.5 else voice.mouth).varied(rng, 0.1)
    return shape(burst, tract.moved(float(rng.uniform(0.9, 1.8))).gain_db())


def _snort(voice: Voice, rng: np.random.Generator, count: int) -> Samples:
    return rattle(voice.snore, rng, arch(count, float(rng.uniform(0.1, 0.5)), 0.2, 1.0))


def _puff(voice: Voice, rng: np.random.Generator, count: int) -> Samples:
    air = shape(white(rng, count), voice.nose.varied(rng, 0.06).gain_db())
    return air * arch(count, float(rng.uniform(0.1, 0.6)), 0.1, 1.2)


def _squeak(voice: Voice, rng: np.random.Generator, count: int) -> Samples:
    start_hz = voice.pitch_hz * rng.uniform(1.5, 5.0)
    seconds = np.arange(count, dtype=np.float32) / SAMPLE_RATE_HZ
    pitch = np.asarray(start_hz * np.exp(rng.normal(0.0, 1.5) * seconds), dtype=np.float32)
    squeaked = tone(rng, pitch, 0.02) * arch(count, 0.3, 0.2, 1.0)
    return scaled(squeaked, 1.0) + scaled(_puff(voice, rng, count), 0.4)
