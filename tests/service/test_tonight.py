"""The night that goes on: when it is committed, and what is forgotten."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from osa_daemon.clock import SYSTEM_CLOCK, Clock
from osa_daemon.journal.journal import Journal
from osa_daemon.journal.rows import EventRow, NightRow
from osa_daemon.scoring.event import Event
from osa_daemon.scoring.thresholds import ScoringSettings
from osa_daemon.service.bulletin import Bulletin
from osa_daemon.service.clock import StreamClock
from osa_daemon.service.store import Store
from osa_daemon.service.tonight import Tonight

NOW = datetime(2026, 3, 1, 23, 0).astimezone()
EVENT = Event("a", "apnea", 0.0, 12.0, 0.9, "silent", True, False)


class Wire:
    """Notes what is published."""

    def __init__(self) -> None:
        self.told: list[str] = []

    def set_state(self, suffix: str, payload: Any) -> None:
        """Note a topic."""
        self.told.append(suffix)


@pytest.fixture
def journal(tmp_path: Path):
    """A real journal."""
    with Journal.open(tmp_path / "journal.sqlite3") as opened:
        yield opened


def make(journal: Journal, wire: Wire, keep_days: int = 730, port: Clock = SYSTEM_CLOCK) -> Tonight:
    """Tonight over the journal, at 23:00."""
    clock = StreamClock(wall=NOW.timestamp)
    bulletin = Bulletin(wire, clock, "0", "m", lambda _state, _text: None)
    store = Store(lambda: journal, lambda _problem: None)
    return Tonight(store, bulletin, ScoringSettings(), keep_days, NOW, clock=port)


def row_of(days_ago: int, counts: str = "{}") -> NightRow:
    """A night in the journal."""
    begun = datetime.now(UTC)
    return NightRow(NOW.date() - timedelta(days=days_ago), begun, begun, "{}", counts)


def test_an_unchanged_night_is_not_written_again(journal: Journal, monkeypatch: pytest.MonkeyPatch):
    """Each minute the figures are told; the disk is written only where they changed."""
    monkeypatch.setattr("osa_daemon.service.tonight.SAVE_S", 0.0)
    wire, commits = Wire(), []
    tonight = make(journal, wire)
    monkeypatch.setattr(journal, "record_night", commits.append)
    tonight.minute()
    tonight.add(EVENT, tonight.night)
    tonight.minute()
    tonight.minute()
    assert len(commits) == 1
    assert wire.told.count("night/current") == 3


def test_between_saves_the_disk_is_left_alone(journal: Journal, monkeypatch: pytest.MonkeyPatch):
    """A change alone is not committed each minute."""
    commits: list[NightRow] = []
    tonight = make(journal, Wire())
    monkeypatch.setattr(journal, "record_night", commits.append)
    tonight.add(EVENT, tonight.night)
    tonight.minute()
    assert commits == []
    tonight.save()
    assert len(commits) == 1


def test_old_nights_are_forgotten_after_an_hour(journal: Journal):
    """A daemon that is restarted each day forgets as well as one that runs over noon."""
    journal.record_night(row_of(40))
    journal.record_night(row_of(3))
    now_s = [0.0]
    tonight = make(journal, Wire(), 30, Clock(monotonic_s=lambda: now_s[0]))
    now_s[0] = 3599.0
    tonight.minute()
    assert len(journal.last_nights(9)) == 2
    now_s[0] = 3601.0
    tonight.minute()
    assert [row.night for row in journal.last_nights(9)] == [row_of(3).night]


def test_a_clock_that_is_set_puts_forgetting_off(journal: Journal):
    """A clock that was years ahead, and is put right within the hour, has nothing forgotten."""
    journal.record_night(row_of(40))
    now_s = [3000.0]
    tonight = make(journal, Wire(), 30, Clock(monotonic_s=lambda: now_s[0]))
    now_s[0] = 6500.0
    tonight.move(timedelta(days=-900), NOW)
    now_s[0] = 6700.0
    tonight.minute()
    assert journal.night(row_of(40).night) is not None


def test_an_unreadable_row_begins_the_night_anew(journal: Journal):
    """What no version wrote does not stop the start."""
    journal.record_night(row_of(0, "[]"))
    assert make(journal, Wire()).tally.figures().events == 0


@pytest.mark.parametrize("was_saved", [True, False])
def test_an_event_that_the_figures_do_not_know_is_counted(journal: Journal, *, was_saved: bool):
    """The daemon was killed after the event's commit and before that of the figures."""
    first = make(journal, Wire())
    if was_saved:
        first.add(EVENT, first.night)
        first.save()
    onset = NOW.astimezone(UTC)
    for name, kind, duration_s in (
        ("a", "apnea", 12.0),
        ("b", "apnea", 31.0),
        ("c", "hypopnea", 9.0),
    ):
        end = onset + timedelta(seconds=duration_s)
        row = EventRow(name, kind, onset, end, duration_s, 0.9, "silent", True, False, NOW.date())
        journal.record_event(row, "{}", onset)
    again = make(journal, Wire())
    figures = again.tally.figures()
    assert (figures.events, figures.apneas, figures.longest_apnea_s) == (3, 2, 31.0)
    again.save()
    assert make(journal, Wire()).tally.figures().events == 3


def test_what_could_not_be_stored_stays_counted(journal: Journal):
    """The figures may know of more than the journal has events."""
    first = make(journal, Wire())
    for _ in range(3):
        first.add(EVENT, first.night)
    first.save()
    onset = NOW.astimezone(UTC)
    row = EventRow("a", "apnea", onset, onset, 12.0, 0.9, "silent", True, False, NOW.date())
    journal.record_event(row, "{}", onset)
    assert make(journal, Wire()).tally.figures().events == 3


def test_an_event_that_is_decided_after_noon_counts_in_its_night(journal: Journal):
    """A night that is over gets what happened in it; the new one does not."""
    wire = Wire()
    tonight = make(journal, wire)
    tonight.add(EVENT, tonight.night)
    noon = NOW + timedelta(hours=14)
    tonight.roll(noon)
    before = NOW.date()
    onset = noon.astimezone(UTC) - timedelta(minutes=61)
    row = EventRow("a", "apnea", onset, onset, 12.0, 0.9, "silent", True, False, before)
    journal.record_event(row, "{}", onset)
    row = EventRow("b", "apnea", onset, onset, 12.0, 0.9, "silent", True, False, before)
    journal.record_event(row, "{}", onset)
    wire.told.clear()
    tonight.add(EVENT, before)
    assert tonight.tally.figures().events == 0
    stored = journal.night(before)
    assert stored is not None
    assert json.loads(stored.figures)["events"] == 2
    assert "night/last" in wire.told
