"""Operating points from a sweep."""

import pytest

pytest.importorskip("torch")

from osa_daemon.training.detector.operating import Point, f1_of, points_of

pytestmark = pytest.mark.train

SWEEP = [
    Point(threshold, precision, recall, f1_of(precision, recall))
    for threshold, precision, recall in (
        (0.2, 0.70, 0.99),
        (0.3, 0.88, 0.97),
        (0.5, 0.92, 0.95),
        (0.7, 0.95, 0.90),
        (0.9, 0.99, 0.60),
    )
]


def test_balanced_has_the_best_f1():
    """The threshold of `balanced` is that of the best F1."""
    assert points_of(SWEEP)["balanced"] == 0.5


def test_high_goes_below_and_low_above():
    """`high` keeps most of the precision, `low` most of the recall."""
    assert points_of(SWEEP)["high"] == 0.3
    assert points_of(SWEEP)["low"] == 0.7


def test_nothing_found_is_no_division_by_zero():
    """F1 of nothing is 0."""
    assert f1_of(0.0, 0.0) == 0.0
