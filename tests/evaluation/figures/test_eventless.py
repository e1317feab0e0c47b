"""Nights without events that count."""

import pytest

from osa_daemon.evaluation.figures.eventless import eventless_figures, eventless_row, is_wanted
from tests.evaluation.judged import alert, apnea, frames, hypopnea, matched, night


def test_rates_are_per_hour_and_per_night_of_eight():
    """Two false events and one alert in two hours: 1 per hour, 4 per 8 h."""
    nights = matched(night([], [apnea(100), apnea(200)], [alert(500)]), night(name="b"))
    row = eventless_row(nights)
    assert (row["false_per_hour"], row["false_alerts_per_8h"]) == (1.0, 4.0)
    assert row["false_per_hour_upper_95"] == pytest.approx(6.2958 / 2, abs=1e-3)


def test_silence_still_has_an_upper_bound():
    """No false event in one hour means at most 3 per hour, not 0."""
    assert eventless_row(matched(night()))["false_per_hour_upper_95"] == pytest.approx(2.9957, 1e-4)


def test_uncounted_events_excuse_what_lies_on_them():
    """Neither an event nor an alert on a scored event that sound cannot find is false."""
    row = eventless_row(
        matched(night([apnea(100, 60, counts=False)], [apnea(100, 60)], [alert(131, 101)]))
    )
    assert (row["false"], row["false_alerts"]) == (0, 0)


def test_the_monitorable_share_is_of_all_time():
    """A quarter of the hour is monitorable."""
    row = eventless_row(matched(night(monitorable=frames((0, 900)))))
    assert row["monitorable_share"] == 0.25


def test_nights_with_events_are_not_eventless():
    """Only nights whose truth holds nothing that counts are sorted by kind."""
    figures = eventless_figures(
        matched(
            night([apnea(100)], name="a"),
            night(name="b", kind="snorer"),
            night([hypopnea(9, counts=False)], name="c", kind="pets"),
            night(name="d", kind="empty", noise="rain"),
        )
    )
    assert set(figures["kinds"]) == {"empty", "pets", "snorer"}
    assert set(figures["empty_by_noise"]) == {"rain"}
    assert figures["all"]["nights"] == 3


def test_nights_that_should_have_had_events_are_apart():
    """A night of events that nobody could hear is no test of an eventless kind."""
    figures = eventless_figures(
        matched(night(name="a", kind="partner_events"), night(name="b", kind="partner"))
    )
    assert figures["all"]["nights"] == 2
    assert figures["wanted"]["nights"] == 1
    assert not is_wanted("unknown")


def test_without_facts_the_kind_is_unknown():
    """A night of a folder that says nothing of itself is counted all the same."""
    assert list(eventless_figures(matched(night(facts={})))["kinds"]) == ["unknown"]


def test_no_nights_have_no_rates():
    """Nothing heard, nothing divided."""
    assert eventless_row([])["false_per_hour"] is None
