"""A cat that purrs: a rattle of 20 to 30 a second, in and out with every breath."""

import numpy as np

from osa_daemon.audio.block import SAMPLE_RATE_HZ, Samples
from osa_daemon.training.synthesis.movement import faded, flutter
from osa_daemon.training.synthesis.pulses import pulse_train
from osa_daemon.training.synthesis.shaping import count_of, grid_hz, scaled, shape, white

RATE_HZ = (20.0, 30.0)  # pulses of the larynx, 20-30 a second (Remmers & Gautier 1972)
BREATHS_PER_MIN = (15.0, 40.0)  # of a resting cat


def cat_purr(rng: np.random.Generator, duration_s: float) -> Samples:
    """Return purring without a pause, louder on one phase of breath; RMS 1 over its length."""
    count = count_of(duration_s)
    seconds = np.arange(count, dtype=np.float32) / SAMPLE_RATE_HZ
    turns = seconds * np.float32(rng.uniform(*BREATHS_PER_MIN) / 60.0) + np.float32(rng.uniform())
    inside = np.clip(6.0 * np.sin(2.0 * np.pi * turns * flutter(rng, count, 0.2, 0.01)), -1, 1)
    drift = rng.uniform(*RATE_HZ) * (1.0 + rng.uniform(0.0, 0.1) * inside)
    rate = np.asarray(drift * flutter(rng, count, 1.0, 0.03), dtype=np.float32)
    train = pulse_train(
        rng, rate, jitter=0.04, shimmer=0.25, width_s=float(rng.uniform(2e-3, 8e-3))
    )
    middle_hz = float(np.exp(rng.uniform(np.log(150.0), np.log(900.0))))
    octaves = np.log2(np.maximum(grid_hz(), 20.0) / middle_hz)
    gain = np.maximum(-6.0 * (octaves / rng.uniform(1.0, 2.2)) ** 2, -50.0)
    gate = 0.2 + train / max(float(train.max()), 1e-6)
    sound = shape(scaled(train, 1.0) + rng.uniform(0.1, 0.8) * white(rng, count) * gate, gain)
    fainter = 10.0 ** (-rng.uniform(0.0, 12.0) / 20.0)
    still = 1.0 - 0.9 * np.exp(-((np.sin(2.0 * np.pi * turns) / 0.15) ** 2))  # as breath turns
    loudness = np.where(inside > 0, 1.0, fainter) * still
    return scaled(faded((sound * loudness).astype(np.float32), 0.3), 1.0)
