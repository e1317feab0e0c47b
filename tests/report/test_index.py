"""The interval of a night's index, and the average of nights."""

import json
from dataclasses import asdict
from datetime import UTC, date, datetime

import pytest

from osa_daemon.journal.rows import NightRow
from osa_daemon.poisson import interval
from osa_daemon.report.index import average_of, interval_of
from osa_daemon.scoring.night import NightCounts, NightFigures, figures_of

EVENING = datetime(2026, 11, 29, 21, tzinfo=UTC)


def row(figures: NightFigures, counts: str = "{}", day: int = 1) -> NightRow:
    """A night with these figures."""
    return NightRow(date(2026, 11, day), EVENING, EVENING, json.dumps(asdict(figures)), counts)


def test_an_interval_is_that_of_the_counted_events():
    """Garwood's interval of the events in monitorable time, over its hours."""
    counts = NightCounts(apneas=30, monitorable_events=24, monitorable_frames=6 * 3600 * 5)
    low, high = interval(24)
    found = interval_of(row(figures_of(counts), json.dumps(asdict(counts))))
    assert found == (round(low / 6, 1), round(high / 6, 1)) == (2.6, 6.0)


def test_without_counts_the_events_follow_from_the_index():
    """Those of a night that an older version wrote, or that a damage took."""
    figures = NightFigures(index=4.0, monitorable_s=6 * 3600.0)
    assert interval_of(row(figures)) == interval_of(row(figures, "no JSON")) == (2.6, 6.0)


def test_a_night_without_events_may_still_have_had_some():
    """The interval begins at 0 and does not end there."""
    assert interval_of(row(NightFigures(index=0.0, monitorable_s=6 * 3600.0))) == (0.0, 0.6)


@pytest.mark.parametrize(
    "figures", [NightFigures(index=None), NightFigures(index=3.0, monitorable_s=0.0)]
)
def test_without_an_index_there_is_no_interval(figures: NightFigures):
    """Too little was heard, or the figures contradict themselves."""
    assert interval_of(row(figures)) is None


def test_an_average_is_of_the_nights_that_have_an_index():
    """One that was too short, or cannot be read, is not one with no events."""
    nights = [row(NightFigures(index=index)) for index in (4.0, None, 10.0)]
    found = average_of([*nights, NightRow(date(2026, 1, 1), EVENING, EVENING, "[]", "{}")])
    assert found is not None
    assert (found.index, found.nights, found.least, found.most) == (7.0, 2, 4.0, 10.0)
    assert average_of(nights[1:2]) is None
