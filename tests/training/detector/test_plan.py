"""Which nights are made for training and validation."""

from collections import Counter

import pytest

pytest.importorskip("torch")

from osa_daemon.training.detector.plan import (
    CALM_HOURS,
    CALM_KINDS,
    TRAIN,
    VALIDATION,
    calm_specs,
    specs_of,
)
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


def test_calm_nights_hold_no_events_and_every_kind_alike():
    """As many hours of each kind, of the voices kept back, all generators."""
    specs = calm_specs("all")
    assert {spec.severity for spec in specs} == {"none"}
    assert {spec.split for spec in specs} == {VALIDATION.split}
    assert len({spec.generator for spec in specs}) == 3
    assert set(Counter(spec.kind for spec in specs)) == set(CALM_KINDS)
    for kind in CALM_KINDS:
        assert hours([s for s in specs if s.kind == kind]) == pytest.approx(CALM_HOURS)


def test_a_trial_makes_a_share_of_calm_nights():
    """A tenth is about a tenth, and at least a night of each kind."""
    assert hours(calm_specs("all", 0.1)) == pytest.approx(0.1 * CALM_HOURS * 9, rel=0.2)
    assert len(calm_specs("all", 0.001)) == len(CALM_KINDS)
