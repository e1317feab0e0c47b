"""What a bedroom sounds like behind the sleeper: steady noises, all RMS 1."""

from collections.abc import Callable, Mapping

import numpy as np

from osa_daemon.audio.block import SAMPLE_RATE_HZ, Samples
from osa_daemon.training.synthesis.movement import flutter, wander
from osa_daemon.training.synthesis.pulses import tone
from osa_daemon.training.synthesis.shaping import (
    Floats,
    count_of,
    grid_hz,
    scaled,
    shape,
    shaped_noise,
    white,
)
from osa_daemon.training.synthesis.tract import RIPPLES, draw_ripple

_HUM_PERIODS = 100  # of the mains in one piece: 2 s

Maker = Callable[[np.random.Generator, float], Samples]


def noise_makers() -> Mapping[str, Maker]:
    """Return every noise of this module by name."""
    return {
        "white": white_noise,
        "pink": pink_noise,
        "brown": brown_noise,
        "room_tone": room_tone,
        "hum": hum,
        "fan": fan,
        "air_conditioner": air_conditioner,
        "cpap": cpap,
        "rain": rain,
        "traffic": traffic,
        "sea_waves": sea_waves,
    }


def white_noise(rng: np.random.Generator, duration_s: float) -> Samples:
    """Return white noise: the microphone's own."""
    return scaled(white(rng, count_of(duration_s)), 1.0)


def pink_noise(rng: np.random.Generator, duration_s: float) -> Samples:
    """Return noise that falls by 3 dB per octave from 20 Hz on."""
    return shaped_noise(rng, count_of(duration_s), _slope(-3.0))


def brown_noise(rng: np.random.Generator, duration_s: float) -> Samples:
    """Return noise that falls by 6 dB per octave from 20 Hz on."""
    return shaped_noise(rng, count_of(duration_s), _slope(-6.0))


def room_tone(rng: np.random.Generator, duration_s: float) -> Samples:
    """Return a quiet room: a slope of its own, fine structure, a floor of white, some hum."""
    count = count_of(duration_s)
    body = shaped_noise(rng, count, _slope(float(rng.uniform(-8.0, -2.0))) + _ripple(rng))
    floor = white(rng, count) * np.float32(10.0 ** (rng.uniform(-40.0, -8.0) / 20.0))
    humming = hum(rng, duration_s) * np.float32(10.0 ** (rng.uniform(-40.0, -6.0) / 20.0))
    return scaled(body * flutter(rng, count, 0.2, 0.08) + floor + humming, 1.0)


def hum(rng: np.random.Generator, duration_s: float) -> Samples:
    """Return mains hum, 50 or 60 Hz with harmonics up to the twelfth."""
    count = count_of(duration_s)
    mains_hz = float(rng.choice((50.0, 60.0))) * (1.0 + rng.normal(0.0, 2e-4))
    fall = rng.uniform(0.3, 2.0)
    period = round(SAMPLE_RATE_HZ * _HUM_PERIODS / mains_hz)  # whole turns: it joins seamlessly
    turns = np.arange(period) * (2.0 * np.pi * _HUM_PERIODS / period)
    total = np.zeros(period)
    for number in rng.permutation(12)[: int(rng.integers(2, 8))] + 1:
        amplitude = rng.uniform(0.2, 1.0) * (1.5 if number % 2 == 0 else 1.0) / number**fall
        total += amplitude * np.sin(number * turns + rng.uniform(0.0, 6.28))
    steady = np.resize(total.astype(np.float32), count)
    return scaled(steady * flutter(rng, count, 0.3, 0.05), 1.0)


def usb_whine(rng: np.random.Generator, duration_s: float) -> Samples:
    """Return the tones of USB power: 1 kHz, the rate of its frames, and some harmonics."""
    period = SAMPLE_RATE_HZ // 1_000
    turns = np.arange(period) * (2.0 * np.pi / period)
    total = np.zeros(period)
    for number in range(1, 8):
        amplitude = float(rng.exponential()) * (rng.random() < 0.6 or number == 1) / number**0.5
        total += amplitude * np.sin(number * turns + rng.uniform(0.0, 6.28))
    return scaled(np.resize(total.astype(np.float32), count_of(duration_s)), 1.0)


def fan(rng: np.random.Generator, duration_s: float) -> Samples:
    """Return a fan: broad noise, tones of the blades, slow beating, in some a swing."""
    count = count_of(duration_s)
    air = shaped_noise(rng, count, _slope(float(rng.uniform(-7.0, -2.0))) + _ripple(rng))
    blade_hz = float(np.exp(rng.uniform(np.log(25.0), np.log(220.0))))
    bladed = np.zeros(count, dtype=np.float32)
    for number in range(1, int(rng.integers(2, 6))):
        pitch = np.full(count, number * blade_hz, dtype=np.float32)
        bladed += tone(rng, pitch, 0.002) * np.float32(rng.uniform(0.2, 1.0) / number)
    sound = air * flutter(rng, count, float(rng.uniform(0.3, 4.0)), float(rng.uniform(0.02, 0.15)))
    sound += scaled(bladed, 10.0 ** (rng.uniform(-30.0, 0.0) / 20.0))
    if rng.uniform() < 0.25:  # an oscillating fan sweeps across every 6 to 20 s
        sound = sound * _cycle(rng, count, rng.uniform(6.0, 20.0), rng.uniform(0.1, 0.6))
    return scaled(sound, 1.0)


def air_conditioner(rng: np.random.Generator, duration_s: float) -> Samples:
    """Return an air conditioner: rumbling flow, compressor hum that may come and go."""
    count = count_of(duration_s)
    flow = shaped_noise(rng, count, _slope(float(rng.uniform(-9.0, -4.0))) + _ripple(rng))
    compressor = hum(rng, duration_s) * np.float32(10.0 ** (rng.uniform(-20.0, 3.0) / 20.0))
    switching = 1.0 / (1.0 + np.exp(-12.0 * (wander(rng, count, 0.02) + rng.uniform(-1.0, 2.0))))
    return scaled(flow + compressor * switching.astype(np.float32), 1.0)


def cpap(rng: np.random.Generator, duration_s: float) -> Samples:
    """Return the hiss of a breathing machine: blower whine, band of hiss, slow pressure swing."""
    count = count_of(duration_s)
    middle_hz = float(np.exp(rng.uniform(np.log(800.0), np.log(5000.0))))
    hissing = shaped_noise(rng, count, _hump(middle_hz, float(rng.uniform(0.6, 2.0))))
    whine_hz = float(np.exp(rng.uniform(np.log(200.0), np.log(1500.0))))
    whine = tone(rng, np.full(count, whine_hz, dtype=np.float32), 0.003)
    whine_level = 10.0 ** (rng.uniform(-35.0, -5.0) / 20.0)
    swing = _cycle(rng, count, rng.uniform(2.5, 6.0), rng.uniform(0.0, 0.3))
    return scaled((hissing + scaled(whine, whine_level)) * swing, 1.0)


def rain(rng: np.random.Generator, duration_s: float) -> Samples:
    """Return rain: a bed of hiss and single drops, stronger and weaker by gusts."""
    count = count_of(duration_s)
    bed = shaped_noise(rng, count, _hump(float(rng.uniform(1500.0, 6000.0)), 2.0) + _ripple(rng))
    drops = np.zeros(count, dtype=np.float32)
    number = int(duration_s * np.exp(rng.uniform(np.log(3.0), np.log(300.0)))) + 1
    np.add.at(drops, rng.integers(0, count, number), rng.exponential(1.0, number) ** 1.5)
    dropped = shape(drops, _hump(float(rng.uniform(700.0, 4000.0)), 0.5))
    sound = bed + scaled(dropped, float(rng.uniform(0.1, 1.5)))
    return scaled(sound * flutter(rng, count, 0.15, float(rng.uniform(0.05, 0.5))), 1.0)


def traffic(rng: np.random.Generator, duration_s: float) -> Samples:
    """Return a road behind the window: steady rumble and cars that pass."""
    count = count_of(duration_s)
    rumble = shaped_noise(rng, count, _slope(float(rng.uniform(-10.0, -5.0))) + _ripple(rng))
    tyres = shaped_noise(rng, count, _hump(float(rng.uniform(500.0, 1300.0)), 1.0))
    passing = np.zeros(count, dtype=np.float32)
    seconds = np.arange(count, dtype=np.float32) / SAMPLE_RATE_HZ
    for _ in range(1 + int(rng.poisson(duration_s / rng.uniform(8.0, 60.0)))):
        nearness_s = float(rng.uniform(1.0, 5.0))
        away = (seconds - np.float32(rng.uniform(0.0, duration_s))) / np.float32(nearness_s)
        passing += np.float32(rng.uniform(0.3, 2.0)) / (1.0 + away**2)
    return scaled(rumble * (0.3 + passing) + tyres * passing, 1.0)


def sea_waves(rng: np.random.Generator, duration_s: float) -> Samples:
    """Return the waves of a noise machine: hiss that swells every 4 to 15 s, like a breather."""
    count = count_of(duration_s)
    low = shaped_noise(rng, count, _slope(-6.0))
    high = shaped_noise(rng, count, _hump(float(rng.uniform(1200.0, 4000.0)), 1.5))
    swell = _cycle(rng, count, rng.uniform(4.0, 15.0), 1.0) ** np.float32(rng.uniform(1.0, 3.0))
    return scaled(low * (0.3 + swell) + high * (0.1 + swell**2), 1.0)


def _slope(db_per_octave: float) -> Floats:
    grid = np.maximum(grid_hz(), 20.0)
    cut = 20.0 * np.log10(1.0 + (30.0 / np.maximum(grid_hz(), 1.0)) ** 2)
    return np.asarray(db_per_octave * np.log2(grid / 1000.0) - cut)


def _hump(middle_hz: float, octaves: float) -> Floats:
    distance = np.log2(np.maximum(grid_hz(), 20.0) / middle_hz) / octaves
    return np.asarray(np.maximum(-6.0 * distance**2, -50.0))


def _ripple(rng: np.random.Generator) -> Floats:
    at = np.log2(np.maximum(grid_hz(), 60.0) / 60.0) * (RIPPLES - 1) / np.log2(8000.0 / 60.0)
    return np.asarray(np.interp(at, np.arange(RIPPLES), draw_ripple(rng)))


def _cycle(rng: np.random.Generator, count: int, period_s: float, depth: float) -> Samples:
    """Return a factor that swings once in about `period_s`; depth 1 swings down to 0."""
    pace = np.exp(0.15 * wander(rng, count, 0.5 / period_s)) / (period_s * SAMPLE_RATE_HZ)
    angle = 2.0 * np.pi * (np.cumsum(pace, dtype=np.float64) + rng.uniform())
    swing = 0.5 - 0.5 * np.cos(angle)
    return np.asarray(1.0 - depth + depth * swing, dtype=np.float32)
