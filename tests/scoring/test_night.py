"""Figures of a night, and which night a time belongs to."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from osa_daemon.scoring.night import NightCounts, NightTally, figures_of, night_of
from osa_daemon.scoring.thresholds import ScoringSettings


@pytest.fixture
def tally_of(script_frames, new_scorer):
    """Tally a script to its end."""

    def _tally_of(script):
        frames, rest = script_frames(script)
        scoring, tally = new_scorer(), NightTally(ScoringSettings())
        for frame in frames:
            tally.push(frame, scoring.push(frame))
        for event in scoring.finish(rest).events:
            tally.add(event)
        return tally

    return _tally_of


def test_events_are_counted_by_type(tally_of):
    """Apneas, hypopneas and the longest apnea are told."""
    script = "breathing 60, apnea 12, breathing 40, hypopnea 30, breathing 40, apnea 20"
    figures = tally_of(script).figures()
    assert (figures.events, figures.apneas, figures.hypopneas) == (3, 2, 1)
    assert figures.longest_apnea_s == 20.0


def test_no_index_below_two_hours(tally_of):
    """Less than 2 h of monitorable time has no index, and says why."""
    figures = tally_of("breathing 90").figures()
    assert figures.index is None
    assert figures.index_reason == "1 min could be judged, an estimate needs 120 min"


def test_the_index_counts_monitorable_events_and_hours():
    """Events in monitorable time by monitorable hours, from 2 h on."""
    counts = NightCounts(apneas=30, monitorable_events=25, monitorable_frames=150 * 60 * 5)
    figures = figures_of(counts)
    assert (figures.index, figures.index_reason) == (10.0, None)


def test_shares_and_gaps(tally_of):
    """The monitorable share is of all time listened to, gaps included."""
    figures = tally_of("breathing 60, gap 20, breathing 20").figures()
    assert (figures.gap_s, figures.listened_s, figures.monitorable_s) == (20.0, 100.0, 80.0)
    assert figures.monitorable_share == 0.8


def test_left_out_frames_are_gaps(script_frames, new_scorer):
    """A jump of the index counts as lost sound."""
    frames, _ = script_frames("breathing 60")
    scoring, tally = new_scorer(), NightTally(ScoringSettings())
    for frame in [*frames[:100], *frames[150:]]:
        tally.push(frame, scoring.push(frame))
    assert tally.figures().gap_s == 10.0


def test_snoring_has_its_share(tally_of):
    """A stretch of snoring counts with the quiet between the snores."""
    figures = tally_of("breathing 60, snoring 60").figures()
    assert figures.snoring_share == pytest.approx(0.5, abs=0.02)


def test_a_night_without_sound_has_figures():
    """Nothing heard divides by nothing."""
    figures = NightTally(ScoringSettings()).figures()
    assert (figures.events, figures.monitorable_share, figures.snoring_share) == (0, 0.0, 0.0)
    assert figures.breathing_rate_bpm is None


def test_a_restart_goes_on_counting(tally_of):
    """A tally that begins with the counts of another adds to them."""
    before = tally_of("breathing 60, apnea 12, breathing 60, snoring 90").counts()
    assert NightTally(ScoringSettings(), before).counts() == before


def test_breathing_rate_is_told(tally_of):
    """15 breaths a minute are found as such."""
    assert tally_of("breathing 180").figures().breathing_rate_bpm == pytest.approx(15, abs=0.3)


BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    ("local", "night"),
    [
        (datetime(2026, 11, 22, 23, 30, tzinfo=BERLIN), date(2026, 11, 22)),
        (datetime(2026, 11, 23, 3, 0, tzinfo=BERLIN), date(2026, 11, 22)),
        (datetime(2026, 11, 23, 11, 59, 59, tzinfo=BERLIN), date(2026, 11, 22)),
        (datetime(2026, 11, 23, 12, 0, tzinfo=BERLIN), date(2026, 11, 23)),
        (datetime(2026, 1, 1, 2, 0, tzinfo=BERLIN), date(2025, 12, 31)),
    ],
)
def test_a_night_runs_from_noon_to_noon(local, night):
    """It is named after the date of its evening."""
    assert night_of(local) == night


@pytest.mark.parametrize("day", [date(2026, 3, 28), date(2026, 10, 24)])
def test_a_change_of_the_clock_moves_no_night(day):
    """Noon is noon by the local clock when summer time begins or ends in the night."""
    noon = datetime(day.year, day.month, day.day, 12, 0, tzinfo=BERLIN)
    assert night_of(noon) == day
    assert night_of(noon + timedelta(days=1, seconds=-1)) == day
