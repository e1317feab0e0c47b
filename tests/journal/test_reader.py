"""Reading beside the writer."""

import os
import sqlite3
from datetime import timedelta

import pytest

from osa_daemon.errors import StorageError
from osa_daemon.journal.journal import Journal
from osa_daemon.journal.reader import JournalReader
from osa_daemon.journal.rows import MinuteRow, NightRow


def test_a_reader_sees_what_is_committed(journal, path, event_row, evening):
    """While the writer goes on, events, nights and minutes can be read."""
    night = evening.date()
    with JournalReader.open(path) as reader:
        assert reader.events_of(night) == ()
        journal.record_event(event_row("b", 60), "{}", evening)
        journal.record_event(event_row("a", 0), "{}", evening)
        row = NightRow(night, evening, evening, '{"events":2}', "{}")
        journal.record_night(row)
        minute = MinuteRow(evening, night, 60.0, 58.0, 12.0, 0.0, -52.5, -68.0, None)
        journal.record_minutes([minute])
        assert [event.id for event in reader.events_of(night)] == ["a", "b"]
        later = evening + timedelta(seconds=1)
        assert [event.id for event in reader.events_between(evening, later)] == ["a"]
        assert reader.nights() == (row,)
        assert reader.minutes_of(night) == (minute,)


def test_a_reader_cannot_write(journal, path):
    """Its connection is read-only."""
    with (
        JournalReader.open(path) as reader,
        pytest.raises(sqlite3.OperationalError, match="readonly"),
    ):
        reader._db.execute("DELETE FROM events")


def test_a_reader_makes_no_journal(path):
    """Where there is none, it says so and makes none."""
    with pytest.raises(StorageError, match="There is no journal at"):
        JournalReader.open(path)
    assert not path.exists()


def test_a_reader_reads_when_no_daemon_runs(path, event_row, evening):
    """After the writer has closed, all is there."""
    with Journal.open(path) as journal:
        journal.record_event(event_row("a"), "{}", evening)
    with JournalReader.open(path) as reader:
        assert len(reader.events_of(evening.date())) == 1


@pytest.fixture
def stranger(tmp_path):
    """Makes this process a user who may not look into `tmp_path`, for the length of a test."""
    tmp_path.chmod(0)
    own = os.geteuid()
    if own == 0:
        os.seteuid(65534)  # nobody
    yield
    os.seteuid(own)
    tmp_path.chmod(0o700)


def test_a_stranger_is_told_how_to_read(journal, path, stranger):
    """The folder of the service is not for everyone: the sentence names the way in."""
    with pytest.raises(StorageError, match="with sudo"):
        JournalReader.open(path)


@pytest.mark.parametrize("content", [b"", b"no journal" * 100])
def test_what_is_no_journal_is_named(tmp_path, content):
    """A file of another kind is a sentence."""
    path = tmp_path / "journal.db"
    path.write_bytes(content)
    with pytest.raises(StorageError, match="could not be read"):
        JournalReader.open(path)


def test_another_version_is_named(path):
    """A journal of another version is not guessed at."""
    with Journal.open(path) as journal:
        journal._db.execute("INSERT INTO migrations VALUES (99, 'then')")
    with pytest.raises(StorageError, match="has version 99, this program reads version"):
        JournalReader.open(path)
