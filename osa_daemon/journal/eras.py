"""Eras: spans in which the wall clock was not set, and rows that are dated anew after one.

A machine without a clock of its own begins with a wrong time. Linux slews its wall clock and its
monotonic one alike, so that their difference changes only when somebody sets the wall clock: each
such change begins an era. A row knows its era; when a later one of the same boot shows that the
clock was wrong before, the row's times are moved by what the clock was set by.
"""

import sqlite3
import uuid
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Final

from osa_daemon.journal import queries
from osa_daemon.journal.queries import stamp
from osa_daemon.journal.rows import EventRow, MinuteRow, NightRow

STEP_S: Final = 2.0  # less is no step: a leap second is one, and a journal is read to the second

NightOf = Callable[[datetime], date]
Recount = Callable[[date, Sequence[EventRow], Sequence[MinuteRow]], NightRow]


@dataclass(frozen=True, slots=True)
class Reckoning:
    """How times are reckoned: `offset_s` is what wall-clock time is ahead of the time since boot.

    `boot` names this run of the machine: times since another boot are not comparable.
    """

    boot: str = field(default_factory=lambda: uuid.uuid4().hex)
    offset_s: Callable[[], float] = lambda: 0.0


def era_now(db: sqlite3.Connection, reckoning: Reckoning) -> int:
    """Return the era of what is dated now, begun where there is none; inside a transaction."""
    offset_s = reckoning.offset_s()
    known = db.execute(
        "SELECT number, offset_s FROM eras WHERE boot = ? ORDER BY number DESC LIMIT 1",
        (reckoning.boot,),
    ).fetchone()
    if known is not None and abs(known[1] - offset_s) < STEP_S:
        return int(known[0])
    if known is None:  # nobody can compare with another boot's any more
        db.execute("DELETE FROM eras")
    begun = db.execute(
        "INSERT INTO eras (boot, offset_s) VALUES (?, ?)", (reckoning.boot, offset_s)
    )
    assert begun.lastrowid is not None
    return begun.lastrowid


def wrong_eras(db: sqlite3.Connection, reckoning: Reckoning) -> dict[int, timedelta]:
    """Return the eras of this boot whose rows are dated wrongly, and what to move them by."""
    offset_s = reckoning.offset_s()
    known = db.execute("SELECT number, offset_s FROM eras WHERE boot = ?", (reckoning.boot,))
    return {
        number: timedelta(seconds=round(offset_s - was_s, 3))
        for number, was_s in known
        if abs(offset_s - was_s) >= STEP_S
    }


def put_right(
    db: sqlite3.Connection,
    reckoning: Reckoning,
    night_of: NightOf,
    recount: Recount,
    others: Iterable[date],
) -> frozenset[date]:
    """Date the rows of wrong eras anew; return the nights that gained or lost rows.

    Their figures, and those of `others`, are counted anew from the events and minutes. Inside a
    transaction.
    """
    changed: set[date] = set()
    for era, by in wrong_eras(db, reckoning).items():
        changed |= _Mover(db, era, by, night_of).move()
        values = (reckoning.offset_s(), era)
        db.execute("UPDATE eras SET offset_s = ? WHERE number = ?", values)
    for night in changed.union(others):
        _count_anew(db, night, recount, is_left=night in changed)
    return frozenset(changed)


class _Mover:
    """Moves the times of one era's rows."""

    def __init__(self, db: sqlite3.Connection, era: int, by: timedelta, night_of: NightOf) -> None:
        self._db = db
        self._era = era
        self._by = by
        self._night_of = night_of
        self._changed: set[date] = set()

    def move(self) -> set[date]:
        """Move all; return the nights whose events or minutes are others now."""
        self._move_events()
        self._move_named("minutes", "start_utc")
        changed = set(self._changed)
        self._move_named("alerts", "raised_utc")  # no figure counts them
        self._move_open_pause()
        return changed

    def _move_events(self) -> None:
        rows = self._db.execute(
            "SELECT number, onset_utc, end_utc, night FROM events WHERE era = ?", (self._era,)
        )
        for number, onset_utc, end_utc, was in rows.fetchall():
            onset = self._moved(onset_utc)
            self._db.execute(
                "UPDATE events SET onset_utc = ?, end_utc = ?, night = ? WHERE number = ?",
                (onset, self._moved(end_utc), self._night(onset, was), number),
            )

    def _move_named(self, table: str, key: str) -> None:
        """Move rows whose time is their name: all are taken out first, lest one meets another.

        What bears the name already was written later, and stays.
        """
        found = self._db.execute(f"SELECT * FROM {table} WHERE era = ?", (self._era,))  # noqa: S608 our own names
        names = [column[0] for column in found.description]
        rows = [dict(zip(names, values, strict=True)) for values in found]
        self._db.execute(f"DELETE FROM {table} WHERE era = ?", (self._era,))  # noqa: S608
        insert = f"INSERT OR IGNORE INTO {table} VALUES ({','.join('?' * len(names))})"  # noqa: S608
        for row in rows:
            for name in names:
                if name.endswith("_utc") and row[name] is not None:
                    row[name] = self._moved(row[name])
            row["night"] = self._night(row[key], row["night"])
            self._db.execute(insert, tuple(row.values()))

    def _move_open_pause(self) -> None:
        found = self._db.execute(
            "SELECT onset_utc, seen_utc FROM open_pause WHERE era = ?", (self._era,)
        )
        for times in found.fetchall():
            values = tuple(map(self._moved, times))
            self._db.execute("UPDATE open_pause SET onset_utc = ?, seen_utc = ?", values)

    def _moved(self, text: str) -> str:
        """Return a time moved; what is none, by a damage, stays as it is."""
        try:
            return stamp(datetime.fromisoformat(text) + self._by)
        except (ValueError, OverflowError):
            return text

    def _night(self, text: str, was: str) -> str:
        """Return the night of a time; where that is another than before, both have changed."""
        try:
            night = self._night_of(datetime.fromisoformat(text).astimezone())
            if night.isoformat() != was:
                self._changed |= {night, date.fromisoformat(was)}
        except (ValueError, OverflowError):
            return was
        return night.isoformat()


def _count_anew(db: sqlite3.Connection, night: date, recount: Recount, *, is_left: bool) -> None:
    """Write a night's figures; `is_left`: one without rows is no night."""
    events, minutes = queries.events_of(db, night), queries.minutes_of(db, night)
    (oldest,) = db.execute("SELECT min(night) FROM minutes").fetchone()
    if events and not minutes and oldest is not None and night.isoformat() < oldest:
        return  # its minutes are forgotten: nothing would be left of what was heard
    if events or minutes:
        queries.put_night(db, recount(night, events, minutes))
    elif is_left:
        db.execute("DELETE FROM nights WHERE night = ?", (night.isoformat(),))
