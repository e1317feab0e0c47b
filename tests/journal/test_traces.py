"""The course of an event in the journal: with its event, moved with it, and gone with it."""

import sqlite3
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from osa_daemon.errors import DamagedError
from osa_daemon.journal.eras import Reckoning
from osa_daemon.journal.journal import KEEP_MINUTES_NIGHTS, Journal
from osa_daemon.journal.reader import JournalReader
from osa_daemon.journal.rows import EventRow, TraceRow
from osa_daemon.journal.trace import pack, unpack
from osa_daemon.report.recount import recount

MakeRow = Callable[..., EventRow]


def trace(name: str, length: int = 200) -> TraceRow:
    """A course in which the level rises and a pause is heard in the middle."""
    level = tuple(-90.0 + (number % 60) / 2 for number in range(length))
    pause = tuple(float(length // 3 < number < length // 2) for number in range(length))
    none = (0.0,) * length
    heard = (True,) * length
    return TraceRow(name, 120.0, level, (-70.0,) * length, none, pause, none, heard)


def traces_in(path: Path) -> list[str]:
    """The events whose courses lie in the file, known or not."""
    db = sqlite3.connect(path)
    names = [name for (name,) in db.execute("SELECT event_id FROM traces ORDER BY event_id")]
    db.close()
    return names


def test_a_course_is_read_as_it_was_written(
    journal: Journal, path: Path, event_row: MakeRow, evening: datetime
):
    """By a reader beside the daemon; written again it takes the place of the one before."""
    journal.record_event(event_row("a"), "{}", evening)
    journal.record_traces([trace("a", 50)])
    journal.record_traces([trace("a")])
    with JournalReader.open(path) as reader:
        assert reader.trace_of("a") == trace("a")
        assert reader.trace_of("b") is None


def test_a_course_without_its_event_is_not_kept(
    journal: Journal, path: Path, event_row: MakeRow, evening: datetime
):
    """The disk did not take the event, or it is of another file; the others are."""
    journal.record_event(event_row("a"), "{}", evening)
    journal.record_traces([trace("nobody"), trace("a")])
    assert traces_in(path) == ["a"]


def test_courses_go_with_the_minutes_and_with_their_events(
    journal: Journal, path: Path, event_row: MakeRow, evening: datetime
):
    """The check at each start reads the whole file: what is large is not kept for years."""
    tonight = evening.date()
    old = tonight - timedelta(days=KEEP_MINUTES_NIGHTS + 1)
    for name, night in (("old", old), ("new", tonight)):
        journal.record_event(event_row(name, night=night), "{}", evening)
    journal.record_traces([trace("old"), trace("new")])
    journal.forget_before(tonight, 730)
    assert traces_in(path) == ["new"]
    assert [event.id for event in journal.events_of(old)] == ["old"]
    journal.forget_before(tonight + timedelta(days=1000), 730)
    assert traces_in(path) == []


def test_a_course_moves_with_its_event(path: Path, event_row: MakeRow, evening: datetime):
    """The clock turns out to have been wrong: the trace tells of its event, not of a time."""
    offset_s = [0.0]
    reckoning = Reckoning("boot", lambda: offset_s[0])
    with Journal.open(path, reckoning=reckoning) as journal:
        journal.record_event(event_row("a"), "{}", evening)
        journal.record_traces([trace("a")])
        offset_s[0] = 3600.0
        journal.put_right(lambda local: local.date(), recount)
    with JournalReader.open(path) as reader:
        later = evening + timedelta(hours=1)
        (event,) = reader.events_between(later, later + timedelta(seconds=1))
        assert reader.trace_of(event.id) == trace("a")


def test_courses_are_carried_over_into_another_file(
    path: Path, event_row: MakeRow, evening: datetime
):
    """With their events, into one that has rows and numbers of its own."""
    with Journal.open(path) as journal:
        for name in ("a", "b"):
            journal.record_event(event_row(name), "{}", evening)
        journal.record_traces([trace("a"), trace("b")])
        for file in path.parent.iterdir():
            file.unlink()
        with Journal.open(path) as other:
            other.record_event(event_row("c"), "{}", evening)
            other.record_traces([trace("c", 30)])
        with pytest.raises(DamagedError):
            journal.end_pause()
        journal.renew()
    assert traces_in(path) == ["a", "b", "c"]
    with JournalReader.open(path) as reader:
        assert reader.trace_of("b") == trace("b")


@pytest.mark.parametrize("packed", [b"", b"12345", b"1234567"])
def test_bytes_that_are_no_course_are_left_out(
    packed: bytes, journal: Journal, path: Path, event_row: MakeRow, evening: datetime
):
    """A damage costs the course, not the page that asks for it."""
    with pytest.raises(ValueError, match="are no trace"):
        unpack("a", 1.0, packed)
    journal.record_event(event_row("a"), "{}", evening)
    journal.record_traces([trace("a")])
    db = sqlite3.connect(path)
    with db:
        db.execute("UPDATE traces SET seconds = ?", (packed,))
    db.close()
    with JournalReader.open(path) as reader:
        assert reader.trace_of("a") is None


def test_numbers_that_are_none_are_packed_all_the_same():
    """The chain must not end for a figure that nobody would miss."""
    nan, inf = float("nan"), float("inf")
    row = TraceRow("a", 0.0, (nan, -inf), (inf, -50.0), (nan, inf), (0, 0), (0, 0), (True, False))
    found = unpack("a", 0.0, pack(row))
    assert (found.level_dbfs, found.noise_dbfs) == ((None, None), (None, -50.0))
    assert found.breath == (0.0, 0.0)


levels = st.none() | st.floats(-200, 10)
chances = st.floats(-0.1, 1.1)


@given(st.lists(st.tuples(levels, levels, chances, chances, chances, st.booleans()), min_size=1))
def test_packing_keeps_values_to_its_steps(rows: list[tuple[float, ...]]):
    """Levels to half a dB, probabilities to 1/255, both within their range."""
    columns = [tuple(column) for column in zip(*rows, strict=True)]
    row = TraceRow("a", 7.5, *columns)
    packed = pack(row)
    found = unpack("a", 7.5, packed)
    assert len(packed) == 6 * len(rows)
    assert found.audible == row.audible
    for was, level in zip(row.level_dbfs, found.level_dbfs, strict=True):
        assert (was is None) == (level is None)
        if was is not None and level is not None:
            assert abs(min(max(was, -127), 0) - level) <= 0.25
    for chance, read in zip(row.breath, found.breath, strict=True):
        assert abs(min(max(chance, 0), 1) - read) < 0.003
