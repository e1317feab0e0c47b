"""Which nights are made for training and validation."""

from collections import Counter

import pytest

pytest.importorskip("torch")

from osa_daemon.training.detector.plan import (
    CALM_TRAIN,
    CALM_VALIDATION,
    TRAIN,
    Calm,
    calm_specs,
    specs_of,
)
from osa_daemon.training.detector.testing import EVENTLESS
from osa_daemon.training.simulator.night import NightSpec

pytestmark = pytest.mark.train


def hours(specs: list[NightSpec]) -> float:
    """Their length together."""
    return sum(spec.duration_s for spec in specs) / 3600


def test_training_has_the_hours_of_its_plan_and_no_night_twice():
    """Dense nights and two rounds of plain ones, which have seeds of their own."""
    specs = specs_of(TRAIN, "all")
    assert hours(specs) == pytest.approx(TRAIN.all_hours, rel=0.01)
    assert TRAIN.all_hours == TRAIN.hours + 2 * TRAIN.plain_hours
    assert len(set(specs)) == len(specs)


@pytest.mark.parametrize("calm", [CALM_TRAIN, CALM_VALIDATION], ids=["train", "validation"])
def test_calm_nights_hold_no_events_and_every_kind_alike(calm: Calm):
    """As many hours of each kind, of one split, by all generators."""
    specs = calm_specs(calm, "all")
    assert {spec.severity for spec in specs} == {"none"}
    assert {spec.split for spec in specs} == {calm.split}
    assert len({spec.generator for spec in specs}) == 3
    assert set(Counter(spec.kind for spec in specs)) == set(calm.kinds)
    assert len({spec.seed for spec in specs}) == len(specs)
    for kind in calm.kinds:
        assert hours([s for s in specs if s.kind == kind]) == pytest.approx(calm.hours)


def test_thresholds_are_chosen_by_every_kind_without_events():
    """The kinds of the test manifest, the empty room with them."""
    assert set(CALM_VALIDATION.kinds) == {"empty", *EVENTLESS}


def test_a_generator_left_out_makes_no_calm_night():
    """A detector that is judged on it must not have heard it."""
    specs = calm_specs(CALM_TRAIN, "all", generators=("recorded", "airflow"))
    assert {spec.generator for spec in specs} == {"recorded", "airflow"}


def test_a_trial_makes_a_share_of_calm_nights():
    """A tenth is about a tenth, and at least a night of each kind."""
    whole = CALM_TRAIN.hours * len(CALM_TRAIN.kinds)
    assert hours(calm_specs(CALM_TRAIN, "all", 0.1)) == pytest.approx(0.1 * whole, rel=0.2)
    assert len(calm_specs(CALM_TRAIN, "all", 0.001)) == len(CALM_TRAIN.kinds)
