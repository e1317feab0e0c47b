"""A journal that is damaged, deleted or replaced while it is in use is begun anew."""

import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import date, timedelta
from pathlib import Path

import pytest

from osa_daemon.clock import Clock
from osa_daemon.errors import DamagedError, StorageError
from osa_daemon.journal.journal import Journal
from osa_daemon.journal.rows import NightRow

NIGHT = date(2026, 11, 22)


def fill(journal: Journal, event_row, evening, count: int = 300) -> None:
    """Write events, their messages, and a night."""
    names = [f"e{number}" for number in range(count)]
    rows = [event_row(name, number * 60.0) for number, name in enumerate(names)]
    payloads = [f'{{"id":"{name}"}}' for name in names]
    journal.record_late(zip(rows, payloads, strict=True), evening)
    journal.record_night(NightRow(NIGHT, evening, evening, '{"events":300}', '{"apneas":300}'))


def overwrite(path: Path, where: Callable[[sqlite3.Connection], int]) -> None:
    """Spoil one page of the file itself, as a failing card does; `where` names it."""
    with closing(sqlite3.connect(path)) as db:
        page = where(db)
    content = bytearray(path.read_bytes())
    content[(page - 1) * 4096 : page * 4096] = b"\x55" * 4096
    path.write_bytes(content)


def root_of(table: str) -> Callable[[sqlite3.Connection], int]:
    """Return what finds the first page of a table or index."""
    select = "SELECT rootpage FROM sqlite_master WHERE name = ?"
    return lambda db: int(db.execute(select, (table,)).fetchone()[0])


def spoilt(path: Path, journal: Journal, table: str) -> None:
    """Spoil a table on the disk, and let SQLite forget what it has in memory."""
    journal._db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    overwrite(path, root_of(table))
    journal._db.execute("PRAGMA shrink_memory")


@pytest.mark.parametrize("table", ["events", "events_by_night", "outbox", "nights"])
def test_damage_that_shows_in_use_is_set_aside(path, journal, event_row, evening, table):
    """The write that meets it says so; then all that lies elsewhere is there, and it is said."""
    fill(journal, event_row, evening)
    spoilt(path, journal, table)
    with pytest.raises(DamagedError, match="it is damaged; the daemon sets it aside"):
        for _ in range(2):
            journal.record_event(event_row("new"), '{"id":"new"}', evening)
            journal.record_night(NightRow(NIGHT, evening, evening, "{}", "{}"))
            journal.acknowledge(1)
    journal.renew()
    assert "was damaged; it was set aside as journal.db.damaged-" in journal.notice
    assert journal.record_event(event_row("newer"), '{"id":"newer"}', evening)
    names = {event.id for event in journal.events_of(NIGHT)}
    waiting = {row.payload for row in journal.pending(999)}
    lost = {"events": names, "outbox": waiting}.get(table)
    for found in (names, waiting):
        assert len(found) >= (1 if found is lost else 301)
    assert (journal.night(NIGHT) is None) == (table == "nights")
    assert len(list(path.parent.glob("journal.db.damaged-*"))) >= 1


def test_damage_at_the_start_loses_no_more_than_is_damaged(path, event_row, evening):
    """A file that fails the check at the start is carried over like one that fails in use."""
    with Journal.open(path) as journal:
        fill(journal, event_row, evening)
    overwrite(path, root_of("minutes"))
    with Journal.open(path) as journal:
        assert "300 events, 300 of them not yet sent" in journal.notice
        assert len(journal.events_of(NIGHT)) == 300
        assert journal.outbox_length() == 300


def test_both_sides_of_a_damaged_page_are_kept(path, event_row, evening):
    """Events before and after the damage are carried over, those on the page are not."""
    with Journal.open(path) as journal:
        fill(journal, event_row, evening)
        middle = "SELECT pageno FROM dbstat WHERE name='events' AND pagetype='leaf' ORDER BY path"
        try:
            leaves = journal._db.execute(middle).fetchall()
        except sqlite3.OperationalError:
            pytest.skip("this SQLite does not tell its pages")
    overwrite(path, lambda _db: int(leaves[len(leaves) // 2][0]))
    with Journal.open(path) as journal:
        names = [event.id for event in journal.events_of(NIGHT)]
    assert 200 < len(names) < 300
    assert (names[0], names[-1]) == ("e0", "e299")


def test_a_row_that_makes_no_sense_is_not_carried_over(path, event_row, evening):
    """A flipped bit that SQLite cannot see costs its row, beside what else is damaged."""
    with Journal.open(path) as journal:
        fill(journal, event_row, evening, 3)
        journal._db.execute("UPDATE events SET onset_utc = '2o26' WHERE id = 'e1'")
        journal._db.execute("UPDATE outbox SET payload = '{' WHERE id = 1")
    overwrite(path, root_of("minutes"))
    with Journal.open(path) as journal:
        assert [event.id for event in journal.events_of(NIGHT)] == ["e0", "e2"]
        assert journal.outbox_length() == 2


@pytest.mark.parametrize("suffixes", [("",), ("-wal",), ("", "-wal")])
def test_a_file_that_is_deleted_is_written_again(path, journal, event_row, evening, suffixes):
    """The next write notices it; what the daemon still had open is in the new file."""
    fill(journal, event_row, evening, 20)
    for suffix in suffixes:
        path.with_name(path.name + suffix).unlink()
    with pytest.raises(DamagedError, match="was deleted or replaced"):
        journal.record_event(event_row("new"), "{}", evening)
    journal.renew()
    assert "was deleted or replaced while the daemon ran" in journal.notice
    assert journal.record_event(event_row("new", 5.0), '{"id":"new"}', evening)
    journal.close()
    with Journal.open(path) as again:
        assert again.notice is None
        assert len(again.events_of(NIGHT)) == again.outbox_length() == 21


def test_a_damaged_file_that_is_deleted_as_well_is_begun_anew(path, journal, event_row, evening):
    """Somebody was quicker than the daemon: there is nothing to set aside, and that is no end."""
    fill(journal, event_row, evening, 20)
    spoilt(path, journal, "nights")
    with pytest.raises(DamagedError):
        journal.record_night(NightRow(NIGHT, evening, evening, "{}", "{}"))
    path.unlink()
    journal.renew()
    assert len(journal.events_of(NIGHT)) == 20


def test_a_folder_that_is_gone_is_tried_again(path, journal, event_row, evening):
    """While it cannot be made what was read is kept, and written once it can."""
    fill(journal, event_row, evening, 20)
    shutil.rmtree(path.parent)
    path.parent.write_text("in the way")
    for _ in range(2):
        with pytest.raises(DamagedError):
            journal.record_event(event_row("new"), "{}", evening)
        with pytest.raises(StorageError, match="could not be opened"):
            journal.renew()
    path.parent.unlink()
    journal.renew()
    assert journal.outbox_length() == 20


def test_another_journal_in_its_place_gains_what_this_one_had(path, journal, event_row, evening):
    """Somebody puts an older copy back: its events stay, ours are added, no log is mixed up."""
    other = path.with_name("other.db")
    with Journal.open(other) as older:
        older.record_event(event_row("older", -600.0), '{"id":"older"}', evening)
    fill(journal, event_row, evening, 20)
    other.replace(path)
    with pytest.raises(DamagedError):
        journal.end_pause()
    journal.renew()
    names = [event.id for event in journal.events_of(NIGHT)]
    assert names == ["older", *(f"e{number}" for number in range(20))]
    assert journal.outbox_length() == 21
    assert journal._db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert list(path.parent.glob("*damaged*")) == []


def test_only_the_newest_damaged_journals_are_kept(path, evening):
    """Three of them, with their logs: a card must not fill with what nobody looks at."""
    for day in range(6):
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"this is no journal\n" * 400)
        when = evening + timedelta(days=day)
        Journal.open(path, clock=Clock(wall_s=when.timestamp)).close()
    kept = sorted(file.name for file in path.parent.glob("*damaged*"))
    assert kept == [f"journal.db.damaged-202611{day}T230000Z" for day in (25, 26, 27)]
