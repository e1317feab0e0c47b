"""Animals beside the bed."""

import numpy as np
import pytest

from osa_daemon.training.simulator import Material
from osa_daemon.training.simulator.animals import animal
from osa_daemon.training.simulator.levels import band_power
from osa_daemon.training.synthesis.purring import cat_purr


def test_animals_sound_for_minutes_and_stop(nothing: Material) -> None:
    """Over some nights an animal sounds in much of the time and is silent in much of it."""
    shares = []
    for seed in range(6):
        power = band_power(animal(np.random.default_rng(seed), nothing, 600 * 16_000))
        seconds = power.reshape(-1, 200).max(axis=1)  # 10 s each
        shares.append(np.mean(seconds > 1e-4 * seconds.max()))
    assert max(shares) > 0.4
    assert min(shares) < 0.8


def test_purring_pulses_twenty_to_thirty_times_a_second() -> None:
    """The loudness of a purr beats at the rate of a cat's larynx."""
    purr = cat_purr(np.random.default_rng(3), 8.0)
    assert np.sqrt(np.mean(purr**2)) == pytest.approx(1.0, abs=0.01)
    loudness = np.abs(purr).reshape(-1, 80).mean(axis=1)  # 200 a second
    spectrum = np.abs(np.fft.rfft(loudness - loudness.mean()))
    beats_hz = np.fft.rfftfreq(len(loudness), 1 / 200)
    found = (beats_hz > 10) & (beats_hz < 45)
    assert 18 < beats_hz[found][np.argmax(spectrum[found])] < 34
