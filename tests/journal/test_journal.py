"""What is written is there again: events, nights, minutes, the pause in progress."""

import sqlite3
from datetime import date, timedelta, timezone
from threading import Thread

import pytest

from osa_daemon.journal.journal import Journal
from osa_daemon.journal.rows import MinuteRow, NightRow, OpenPause


def test_an_event_and_its_message_are_one(journal, event_row, evening):
    """Recording an event puts the message that tells of it into the outbox."""
    assert journal.record_event(event_row("a"), '{"id":"a"}', evening)
    (message,) = journal.pending()
    assert (message.kind, message.payload, message.created_utc) == ("event", '{"id":"a"}', evening)
    later = evening + timedelta(hours=1)
    assert journal.events_between(evening, later) == (event_row("a"),)


def test_an_event_is_recorded_once(journal, event_row, evening):
    """A second event of the same id changes nothing and sends nothing."""
    journal.record_event(event_row("a"), "{}", evening)
    assert not journal.record_event(event_row("a", at_s=99), "{}", evening)
    assert journal.outbox_length() == 1


def test_events_are_read_by_time(journal, event_row, evening):
    """Only onsets within the span come, in order."""
    for at_s in (30, 10, 20, 40):
        journal.record_event(event_row(f"at {at_s}", at_s), "{}", evening)
    span = [evening + timedelta(seconds=s) for s in (10, 40)]
    assert [e.id for e in journal.events_between(*span)] == ["at 10", "at 20", "at 30"]


def test_local_times_are_kept_as_utc(journal, event_row, evening):
    """A time of another zone is the same instant when it comes back."""
    local = evening.astimezone(timezone(timedelta(hours=5, minutes=30)))
    journal.enqueue("status", "{}", local)
    assert journal.pending()[0].created_utc == evening


def test_a_time_without_zone_is_a_bug(journal, evening):
    """Whoever writes knows the zone."""
    with pytest.raises(ValueError, match="has no time zone"):
        journal.enqueue("status", "{}", evening.replace(tzinfo=None))


def test_a_night_is_replaced(journal, evening):
    """Figures of the same night take the place of those before."""
    night = evening.date()
    for figures in ('{"events":1}', '{"events":2}'):
        journal.record_night(NightRow(night, evening, evening, figures, "{}"))
    assert journal.night(night).figures == '{"events":2}'
    assert len(journal.last_nights(10)) == 1
    assert journal.night(date(2026, 11, 21)) is None


def test_the_last_nights_come_latest_first(journal, evening):
    """As many as asked for."""
    for day in (20, 22, 21):
        journal.record_night(NightRow(date(2026, 11, day), evening, evening, "{}", "{}"))
    assert [row.night.day for row in journal.last_nights(2)] == [22, 21]


def test_a_pause_in_progress_outlives_its_writer(path, evening):
    """What was going on when the writer died is known at the next start, until dealt with."""
    seen = evening + timedelta(seconds=25)
    with Journal.open(path) as journal:
        assert journal.left_open is None
        journal.begin_pause(evening, evening + timedelta(seconds=10))
        journal.begin_pause(evening, seen)
    with Journal.open(path) as journal:
        assert journal.left_open == OpenPause(evening, seen)
        journal.end_pause()
        assert journal.open_pause() is None
    with Journal.open(path) as journal:
        assert journal.left_open is None


def minute(start, night):
    """Return a minute with figures."""
    return MinuteRow(start, night, 60.0, 58.0, 12.0, 0.0, -52.5, -68.0, 14.2)


def test_old_nights_are_forgotten(journal, event_row, evening):
    """Nights with their events go after `keep_nights`, minutes sooner; messages stay."""
    for days in (0, 5, 40, 400):
        night, start = (
            evening.date() - timedelta(days=days),
            evening - timedelta(days=days),
        )
        journal.record_event(event_row(f"{days}", -days * 86_400, night), "{}", evening)
        journal.record_night(NightRow(night, start, start, "{}", "{}"))
        journal.record_minutes([minute(start, night)])
    journal.forget_before(evening.date(), keep_nights=365, keep_minutes_nights=30)
    assert len(journal.last_nights(10)) == 3
    assert len(journal.events_between(evening - timedelta(days=999), evening + timedelta(1))) == 3
    assert journal._db.execute("SELECT count(*) FROM minutes").fetchone() == (2,)
    assert journal.outbox_length() == 4


def test_full_durability_is_set(journal):
    """Only WAL with synchronous=FULL survives a power cut."""
    assert journal._db.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert journal._db.execute("PRAGMA synchronous").fetchone() == (2,)


def test_another_thread_may_not_write(journal, evening):
    """The journal belongs to the thread that opened it: a bug, no matter of storage."""
    errors = []

    def write():
        try:
            journal.enqueue("status", "{}", evening)
        except sqlite3.ProgrammingError as error:
            errors.append(error)

    thread = Thread(target=write)
    thread.start()
    thread.join()
    assert len(errors) == 1
