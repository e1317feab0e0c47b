"""A flipped bit in a row, which SQLite does not notice, costs that row and nothing else."""

import json
import sqlite3
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from osa_daemon.journal.damage import moment
from osa_daemon.journal.journal import Journal
from osa_daemon.journal.reader import JournalReader
from osa_daemon.journal.rows import EventRow, MinuteRow, NightRow

MakeRow = Callable[..., EventRow]


def change(path: Path, statement: str, *values: object) -> None:
    """Change the closed journal as damage would, past everything that checks."""
    db = sqlite3.connect(path)
    with db:
        db.execute(statement, values)
    db.close()


def test_a_damaged_row_is_left_out_and_the_others_are_read(
    path: Path, event_row: MakeRow, evening: datetime
) -> None:
    """Events, nights, minutes and the pause in progress: what makes no sense is not there."""
    night = evening.date()
    with Journal.open(path) as journal:
        for name in ("a", "b"):
            journal.record_event(event_row(name), "{}", evening)
        journal.record_night(NightRow(night, evening, evening, "{}", "{}"))
        later = evening + timedelta(minutes=1)
        for start in (evening, later):
            journal.record_minutes([MinuteRow(start, night, 60, 60, 0, 0, -60, -70, 14)])
        journal.begin_pause(evening, evening)
    change(path, "UPDATE events SET onset_utc = '2026-11-2' || ? WHERE id = 'a'", "x")
    change(path, "UPDATE nights SET started_utc = '2026-11-22T23:00:00'")  # its zone is gone
    latest = "(SELECT max(start_utc) FROM minutes)"
    change(path, f"UPDATE minutes SET start_utc = 'x' WHERE start_utc = {latest}")
    change(path, "UPDATE open_pause SET seen_utc = '9999-12-31T00:00:00+00:00'")
    with Journal.open(path) as journal:
        assert [row.id for row in journal.events_of(night)] == ["b"]
        assert journal.last_nights(3) == ()
        assert journal.left_open is None
    with JournalReader.open(path) as reader:
        assert [row.id for row in reader.events_of(night)] == ["b"]
        assert len(reader.minutes_of(night)) == 1


def test_bytes_that_are_no_text_are_read_all_the_same(
    path: Path, event_row: MakeRow, evening: datetime
) -> None:
    """SQLite hands over what is no UTF-8; the row that holds it is still one of the night."""
    with Journal.open(path) as journal:
        journal.record_event(event_row("a"), "{}", evening)
    change(path, "UPDATE events SET id = CAST(x'61ff' AS TEXT)")
    with Journal.open(path) as journal:
        assert [row.id for row in journal.events_of(evening.date())] == ["a\ufffd"]


def test_a_schema_that_is_no_text_is_set_aside(path: Path, evening: datetime) -> None:
    """What SQLite says of such a schema holds its bytes; the journal is damaged, and says so."""
    with Journal.open(path) as journal:
        journal.enqueue("status", "{}", evening)
    whole = path.read_bytes()
    path.write_bytes(whole.replace(b"CREATE TABLE nights", b"CREATE TABLE\xff\xfeights"))
    with Journal.open(path) as journal:
        assert journal.notice is not None
        assert journal.outbox_length() == 0


def test_when_a_message_was_written_down_does_not_keep_it_back(
    path: Path, evening: datetime
) -> None:
    """A message is sent though its date is damaged."""
    with Journal.open(path) as journal:
        journal.enqueue("event", json.dumps({"id": "a"}), evening)
    change(path, "UPDATE outbox SET created_utc = 'x'")
    with Journal.open(path) as journal:
        assert [row.payload for row in journal.pending()] == ['{"id": "a"}']


@pytest.mark.parametrize("text", ["", "2026-03-01T22:00:00", "1969-12-31T23:00:00+00:00", "9" * 30])
def test_a_time_that_no_journal_holds_is_refused(text: str) -> None:
    """Without a zone, before 1970, no date at all."""
    with pytest.raises(ValueError, match=r".*"):
        moment(text)
