"""Whether it knows when it cannot hear."""

import numpy as np
import pytest

from osa_daemon.evaluation.figures.hearing import (
    frames_of,
    heard_before,
    hearing_figures,
    risk_at,
)
from tests.evaluation.judged import apnea, frames, hypopnea, matched, night


def test_shares_of_audible_and_inaudible_time():
    """Audible for the first half, monitorable in 3 of 4 of it and in 1 of 10 of the rest."""
    figures = hearing_figures(
        matched(night(audible=frames((0, 1800)), monitorable=frames((0, 1350), (1800, 1980))))
    )
    assert figures is not None
    assert (figures["audible_monitorable"], figures["inaudible_monitorable"]) == (0.75, 0.1)
    assert (figures["audible_hours"], figures["inaudible_hours"]) == (0.5, 0.5)


def test_event_time_holds_missed_events():
    """Nothing was decided: half of the event's time is monitorable all the same."""
    figures = hearing_figures(matched(night([apnea(100, 20)], monitorable=frames((0, 110)))))
    assert figures is not None
    assert figures["event_time_monitorable"] == 0.5


def test_event_time_is_truly_audible():
    """An uncounted event in inaudible time is none of it; in audible time it is."""
    truth = [hypopnea(100, 20, counts=False), hypopnea(2000, 10, counts=False)]
    figures = hearing_figures(matched(night(truth, audible=frames((0, 1800)))))
    assert figures is not None
    assert figures["event_hours"] == pytest.approx(20 / 3600)


def test_where_truth_is_not_known_there_is_no_figure():
    """Nights of a folder may not say what was audible; none of them gives None."""
    assert hearing_figures(matched(night(audible=None))) is None


def test_nights_that_know_count_alone():
    """A night without the truth is left out of the shares of the others."""
    figures = hearing_figures(
        matched(night(audible=None, monitorable=False, name="a"), night(name="b"))
    )
    assert figures is not None
    assert (figures["nights"], figures["audible_monitorable"]) == (1, 1.0)


def test_heard_before_is_the_mean_of_a_minute():
    """After 30 s of silence following a heard minute half of it was heard."""
    p_audible = frames((0, 60), seconds=90).astype(np.float32)
    heard = heard_before(p_audible)
    assert heard[0] == 1.0
    assert heard[-1] == pytest.approx(0.5)


def test_more_coverage_more_risk():
    """An apnea that nobody could hear is missed where all is judged, and is not judged above."""
    truth = [apnea(1000), apnea(3000, counts=False)]
    nights = matched(night(truth, [apnea(1000)], p_audible=frames((0, 1800))))
    everything, careful = risk_at(nights, 0.0), risk_at(nights, 0.5)
    assert (everything["coverage"], everything["missed_share"]) == (1.0, 0.5)
    assert careful["coverage"] == pytest.approx(0.5, abs=0.01)
    assert (careful["missed_share"], careful["risk"]) == (0.0, 0.0)


def test_uncovered_false_events_are_no_risk():
    """A false event where breathing was not heard is told only by who judges everything."""
    nights = matched(night([], [apnea(3000)], p_audible=frames((0, 1800))))
    assert risk_at(nights, 0.0)["false_per_hour"] == 1.0
    assert risk_at(nights, 0.5)["false_per_hour"] == 0.0


def test_spans_beyond_the_night_are_cut():
    """Events that begin before or end after the sound set only frames that there are."""
    assert frames_of([apnea(-5, 10), apnea(55, 10)], 300).sum() == 50
