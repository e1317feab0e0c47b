"""Whether a probability means what it says."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from osa_daemon.evaluation.figures.calibration import calibration_figures, reliability_of
from tests.evaluation.judged import apnea, frames, hypopnea, matched, night


def test_honest_probabilities_have_no_error():
    """Three of four at 0.75: said and seen agree."""
    figure = reliability_of(np.full(4, 0.75), np.array([True, True, True, False]))
    assert figure["error"] == 0.0
    assert figure["bins"] == [{"from": 0.7, "probability": 0.75, "observed": 0.75, "count": 4}]


def test_the_error_is_weighted_by_count():
    """Off by 0.1 in 3 of 4 cases and by 0.5 in one: 0.2."""
    figure = reliability_of(np.array([0.1, 0.1, 0.1, 0.5]), np.array([False, False, False, True]))
    assert figure["error"] == pytest.approx(0.2)


def test_certainty_has_a_bin():
    """Probability 1 is in the last bin, not beyond it."""
    (one,) = reliability_of(np.array([1.0]), np.array([True]))["bins"]
    assert one["from"] == 0.9


def test_nothing_said_has_no_error():
    """No frames or events: None, no bins."""
    assert reliability_of(np.empty(0), np.empty(0, np.bool_))["error"] is None


def test_frames_know_the_sum_of_both_classes():
    """p_apnea + p_hypopnea = 0.9 in the event's frames, 0 elsewhere."""
    inside = frames((100, 120)) * 0.45
    figure = calibration_figures(matched(night([apnea(100)], p_apnea=inside, p_hypopnea=inside)))
    assert figure["frames"]["count"] == 18_000
    assert [b["observed"] for b in figure["frames"]["bins"]] == [0.0, 1.0]
    assert figure["frames"]["error"] == pytest.approx(0.1 * 100 / 18_000, rel=1e-3)


def test_what_does_not_count_is_left_out():
    """Frames and events on a scored event that sound cannot find say nothing of calibration."""
    truth = [hypopnea(100, counts=False), apnea(300)]
    figure = calibration_figures(matched(night(truth, [apnea(100), apnea(300), apnea(600)])))
    assert figure["frames"]["count"] == 17_900
    assert (figure["events"]["count"], figure["events"]["base_rate"]) == (2, 0.5)


@given(st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1, max_size=40))
def test_bins_hold_everything_once(cases: list[tuple[float, bool]]):
    """Counts add up, each bin's mean lies in it, and errors lie between 0 and 1."""
    said = np.array([p for p, _ in cases])
    figure = reliability_of(said, np.array([h for _, h in cases]))
    assert sum(b["count"] for b in figure["bins"]) == len(cases)
    for one in figure["bins"]:
        assert one["from"] - 1e-9 <= one["probability"] <= one["from"] + 0.1 + 1e-9
    assert 0.0 <= figure["error"] <= 1.0
