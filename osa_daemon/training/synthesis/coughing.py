"""Coughs: a burst, a rush of air, and sometimes a voiced end."""

from dataclasses import replace

import numpy as np

from osa_daemon.audio.block import Samples
from osa_daemon.training.synthesis import ranges
from osa_daemon.training.synthesis.movement import arch, decay, faded
from osa_daemon.training.synthesis.pulses import pulse_train
from osa_daemon.training.synthesis.shaping import count_of, scaled, shape, white
from osa_daemon.training.synthesis.tract import tilt_db
from osa_daemon.training.synthesis.voice import Voice


def cough(voice: Voice, rng: np.random.Generator, *, effort: float) -> Samples:
    """Return a fit of one to three coughs at 16 kHz, 0.2 to 1.8 s.

    At `effort` 1.0 its RMS lies `voice.cough_gain_db` (18 to 35 dB, ±2 dB) over `voice.level`,
    times `effort ** voice.flow_exponent`.
    """
    strokes: list[Samples] = []
    for number in range(int(rng.integers(1, 4))):
        if number:
            strokes.append(np.zeros(count_of(float(rng.uniform(0.05, 0.2))), dtype=np.float32))
        strokes.append(_stroke(voice, rng) * np.float32(rng.uniform(0.4, 1.0)))
    rms = voice.level * 10.0 ** ((voice.cough_gain_db + rng.normal(0.0, 2.0)) / 20.0)
    return scaled(faded(np.concatenate(strokes)), rms * effort**voice.flow_exponent)


def _stroke(voice: Voice, rng: np.random.Generator) -> Samples:
    burst, flow = (count_of(r.draw(rng)) for r in (ranges.COUGH_BURST_S, ranges.COUGH_FLOW_S))
    ending = count_of(ranges.COUGH_VOICE_S.draw(rng)) if rng.uniform() < 0.6 else 0
    count = burst + flow + ending
    low_cut_hz = min(voice.mouth.low_cut_hz, float(rng.uniform(50.0, 150.0)))  # the chest is heard
    mouth = replace(voice.mouth.varied(rng, 0.06), low_cut_hz=low_cut_hz)
    air = white(rng, count) * np.float32(rng.uniform(0.2, 0.5)) * arch(count, 0.05, 0.4, 1.0)
    blow = decay(count, float(rng.uniform(0.01, 0.06)))
    blow *= 1.0 - decay(count, float(rng.uniform(0.001, 0.015)))
    air += white(rng, count) * blow
    sound = scaled(shape(air, mouth.gain_db() + tilt_db(float(rng.uniform(-6.0, 2.0)))), 1.0)
    if ending:
        pitch = np.full(ending, voice.pitch_hz * rng.uniform(1.0, 2.2), dtype=np.float32)
        train = pulse_train(rng, pitch, jitter=0.05, shimmer=0.2, width_s=0.001)
        voiced = shape(train, mouth.gain_db()) * arch(ending, 0.3, 0.2, 1.0)
        sound[-ending:] += scaled(voiced, float(rng.uniform(0.3, 1.5)))
    return sound
