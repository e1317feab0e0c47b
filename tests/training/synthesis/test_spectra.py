"""Spectra of breaths lie where breath sounds lie."""

import numpy as np

from osa_daemon.training.synthesis import breath, draw_voice
from osa_daemon.training.synthesis.measures import FIGURES, measure

PEOPLE = 60


def figure(name, phase):
    """Return one figure of a breath of each of many people."""
    values = []
    for seed in range(PEOPLE):
        rng = np.random.default_rng(seed)
        sound = breath(draw_voice(rng), rng, 1.2, phase=phase, effort=1.0)
        values.append(measure(sound).figures[FIGURES.index(name)])
    return np.asarray(values)


def test_centroid_of_breaths():
    """Most breaths have their middle between 300 and 2500 Hz, some anywhere about."""
    middle = figure("centroid_hz", "inhale")
    assert 500.0 < np.median(middle) < 1800.0
    assert np.mean((middle > 300.0) & (middle < 2500.0)) > 0.8
    assert middle.max() / middle.min() > 4.0


def test_bandwidth_of_breaths():
    """Breaths are broad: most spread over 0.6 to 1.8 octaves about their middle."""
    spread = figure("spread_octaves", "inhale")
    assert np.mean((spread > 0.6) & (spread < 1.8)) > 0.8


def test_exhaling_is_lower_than_inhaling():
    """In most people an exhalation has its middle below that of an inhalation."""
    lower = figure("centroid_hz", "exhale") < figure("centroid_hz", "inhale")
    assert lower.mean() > 0.6


def test_people_differ_more_than_breaths():
    """Two breaths of one person are more alike than breaths of two people."""
    spectra = []
    for seed in range(20):
        rng = np.random.default_rng(seed)
        voice = draw_voice(rng)
        spectra.append(
            [
                measure(breath(voice, rng, 1.2, phase="inhale", effort=1.0)).spectrum
                for _ in range(2)
            ]
        )
    pairs = np.asarray(spectra)
    within = np.abs(pairs[:, 0] - pairs[:, 1]).mean()
    between = np.abs(pairs[:, 0] - np.roll(pairs[:, 1], 1, axis=0)).mean()
    assert within < 0.5 * between
