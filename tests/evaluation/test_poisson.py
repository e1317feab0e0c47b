"""Upper bounds of rates."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from osa_daemon.evaluation.poisson import cdf, upper_bound


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
