"""The slow gain before the encoder."""

import numpy as np
import pytest

from osa_daemon.features.gain import LEAST_DB, MOST_DB, STEP_DB, TARGET_DBFS, SlowGain


def test_brings_the_floor_to_the_target():
    """The first floor decides the gain at once."""
    assert SlowGain().follow(-80.0) == TARGET_DBFS + 80


def test_holds_while_the_floor_moves_little():
    """Moves within 4 dB leave the gain alone, even when they add up around it."""
    gain = SlowGain()
    first = gain.follow(-80.0)
    for floor_dbfs in (-81.0, -79.0, -77.0, -83.9, -76.1):
        assert gain.follow(floor_dbfs) == first


def test_moves_exactly_to_the_target():
    """A larger move of the floor sets the gain to where it should be."""
    gain = SlowGain()
    gain.follow(-80.0)
    assert gain.follow(-80.0 + STEP_DB + 0.1) == pytest.approx(TARGET_DBFS + 80 - STEP_DB - 0.1)


def test_keeps_within_its_range():
    """Absurd floors meet the ends of the range."""
    assert SlowGain().follow(0.0) == LEAST_DB
    assert SlowGain().follow(-200.0) == MOST_DB


def test_same_sound_at_another_level_comes_out_the_same():
    """Floor plus gain is the same path for an input 20 dB louder or quieter."""
    floors_dbfs = -80 + np.cumsum(np.random.default_rng(5).normal(0, 1.5, 200)).clip(-10, 10)
    paths = []
    for input_db in (-20.0, 0.0, 20.0):
        gain = SlowGain()
        paths.append([floor + input_db + gain.follow(floor + input_db) for floor in floors_dbfs])
    assert np.allclose(paths[0], paths[1])
    assert np.allclose(paths[2], paths[1])
