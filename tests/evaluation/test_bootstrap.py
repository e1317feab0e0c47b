"""Intervals by resampling persons."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from osa_daemon.evaluation.bootstrap import interval, levels_of, quantile, weights_of
from osa_daemon.evaluation.tally import estimate, ratio


def test_sounds_and_timelines_are_resampled_each_for_themselves():
    """Crossed persons give two levels, and a night weighs the product of both draws."""
    people = ["a/1", "a/2", "b/1", "b/2"]
    assert len(levels_of(people)) == 2
    weights = weights_of(people)
    assert np.array_equal(weights[:, 0] * weights[:, 3], weights[:, 1] * weights[:, 2])


def test_one_sound_group_leaves_the_timelines():
    """Where all nights share the sound, the timeline's person is what is resampled."""
    (level,) = levels_of(["a/1", "a/2", "a/2"])
    assert level.tolist() == [0, 1, 1]


def test_one_timeline_leaves_the_sounds():
    """Where all nights share the timeline, the sound group is what is resampled."""
    (level,) = levels_of(["a/1", "b/1", "b/1"])
    assert level.tolist() == [0, 1, 1]


def test_nested_levels_are_resampled_by_the_coarser():
    """Where each timeline belongs to one sound group, nights of a group come together."""
    (level,) = levels_of(["a/1", "a/2", "b/3"])
    assert level.tolist() == [0, 0, 1]


def test_names_without_levels_are_one_level():
    """Nights of a folder name one person, who is resampled."""
    (level,) = levels_of(["anna", "bert", "anna"])
    assert level.tolist() == [0, 1, 0]


def test_nights_of_one_person_come_together():
    """In every draw, nights of the same persons weigh the same."""
    weights = weights_of(["a/1", "b/2", "a/1", "b/3"])
    assert np.array_equal(weights[:, 0], weights[:, 2])


def test_a_single_person_has_no_interval():
    """One cluster says nothing of its spread: there is no interval, not one of width 0."""
    tallies = [{"found": 1.0, "events": 2.0}] * 3
    figures = estimate(tallies, {"recall": ratio("found", "events")}, ["a/1"] * 3)
    assert figures == {"recall": 0.5, "recall_95": None}


def test_the_same_nights_give_the_same_interval():
    """Two runs agree to the last digit."""
    people = [f"{i % 7}/{i % 5}" for i in range(30)]
    assert np.array_equal(weights_of(people), weights_of(people))


def test_an_interval_is_that_of_the_binomial():
    """The interval of a share over 400 independent nights is that of theory, ± 1.96 errors."""
    rng = np.random.default_rng(1)
    found = (rng.random(400) < 0.8).astype(float)
    tallies = [{"found": f, "events": 1.0} for f in found]
    people = [f"{i}" for i in range(400)]
    low, high = estimate(tallies, {"r": ratio("found", "events")}, people)["r_95"]
    error = np.sqrt(found.mean() * (1 - found.mean()) / 400)
    assert low == pytest.approx(found.mean() - 1.96 * error, abs=0.01)
    assert high == pytest.approx(found.mean() + 1.96 * error, abs=0.01)


def test_two_levels_are_wider_than_nights_alone():
    """Persons who differ widen the interval of nights that share them."""
    tallies, people = [], []
    for sound in range(10):
        for timeline in range(10):
            tallies.append({"found": float(sound >= 5), "events": 1.0})
            people.append(f"{sound}/{timeline}")
    formula = {"r": ratio("found", "events")}
    crossed = estimate(tallies, formula, people)["r_95"]
    alone = estimate(tallies, formula, [str(i) for i in range(100)])["r_95"]
    assert crossed[1] - crossed[0] > 2 * (alone[1] - alone[0])


def test_an_interval_needs_values_in_most_draws():
    """A figure that most draws leave without a value has no interval."""
    assert interval(np.array([1.0, np.nan, np.nan])) is None
    assert interval(np.array([1.0, 1.0, np.nan])) == [1.0, 1.0]


def test_a_quantile_counts_weights():
    """A value of weight 2 counts as two values; one of weight 0 does not count."""
    values = np.array([3.0, 1.0, 2.0])
    assert quantile(values, 0.5)[0] == 2.0
    assert quantile(values, 0.5, np.array([[2.0, 1.0, 0.0]]))[0] == 3.0


def test_a_quantile_without_weight_has_no_value():
    """Nothing drawn, or no values at all, is nan."""
    assert np.isnan(quantile(np.array([1.0]), 0.5, np.zeros((1, 1)))[0])
    assert np.isnan(quantile(np.array([]), 0.5)[0])


def test_endless_values_stay_endless():
    """A quantile that falls on what never came is endless."""
    values = np.array([1.0, np.inf, np.inf])
    assert quantile(values, 0.3)[0] == 1.0
    assert quantile(values, 0.95)[0] == np.inf


@given(st.lists(st.floats(-100, 100), min_size=1, max_size=30), st.floats(0.01, 1.0))
def test_a_quantile_is_a_value_that_enough_do_not_exceed(listed: list[float], share: float):
    """At least the share of the values is not above it, and fewer are below it."""
    values = np.array(listed)
    found = quantile(values, share)[0]
    assert found in values
    assert (values <= found).mean() >= share - 1e-6
    assert (values < found).mean() < share + 1e-6


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=2, max_size=20))
def test_nights_weigh_one_on_average(pairs: list[tuple[int, int]]):
    """Resampling does not favour any night: the mean weight is about one, or there is none."""
    weights = weights_of([f"{a}/{b}" for a, b in pairs])
    means = weights.mean(axis=0)
    assert np.isnan(means).all() or np.all(np.abs(means - 1.0) < 0.4)
