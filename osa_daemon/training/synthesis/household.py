"""Sounds of people and animals about the house: short or repeated, RMS 1 over their length."""

from collections.abc import Callable, Mapping

import numpy as np

from osa_daemon.audio.block import SAMPLE_RATE_HZ, Samples
from osa_daemon.training.synthesis.breathing import breath
from osa_daemon.training.synthesis.movement import arch, decay, faded, flutter
from osa_daemon.training.synthesis.pulses import pulse_train
from osa_daemon.training.synthesis.shaping import (
    Floats,
    count_of,
    grid_hz,
    scaled,
    shape,
    white,
)
from osa_daemon.training.synthesis.snoring import snore
from osa_daemon.training.synthesis.voice import draw_voice

Maker = Callable[[np.random.Generator, float], Samples]


def household_makers() -> Mapping[str, Maker]:
    """Return every sound of this module by name."""
    return {
        "rustle": rustle,
        "thump": thump,
        "knock": knock,
        "clock_tick": clock_tick,
        "door": door,
        "footsteps": footsteps,
        "dog_bark": dog_bark,
        "dog_snore": dog_snore,
        "dog_pant": dog_pant,
    }


def rustle(rng: np.random.Generator, duration_s: float) -> Samples:
    """Return bedclothes that move: bursts of crackling noise, 0.1 to 1.5 s each."""
    count = count_of(duration_s)
    loudness = np.zeros(count, dtype=np.float32)
    for _ in range(1 + int(rng.poisson(duration_s * rng.uniform(0.5, 2.0)))):
        stroke = arch(
            min(count, count_of(float(rng.uniform(0.1, 1.5)))), float(rng.uniform(0.1, 0.7)), 0.1, 1
        )
        _lay(loudness, stroke * rng.uniform(0.2, 1.0), int(rng.integers(0, count)))
    grain = np.abs(white(rng, count)) ** np.float32(rng.uniform(0.0, 2.0))
    middle_hz = float(np.exp(rng.uniform(np.log(400.0), np.log(4500.0))))
    cloth = shape(white(rng, count) * grain, _band(middle_hz, float(rng.uniform(1.0, 2.5))))
    loudness = loudness + np.float32(1e-3)
    return scaled(faded(cloth * loudness * flutter(rng, count, 30.0, 0.4)), 1.0)


def thump(rng: np.random.Generator, duration_s: float) -> Samples:
    """Return one dull blow, as of a knee against the bed, at the start of that length."""
    return _struck(rng, duration_s, [0.0], (40.0, 200.0), (0.02, 0.12))


def knock(rng: np.random.Generator, duration_s: float) -> Samples:
    """Return one to five knocks on wood."""
    at_s = np.cumsum(rng.uniform(0.12, 0.4, int(rng.integers(1, 6)))) - 0.12
    return _struck(rng, duration_s, list(at_s), (150.0, 1200.0), (0.008, 0.05))


def clock_tick(rng: np.random.Generator, duration_s: float) -> Samples:
    """Return a clock that ticks, one to five times a second, tick and tock unlike."""
    count = count_of(duration_s)
    period_s = 1.0 / float(rng.choice((1.0, 1.0, 2.0, 2.0, 4.0, 5.0)))
    track = np.zeros(count, dtype=np.float32)
    tick, tock = (_blow(rng, (1200.0, 6000.0), (0.001, 0.008)) for _ in range(2))
    start_s = float(rng.uniform(0.0, min(period_s, 0.5 * duration_s)))
    for number, at_s in enumerate(np.arange(start_s, duration_s, period_s)):
        _lay(track, tock if number % 2 else tick, int(at_s * SAMPLE_RATE_HZ))
    return scaled(track, 1.0)


def door(rng: np.random.Generator, duration_s: float) -> Samples:
    """Return a door: in some a creak, then latch and slam."""
    count = count_of(duration_s)
    sound = _struck(rng, duration_s, [0.6 * duration_s], (50.0, 300.0), (0.03, 0.15))
    _lay(sound, 3.0 * _blow(rng, (800.0, 4000.0), (0.002, 0.01)), int(0.55 * count))
    if rng.uniform() < 0.5:
        length = max(64, int(0.5 * count))
        rate = 60.0 * flutter(rng, length, 2.0, 0.5)
        creak = pulse_train(rng, rate, jitter=0.1, shimmer=0.3, width_s=0.0004)
        creak = shape(creak, _band(float(rng.uniform(500.0, 2500.0)), 0.4))
        _lay(sound, scaled(creak * arch(length, 0.4, 0.2, 1.0), rng.uniform(0.2, 1.0)), 0)
    return scaled(sound, 1.0)


def footsteps(rng: np.random.Generator, duration_s: float) -> Samples:
    """Return somebody walking, 1.4 to 2.2 steps a second."""
    at_s = np.arange(0.0, duration_s, 1.0 / rng.uniform(1.4, 2.2))
    at_s = np.clip(at_s + rng.normal(0.0, 0.03, len(at_s)), 0.0, None)
    return _struck(rng, duration_s, list(at_s), (60.0, 500.0), (0.01, 0.06))


def dog_bark(rng: np.random.Generator, duration_s: float) -> Samples:
    """Return a dog that barks in runs."""
    track = np.zeros(count_of(duration_s), dtype=np.float32)
    pitch_hz, length_s = float(rng.uniform(180.0, 900.0)), float(rng.uniform(0.08, 0.3))
    gain = _band(float(rng.uniform(500.0, 1800.0)), 0.9)
    at_s = 0.0
    while at_s < duration_s:
        length = count_of(length_s * float(rng.uniform(0.8, 1.25)))
        envelope = arch(length, 0.15, 0.1, 1.0)
        rate = np.asarray(pitch_hz * (0.7 + 0.5 * envelope), dtype=np.float32)
        train = pulse_train(rng, rate, jitter=0.06, shimmer=0.3, width_s=0.0005)
        voiced = scaled(shape(train, gain), 1.0) + 0.4 * scaled(
            shape(white(rng, length), gain), 1.0
        )
        _lay(track, faded(voiced * envelope), int(at_s * SAMPLE_RATE_HZ))
        at_s += length_s + float(rng.choice((rng.uniform(0.1, 0.5), rng.uniform(1.0, 4.0))))
    return scaled(track, 1.0)


def dog_snore(rng: np.random.Generator, duration_s: float) -> Samples:
    """Return a sleeping dog: snores faster and higher than a person's, 10 to 35 a minute."""
    voice = draw_voice(rng)
    period_s = 60.0 / rng.uniform(10.0, 35.0)
    return _repeated(
        duration_s,
        period_s,
        lambda: snore(voice, rng, period_s * rng.uniform(0.25, 0.45), effort=1.0),
        rng,
    )


def dog_pant(rng: np.random.Generator, duration_s: float) -> Samples:
    """Return a panting dog, 3 to 6 breaths a second (Crawford 1962: about 5)."""
    voice = draw_voice(rng)
    period_s = 1.0 / rng.uniform(3.0, 6.0)
    return _repeated(
        duration_s,
        period_s,
        lambda: breath(
            voice,
            rng,
            period_s * rng.uniform(0.4, 0.9),
            phase="inhale" if rng.uniform() < 0.5 else "exhale",
            effort=1.0,
        ),
        rng,
    )


def _repeated(
    duration_s: float, period_s: float, make: Callable[[], Samples], rng: np.random.Generator
) -> Samples:
    track = np.zeros(count_of(duration_s), dtype=np.float32)
    at_s = float(rng.uniform(0.0, 0.3 * min(period_s, duration_s)))
    while at_s < duration_s:
        _lay(track, make(), int(at_s * SAMPLE_RATE_HZ))
        at_s += period_s * float(np.exp(rng.normal(0.0, 0.1)))
    return scaled(track, 1.0)


def _struck(
    rng: np.random.Generator,
    duration_s: float,
    at_s: list[float],
    pitch_hz: tuple[float, float],
    ring_s: tuple[float, float],
) -> Samples:
    """Return blows of one object at those times."""
    track = np.zeros(count_of(duration_s), dtype=np.float32)
    blow = _blow(rng, pitch_hz, ring_s)
    for at in at_s:
        _lay(track, blow * np.float32(rng.uniform(0.5, 1.0)), int(at * SAMPLE_RATE_HZ))
    return scaled(track, 1.0)


def _blow(
    rng: np.random.Generator, pitch_hz: tuple[float, float], ring_s: tuple[float, float]
) -> Samples:
    """Return one struck object: three ringing modes and the noise of the contact."""
    count = count_of(8.0 * ring_s[1] + 0.02)
    seconds = np.arange(count, dtype=np.float32) / SAMPLE_RATE_HZ
    blow = np.zeros(count, dtype=np.float32)
    for _ in range(3):
        mode_hz = np.float32(np.exp(rng.uniform(*np.log(pitch_hz))))
        ringing = np.sin(2.0 * np.pi * mode_hz * seconds) * decay(count, rng.uniform(*ring_s))
        blow += np.float32(rng.uniform(0.2, 1.0)) * ringing.astype(np.float32)
    contact = shape(white(rng, count), _band(float(np.mean(pitch_hz)) * 2.0, 1.5))
    blow += scaled(contact * decay(count, 0.4 * rng.uniform(*ring_s)), 0.1)
    return faded(blow, 0.001)


def _band(middle_hz: float, octaves: float) -> Floats:
    distance = np.log2(np.maximum(grid_hz(), 20.0) / middle_hz) / octaves
    return np.asarray(np.maximum(-6.0 * distance**2, -55.0))


def _lay(track: Samples, sound: Samples, start: int) -> None:
    """Add `sound` to `track` in place from `start` on, cut at the end of the track."""
    length = min(len(sound), len(track) - start)
    if length > 0:
        track[start : start + length] += sound[:length]
