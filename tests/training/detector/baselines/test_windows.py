"""The window classifier."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from osa_daemon.training.detector.baselines.choice import matches_of
from osa_daemon.training.detector.baselines.windows import (
    Fitting,
    choose,
    classes_of,
    judge,
    pooled,
    probabilities,
)
from tests.training.detector.baselines.nights import ENCODER_WIDTH, night_of

pytestmark = pytest.mark.train

PAUSES = ((120.0, 20.0), (240.0, 30.0), (400.0, 40.0))


def test_windows_pool_mean_and_spread():
    """A window of 10 s every 5 s holds the mean and the spread of each feature."""
    features = night_of(duration_s=60).features
    rows = pooled(features)
    assert rows.shape == (11, 2 * ENCODER_WIDTH)
    inside = features.encoder[25:75]
    np.testing.assert_allclose(rows[1, :ENCODER_WIDTH], inside.mean(axis=0), atol=1e-5)
    np.testing.assert_allclose(rows[1, ENCODER_WIDTH:], inside.std(axis=0), atol=1e-4)


def test_a_window_half_inside_an_event_is_of_its_kind():
    """Classes go by half of the window."""
    classes = classes_of(night_of(duration_s=60, pauses=((20.0, 15.0),)))
    assert classes.tolist() == [0, 0, 0, 1, 1, 1, 1, 0, 0, 0, 0]


def test_neighbouring_windows_become_one_event():
    """A classifier of features that tell finds each pause once."""
    train = [night_of(pauses=PAUSES, seed=k) for k in range(3)]
    classifier, point = choose(train, train[:1], Fitting(epochs=30, learning_rate=1e-2))
    assert point.f1 == 1.0
    judged = judge(night_of(pauses=PAUSES, seed=9), classifier)
    assert len(matches_of(judged).pairs) == len(PAUSES)
    assert judged.rows.p_apnea.shape == judged.rows.monitorable.shape


def test_a_night_shorter_than_a_window_holds_nothing():
    """Probabilities of a few seconds are those of no event."""
    nights = [night_of(pauses=PAUSES)]
    classifier, _ = choose(nights, nights, Fitting(epochs=1))
    rows = probabilities(classifier, night_of(duration_s=6).features)
    assert rows.shape == (30, 3)
    assert not rows[:, 1:].any()
