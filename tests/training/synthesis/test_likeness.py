"""Measures that tell real from synthetic must themselves be right."""

import numpy as np
import pytest

from osa_daemon.training.synthesis import likeness
from osa_daemon.training.synthesis.measures import measure


def cloud(seed, shift=0.0, count=200, width=6):
    """Return normal points."""
    return np.random.default_rng(seed).normal(size=(count, width)) + shift


def groups(count=200):
    """Return a group for each point, four points a group."""
    return [str(number // 4) for number in range(count)]


def test_auc_counts_pairs():
    """AUC is the share of pairs in the right order."""
    assert likeness.auc(np.array([3.0, 4.0]), np.array([1.0, 2.0])) == 1.0
    assert likeness.auc(np.array([1.0, 4.0]), np.array([2.0, 3.0])) == 0.5


def test_same_distribution_cannot_be_told():
    """Two draws of one distribution give an AUC near a half."""
    found = likeness.linear_auc(cloud(1), cloud(2), groups())
    assert found == pytest.approx(0.5, abs=0.1)


def test_shifted_distribution_is_told():
    """Two draws two standard deviations apart are told."""
    assert likeness.linear_auc(cloud(1), cloud(2, shift=2.0), groups()) > 0.95


def test_frechet_is_the_squared_shift():
    """For equal covariances the Fréchet distance is the squared distance of the means."""
    first = cloud(1, count=5000)
    assert likeness.frechet(first, first + 0.5) == pytest.approx(6 * 0.25, rel=1e-6)


def test_coverage_of_another_set_of_the_same_people():
    """A synthetic set drawn as the real one covers about half, a far one nothing."""
    real = cloud(1)
    assert likeness.coverage(real, cloud(2), groups()) == pytest.approx(0.5, abs=0.12)
    assert likeness.coverage(real, cloud(2, shift=20.0), groups()) == 0.0


def test_measures_tell_noise_from_pulses():
    """Pulses are found pulsed, noise is not; a falling slope lowers the centroid."""
    rng = np.random.default_rng(1)
    noise = rng.standard_normal(16000).astype(np.float32)
    pulses = np.zeros(16000, dtype=np.float32)
    pulses[::400] = 1.0
    assert measure(pulses).figures[5] > 0.8
    assert measure(noise).figures[5] < 0.3
    assert measure(np.cumsum(noise).astype(np.float32)).figures[0] < measure(noise).figures[0]
