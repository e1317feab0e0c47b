"""What thresholds can be expected to do: curves between measured points."""

from typing import Any

import pytest

from osa_daemon.detector.expectation import Curve, Expectation, release_of
from osa_daemon.errors import ModelError

FALLING = Curve((0.2, 0.4, 0.6, 0.8), (8.0, 4.0, 2.0, 1.0))


def calibration() -> dict[str, Any]:
    """Rows as training writes them."""
    return {
        "night_h": 8.0,
        "events": [
            {"threshold": 0.4, "recall": 0.9, "false_per_night": 3.0},
            {"threshold": 0.6, "recall": 0.8, "false_per_night": 1.0},
        ],
        "in_progress": [{"threshold": 0.5, "told": 0.7, "false_alerts_per_night": 0.2}],
    }


def test_a_curve_is_straight_between_its_points():
    """Half way between two thresholds lies the mean of their values."""
    assert FALLING.at(0.3) == pytest.approx(6.0)
    assert FALLING.at(0.6) == pytest.approx(2.0)


def test_a_curve_does_not_go_beyond_its_ends():
    """Nothing is known outside of what was measured: the end's value stands."""
    assert (FALLING.at(0.1), FALLING.at(0.9)) == (8.0, 1.0)


def test_the_lowest_threshold_within_a_limit_keeps_it():
    """Between two points it is interpolated, and rounded to the safe side."""
    threshold = FALLING.lowest_within(3.0)
    assert threshold == pytest.approx(0.5)
    assert FALLING.at(threshold or 0) <= 3.0


def test_a_limit_that_all_keep_gives_the_lowest_threshold():
    """Nothing lower was measured."""
    assert FALLING.lowest_within(9.0) == 0.2


def test_a_limit_that_the_highest_breaks_gives_none():
    """No threshold can promise it."""
    assert FALLING.lowest_within(0.9) is None


def test_steps_need_not_be_equal():
    """Finer steps at one end change nothing between and beyond them."""
    uneven = Curve((0.1, 0.5, 0.95, 0.97, 0.99), (9.0, 5.0, 2.0, 1.0, 0.0))
    assert (uneven.at(0.3), uneven.at(0.96)) == pytest.approx((7.0, 1.5))
    assert uneven.lowest_within(1.5) == pytest.approx(0.96)
    assert uneven.lowest_within(0.1) == pytest.approx(0.988)


def test_a_limit_holds_from_the_threshold_on():
    """A dip below the limit at a lower threshold is chance and not used."""
    bumpy = Curve((0.2, 0.4, 0.6, 0.8), (8.0, 2.0, 4.0, 1.0))
    assert bumpy.lowest_within(3.0) == pytest.approx(0.667)


@pytest.mark.parametrize(
    ("thresholds", "values"),
    [((), ()), ((0.1, 0.2), (1.0,)), ((0.2, 0.1), (1.0, 2.0)), ((0.1,), (float("nan"),))],
)
def test_what_is_no_curve_is_refused(thresholds: tuple[float, ...], values: tuple[float, ...]):
    """Thresholds rise, and each has a value that is a number."""
    with pytest.raises(ValueError, match=r"threshold|number"):
        Curve(thresholds, values)


def test_an_expectation_is_read_from_the_calibration():
    """Each curve against its own threshold."""
    expectation = Expectation.of(calibration())
    assert expectation is not None
    assert expectation.recall.at(0.5) == pytest.approx(0.85)
    assert expectation.false_events.at(0.5) == pytest.approx(2.0)
    assert (expectation.told.at(0.5), expectation.false_alerts.at(0.5)) == (0.7, 0.2)


def test_bounds_are_read_where_the_model_has_them():
    """Those of events and of alerts, each against its own threshold; older models have none."""
    bounded, older = calibration(), Expectation.of(calibration())
    for row in bounded["events"]:
        row["false_per_night_upper_95"] = 2 * row["false_per_night"]
    bounded["in_progress"][0]["false_alerts_per_night_upper_95"] = 1.0
    expectation = Expectation.of(bounded)
    assert older is not None
    assert older.false_events_upper is older.false_alerts_upper is None
    assert expectation is not None
    assert expectation.false_events_upper is not None
    assert expectation.false_events_upper.at(0.5) == pytest.approx(4.0)
    assert expectation.false_alerts_upper == Curve((0.5,), (1.0,))


def test_a_bound_that_is_missing_somewhere_is_damage():
    """A model has all of them or none."""
    damaged = calibration()
    damaged["events"][0]["false_per_night_upper_95"] = 6.0
    with pytest.raises(ModelError, match=r"calibration cannot be read.*upper"):
        Expectation.of(damaged)


def test_release_is_the_share_that_was_measured():
    """Older models, which do not say it, were measured with half the threshold."""
    assert release_of(0.8, {"release_share": 0.25}) == pytest.approx(0.2)
    assert release_of(0.8, {}) == pytest.approx(0.4)


@pytest.mark.parametrize("share", [0, 1.5, "half", None, float("nan")])
def test_a_share_that_is_none_is_one_sentence(share: object):
    """It names the value and what is allowed."""
    with pytest.raises(ModelError, match=r"release_share .*above 0 and at most 1"):
        release_of(0.8, {"release_share": share})


def test_an_older_model_says_nothing():
    """Without rows there is no expectation."""
    assert Expectation.of({}) is None


def test_a_damaged_calibration_is_one_sentence():
    """What cannot be read is an error of the model."""
    damaged = calibration()
    del damaged["events"][0]["recall"]
    with pytest.raises(ModelError, match=r"calibration cannot be read.*recall"):
        Expectation.of(damaged)
