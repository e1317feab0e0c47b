"""Levels in the band of breath sound, and curves laid over samples."""

import numpy as np
import pytest

from osa_daemon.training.simulator.levels import band_power, follow


def test_band_power_is_the_mean_square_of_a_tone_inside() -> None:
    """A tone of amplitude 1 inside the band has half a unit of power, one below it none."""
    t = np.arange(160_000) / 16_000
    inside = np.sin(2 * np.pi * 1_000 * t).astype(np.float32)
    below = np.sin(2 * np.pi * 100 * t).astype(np.float32)
    assert np.median(band_power(inside)) == pytest.approx(0.5, rel=0.01)
    assert band_power(below).max() < 1e-6


def test_a_curve_runs_in_straight_lines_through_its_values() -> None:
    """Every 800th sample is a value of the curve, those between lie on a line."""
    made = np.ones(2_000, np.float32)
    follow(made, np.array([1.0, 3.0, 2.0]))
    assert made.dtype == np.float32
    assert made[[0, 400, 800, 1_600, 1_999]].tolist() == [1.0, 2.0, 3.0, 2.0, 2.0]
