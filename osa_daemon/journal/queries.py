"""What is read from the journal, by its writer and by readers alike, and how a night is put."""

import sqlite3
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime
from typing import Any, Final

from osa_daemon.journal.damage import moment, readable
from osa_daemon.journal.rows import (
    AlertRow,
    EventRow,
    MinuteRow,
    NightRow,
    OpenPause,
    TraceRow,
)
from osa_daemon.journal.trace import pack, unpack

_EVENT: Final = (
    "SELECT id, type, onset_utc, end_utc, duration_s, confidence, character, monitorable,"
    " truncated, night FROM events"
)
_MINUTE: Final = (
    "SELECT start_utc, night, heard_s, monitorable_s, snoring_s, gap_s, level_dbfs, noise_dbfs,"
    " breathing_rate_bpm FROM minutes"
)
_ALERT: Final = "SELECT raised_utc, ended_utc, night, kind, level, text, acknowledged FROM alerts"
_TRACE: Final = "SELECT event_id, before_s, seconds FROM traces WHERE event_id = ?"
_NIGHT: Final = "SELECT night, started_utc, updated_utc, figures, counts FROM nights"


def stamp(time: datetime) -> str:
    """Write a time so that text order is time order.

    Raises:
        ValueError: the time has no zone.
    """
    if time.tzinfo is None:
        msg = f"{time} has no time zone"
        raise ValueError(msg)
    return time.astimezone(UTC).isoformat(timespec="microseconds")


def events_between(
    db: sqlite3.Connection, start_utc: datetime, end_utc: datetime
) -> tuple[EventRow, ...]:
    """Return the events with onset in [start, end), in order of onset."""
    where = " WHERE onset_utc >= ? AND onset_utc < ? ORDER BY onset_utc, number"
    rows = db.execute(_EVENT + where, (stamp(start_utc), stamp(end_utc)))
    return tuple(readable(rows, _event))


def events_of(db: sqlite3.Connection, night: date) -> tuple[EventRow, ...]:
    """Return a night's events in order of onset."""
    where = " WHERE night = ? ORDER BY onset_utc, number"
    return tuple(readable(db.execute(_EVENT + where, (night.isoformat(),)), _event))


def event_named(db: sqlite3.Connection, event_id: str) -> EventRow | None:
    """Return the event with this id, or None."""
    return next(readable(db.execute(_EVENT + " WHERE id = ?", (event_id,)), _event), None)


def beside(db: sqlite3.Connection, event: EventRow) -> tuple[str | None, str | None]:
    """Return the ids of the events before and after `event`, of any night; None where none is."""
    at, number = db.execute(
        "SELECT onset_utc, number FROM events WHERE id = ?", (event.id,)
    ).fetchone()
    before = db.execute(
        "SELECT id FROM events WHERE (onset_utc, number) < (?, ?)"
        " ORDER BY onset_utc DESC, number DESC LIMIT 1",
        (at, number),
    ).fetchone()
    after = db.execute(
        "SELECT id FROM events WHERE (onset_utc, number) > (?, ?)"
        " ORDER BY onset_utc, number LIMIT 1",
        (at, number),
    ).fetchone()
    return before and before[0], after and after[0]


def minutes_of(db: sqlite3.Connection, night: date) -> tuple[MinuteRow, ...]:
    """Return a night's minutes in order."""
    rows = db.execute(_MINUTE + " WHERE night = ? ORDER BY start_utc", (night.isoformat(),))
    return tuple(readable(rows, _minute))


def night_named(db: sqlite3.Connection, night: date) -> NightRow | None:
    """Return one night, or None."""
    rows = db.execute(_NIGHT + " WHERE night = ?", (night.isoformat(),))
    return next(readable(rows, _night), None)


def put_night(db: sqlite3.Connection, row: NightRow) -> None:
    """Write a night's figures in place of those before."""
    values = (
        row.night.isoformat(),
        stamp(row.started_utc),
        stamp(row.updated_utc),
        row.figures,
        row.counts,
    )
    db.execute("INSERT OR REPLACE INTO nights VALUES (?,?,?,?,?)", values)


def last_nights(db: sqlite3.Connection, limit: int) -> tuple[NightRow, ...]:
    """Return the last nights, the latest first."""
    rows = db.execute(_NIGHT + " ORDER BY night DESC LIMIT ?", (limit,))
    return tuple(readable(rows, _night))


def alerts_of(db: sqlite3.Connection, night: date) -> tuple[AlertRow, ...]:
    """Return the alerts that were raised in a night, in order."""
    where = " WHERE night = ? ORDER BY raised_utc, kind"
    return tuple(readable(db.execute(_ALERT + where, (night.isoformat(),)), _alert))


def put_traces(db: sqlite3.Connection, rows: Iterable[TraceRow]) -> None:
    """Write the courses of events that are there, in place of those before."""
    db.executemany(
        "INSERT OR REPLACE INTO traces (event_id, before_s, seconds) SELECT ?, ?, ?"
        " WHERE EXISTS (SELECT 1 FROM events WHERE id = ?)",
        [(row.event_id, row.before_s, pack(row), row.event_id) for row in rows],
    )


def trace_of(db: sqlite3.Connection, event_id: str) -> TraceRow | None:
    """Return the course of an event, or None."""
    rows = db.execute(_TRACE, (event_id,))
    return next(readable(rows, lambda row: unpack(*row)), None)


def open_pause(db: sqlite3.Connection) -> OpenPause | None:
    """Return the pause in progress, or None."""
    rows = db.execute("SELECT onset_utc, seen_utc FROM open_pause")
    return next(readable(rows, _pause), None)


def _event(row: Sequence[Any]) -> EventRow:
    return EventRow(
        id=row[0],
        type=row[1],
        onset_utc=moment(row[2]),
        end_utc=moment(row[3]),
        duration_s=row[4],
        confidence=row[5],
        character=row[6],
        monitorable=bool(row[7]),
        truncated=bool(row[8]),
        night=date.fromisoformat(row[9]),
    )


def _minute(row: Sequence[Any]) -> MinuteRow:
    return MinuteRow(moment(row[0]), date.fromisoformat(row[1]), *row[2:])


def _pause(row: Sequence[Any]) -> OpenPause:
    onset, seen = map(moment, row)
    return OpenPause(onset, seen)


def _alert(row: Sequence[Any]) -> AlertRow:
    return AlertRow(
        raised_utc=moment(row[0]),
        ended_utc=None if row[1] is None else moment(row[1]),
        night=date.fromisoformat(row[2]),
        kind=row[3],
        level=row[4],
        text=row[5],
        acknowledged=bool(row[6]),
    )


def _night(row: Sequence[Any]) -> NightRow:
    return NightRow(
        night=date.fromisoformat(row[0]),
        started_utc=moment(row[1]),
        updated_utc=moment(row[2]),
        figures=row[3],
        counts=row[4],
    )
