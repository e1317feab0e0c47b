"""Gasps: how a pause ends."""

import numpy as np

from osa_daemon.audio.block import Samples
from osa_daemon.training.synthesis import ranges
from osa_daemon.training.synthesis.movement import arch, faded, flutter, glide
from osa_daemon.training.synthesis.pulses import pulse_train
from osa_daemon.training.synthesis.shaping import count_of, scaled, shape, white
from osa_daemon.training.synthesis.snoring import rattle
from osa_daemon.training.synthesis.tract import tilt_db
from osa_daemon.training.synthesis.voice import Voice


def gasp(voice: Voice, rng: np.random.Generator, duration_s: float, *, effort: float) -> Samples:
    """Return the breath that ends a pause, at 16 kHz with its envelope.

    At `effort` 1.0 its RMS lies `voice.gasp_gain_db` (10 to 25 dB, ±2 dB) over `voice.level`,
    times `effort ** voice.flow_exponent`. Variants: explosive breath through the mouth,
    snort that opens into breath, resuscitative snore, voiced gasp.
    """
    count = count_of(duration_s)
    makers = (_explosive, _snort, _resuscitative, _voiced)
    chances = (0.3, 0.25, 0.3, 0.15) if voice.snorer else (0.45, 0.2, 0.1, 0.25)
    sound = makers[int(rng.choice(len(makers), p=chances))](voice, rng, count)
    rms = voice.level * 10.0 ** ((voice.gasp_gain_db + rng.normal(0.0, 2.0)) / 20.0)
    return scaled(faded(sound), rms * effort**voice.flow_exponent)


def _sudden(rng: np.random.Generator, count: int) -> Samples:
    return arch(
        count,
        float(rng.uniform(0.03, 0.5)),
        float(rng.uniform(0.0, 0.5)),
        float(rng.uniform(0.3, 1.6)),
    )


def _explosive(voice: Voice, rng: np.random.Generator, count: int) -> Samples:
    mouth, tilt = voice.mouth.varied(rng, 0.06), ranges.GASP_TILT_DB.draw(rng)
    envelope = _sudden(rng, count)
    source = white(rng, count)
    wide = shape(source, mouth.gain_db() + tilt_db(tilt))
    late = shape(source, mouth.moved(float(rng.uniform(0.6, 0.95))).gain_db() + tilt_db(0.7 * tilt))
    mix = glide(count, 1.0, 0.0)
    sound = scaled(wide, 1.0) * mix + scaled(late, 1.0) * (1.0 - mix)
    return sound * envelope * flutter(rng, count, float(rng.uniform(8.0, 50.0)), 0.25)


def _snort(voice: Voice, rng: np.random.Generator, count: int) -> Samples:
    head = np.zeros(count, dtype=np.float32)
    length = max(16, int(count * rng.uniform(0.15, 0.5)))
    head[:length] = arch(length, 0.15, 0.4, 0.8)
    snorted = scaled(rattle(voice.snore, rng, head), 1.0)
    return snorted + scaled(_explosive(voice, rng, count), float(rng.uniform(0.2, 1.2)))


def _resuscitative(voice: Voice, rng: np.random.Generator, count: int) -> Samples:
    rattled = scaled(rattle(voice.snore, rng, _sudden(rng, count)), 1.0)
    return rattled + scaled(_explosive(voice, rng, count), float(rng.uniform(0.1, 0.8)))


def _voiced(voice: Voice, rng: np.random.Generator, count: int) -> Samples:
    envelope = _sudden(rng, count)
    top_hz = voice.pitch_hz * rng.uniform(1.2, 2.5)
    pitch = np.asarray(voice.pitch_hz + (top_hz - voice.pitch_hz) * envelope, dtype=np.float32)
    train = pulse_train(rng, pitch, jitter=0.04, shimmer=0.2, width_s=0.0015)
    called = scaled(shape(train, voice.mouth.varied(rng, 0.06).gain_db()) * envelope, 1.0)
    return called + scaled(_explosive(voice, rng, count), float(rng.uniform(0.3, 1.5)))
