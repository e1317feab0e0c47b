"""Events per hour, decided against true."""

import pytest

from osa_daemon.evaluation.figures.index import index_figures, indices_of, stratum_of
from tests.evaluation.judged import apnea, frames, hypopnea, matched, night


def events(count: int) -> list:
    """Apneas, one a minute."""
    return [apnea(60.0 * i + 30) for i in range(count)]


def test_rates_have_their_own_hours():
    """True events are per audible hour, decided ones per monitorable hour."""
    (one,) = matched(
        night(events(10), events(9), audible=frames((0, 1800)), monitorable=frames((0, 2700)))
    )
    indices = indices_of(one)
    assert indices is not None
    assert (indices.true, indices.decided) == (20.0, 12.0)


def test_events_in_time_that_is_not_monitorable_are_left_out():
    """As at the bedside, an event counts if at least half of it is in monitorable time."""
    (one,) = matched(night(events(2), events(2), monitorable=frames((0, 60), (120, 3600))))
    indices = indices_of(one)
    assert indices is not None
    assert indices.decided == pytest.approx(1 / (3540 / 3600))


def test_where_hearing_is_not_known_the_night_counts():
    """Without the truth of what was audible, true events are per hour of the night."""
    nights = matched(night(events(6), [], audible=None))
    figures = index_figures(nights)
    assert figures["pairs"] == [["night", 6.0, 0.0]]
    assert figures["nights_audible_not_known"] == 1


def test_too_little_to_go_by_is_left_out():
    """Ten monitorable minutes give no rate."""
    figures = index_figures(matched(night(events(3), monitorable=frames((0, 600)))))
    assert (figures["left_out"], figures["pairs"]) == (1, [])


def test_bias_and_limits():
    """Errors of +2 and -4 per hour: error 3, bias -1, limits ± 1.96 · 4.24."""
    row = index_figures(
        matched(night(events(8), events(10), name="a"), night(events(10), events(6), name="b"))
    )["strata"]["5-15"]
    assert (row["nights"], row["mean_abs_error"], row["bias"]) == (2, 3.0, -1.0)
    assert row["limits"] == pytest.approx([-1 - 1.96 * 18**0.5, -1 + 1.96 * 18**0.5])
    assert row["relative_error"] == pytest.approx((0.25 + 0.4) / 2)


def test_events_on_uncounted_ones_can_be_left_out():
    """A found hypopnea that does not count raises the index, and is shown apart."""
    truth = [*events(5), hypopnea(2000, counts=False)]
    row = index_figures(matched(night(truth, [*events(5), hypopnea(2000)])))["with events"]
    assert (row["mean_abs_error"], row["mean_abs_error_of_judged"]) == (1.0, 0.0)


@pytest.mark.parametrize(
    ("true", "stratum"), [(0.0, "below 5"), (5.0, "5-15"), (15.0, "15-30"), (30.0, "above 30")]
)
def test_strata_hold_their_lower_border(true: float, stratum: str):
    """An index on a border belongs to the stratum above."""
    assert stratum_of(true) == stratum


def test_nights_without_events_have_their_own_row():
    """They do not dilute the stratum below 5."""
    figures = index_figures(matched(night([], [apnea(100)], kind="quiet")))
    assert figures["strata"]["below 5"]["nights"] == 0
    assert figures["without events"]["mean_abs_error"] == 1.0
