"""Bounds of rates."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from osa_daemon.poisson import cdf, interval, lower_bound, upper_bound


@pytest.mark.parametrize(
    ("count", "bound"), [(0, 2.9957), (1, 4.7439), (5, 10.5130), (15, 23.0971), (100, 118.0793)]
)
def test_bounds_are_those_of_the_tables(count: int, bound: float):
    """Half the 95 % quantile of chi-square with 2·count + 2 degrees of freedom."""
    assert upper_bound(count) == pytest.approx(bound, abs=2e-4)


@given(st.integers(0, 300))
def test_so_few_events_have_five_percent_at_the_bound(count: int):
    """At the bound, so few events or fewer happen in one of twenty cases."""
    assert cdf(count, upper_bound(count)) == pytest.approx(0.05, abs=1e-5)


@pytest.mark.parametrize(
    ("count", "low", "high"),
    [(0, 0.0, 3.6889), (1, 0.0253, 5.5716), (10, 4.7954, 18.3904), (100, 81.3640, 121.6268)],
)
def test_intervals_are_those_of_the_tables(count: int, low: float, high: float):
    """Garwood's exact 95 % interval: half the quantiles of chi-square."""
    assert interval(count) == pytest.approx((low, high), abs=2e-4)


@given(st.integers(1, 300))
def test_so_many_events_have_five_percent_at_the_lower_bound(count: int):
    """At the bound, so many events or more happen in one of twenty cases."""
    assert 1 - cdf(count - 1, lower_bound(count)) == pytest.approx(0.05, abs=1e-5)
