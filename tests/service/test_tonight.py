"""The night that goes on: when it is committed, and what is forgotten."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from osa_daemon.journal.journal import Journal
from osa_daemon.journal.rows import NightRow
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


def make(journal: Journal, wire: Wire, keep_days: int = 730) -> Tonight:
    """Tonight over the journal, at 23:00."""
    clock = StreamClock(wall=NOW.timestamp)
    bulletin = Bulletin(wire, clock, "0", "m", lambda _state, _text: None)
    store = Store(lambda: journal, lambda _problem: None)
    return Tonight(store, bulletin, ScoringSettings(), keep_days, NOW)


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
    tonight.add(EVENT)
    tonight.minute()
    tonight.minute()
    assert len(commits) == 1
    assert wire.told.count("night/current") == 3


def test_between_saves_the_disk_is_left_alone(journal: Journal, monkeypatch: pytest.MonkeyPatch):
    """A change alone is not committed each minute."""
    commits: list[NightRow] = []
    tonight = make(journal, Wire())
    monkeypatch.setattr(journal, "record_night", commits.append)
    tonight.add(EVENT)
    tonight.minute()
    assert commits == []
    tonight.save()
    assert len(commits) == 1


def test_old_nights_are_forgotten_at_the_start(journal: Journal):
    """A daemon that is restarted each day forgets as well as one that runs over noon."""
    journal.record_night(row_of(40))
    journal.record_night(row_of(3))
    make(journal, Wire(), keep_days=30)
    assert [row.night for row in journal.last_nights(9)] == [row_of(3).night]


def test_an_unreadable_row_begins_the_night_anew(journal: Journal):
    """What no version wrote does not stop the start."""
    journal.record_night(row_of(0, "[]"))
    assert make(journal, Wire()).tally.figures().events == 0
