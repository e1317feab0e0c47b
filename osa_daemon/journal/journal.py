"""The one writer: what its methods have returned from survives a power cut."""

import contextlib
import sqlite3
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, Final, Self

from osa_daemon.clock import SYSTEM_CLOCK, Clock
from osa_daemon.errors import DamagedError, StorageError
from osa_daemon.journal import queries
from osa_daemon.journal.damage import EARLIEST, moment, readable
from osa_daemon.journal.database import begin_anew, open_writable, storage_errors, transaction
from osa_daemon.journal.eras import NightOf, Reckoning, Recount, era_now, put_right, wrong_eras
from osa_daemon.journal.patience import Patience
from osa_daemon.journal.place import Place
from osa_daemon.journal.queries import stamp
from osa_daemon.journal.rescue import Rescued, rescue
from osa_daemon.journal.rows import (
    AlertRow,
    EventRow,
    MinuteRow,
    NightRow,
    OpenPause,
    OutboxRow,
    TraceRow,
)

EVENT_KIND: Final = "event"
OUTBOX_CAP: Final = 10_000  # rows: months of events without a broker, about 5 MB
KEEP_MINUTES_NIGHTS: Final = 30  # 1440 rows a night; the check at start stays short
_FORGET_TRACES: Final = (
    "DELETE FROM traces WHERE event_id NOT IN (SELECT id FROM events WHERE night >= ?)"
)


class Journal:
    """Events, nights, minutes, alerts, the outbox and the pause in progress, in SQLite.

    Made, used and closed by one thread. Every method that writes commits before it returns, or
    changes nothing and raises StorageError; the journal stays usable and the next call tries
    again. `notice` tells of a damaged journal that was set aside. `left_open` is the pause that
    was in progress when the last writer died.
    """

    def __init__(
        self,
        db: sqlite3.Connection,
        path: Path,
        notice: str | None,
        *,
        outbox_cap: int = OUTBOX_CAP,
        reckoning: Reckoning | None = None,
        clock: Clock = SYSTEM_CLOCK,
    ) -> None:
        self._db = db
        self._path = path
        self._place = Place(path)
        self._rescued: Rescued | None = None
        self._is_damaged = False
        self._outbox_cap = outbox_cap
        self._reckoning = reckoning or Reckoning()
        self._clock = clock
        self._patience = Patience(clock.monotonic_s)
        self.notice = notice
        self.left_open = queries.open_pause(db)

    @classmethod
    def open(
        cls,
        path: Path,
        *,
        outbox_cap: int = OUTBOX_CAP,
        reckoning: Reckoning | None = None,
        clock: Clock = SYSTEM_CLOCK,
    ) -> Self:
        """Open the journal, made where there is none; `reckoning` is what its times follow.

        Raises:
            StorageError: the file or folder cannot be used, or a newer version wrote it.
        """
        db, notice = open_writable(path, clock.utc)
        try:
            with storage_errors(path, "read"):
                return cls(
                    db, path, notice, outbox_cap=outbox_cap, reckoning=reckoning, clock=clock
                )
        except StorageError:
            db.close()
            raise

    def close(self) -> None:
        """Close the file; nothing is lost if this is never called."""
        with contextlib.suppress(sqlite3.OperationalError):
            self._db.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def renew(self) -> None:
        """Begin a new file with what can be read, after DamagedError; `notice` says so.

        Until this succeeds every use raises DamagedError; what was read is kept for another try.

        Raises:
            StorageError: there is no room for it, or the folder cannot be used.
        """
        if self._rescued is None:
            self._rescued = rescue(self._db)
            if not self._is_damaged:  # else its log might be taken for that of the file in place
                with contextlib.suppress(sqlite3.Error):
                    self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            self.close()
        self._db, self.notice = begin_anew(
            self._path, self._clock.utc, self._rescued, is_damaged=self._is_damaged
        )
        self._rescued, self._is_damaged = None, False
        self._place = Place(self._path)
        self._patience = Patience(self._clock.monotonic_s)

    def record_event(self, row: EventRow, payload: str, created_utc: datetime) -> bool:
        """Commit a decided event together with the message that tells of it.

        Return False, changing nothing, if an event with this id is there already.

        Raises:
            StorageError: nothing was written; tell of the event with `durable` False.
        """
        with self._write() as db:
            if db.execute("SELECT 1 FROM events WHERE id = ?", (row.id,)).fetchone():
                return False
            self._insert(db, row)
            self._enqueue(db, EVENT_KIND, payload, created_utc)
        return True

    def record_late(
        self, late: Iterable[tuple[EventRow, str | None]], created_utc: datetime
    ) -> None:
        """Commit events that could not be when they were decided, all or none.

        Each with the message that tells of it, or None where the broker has that already.
        """
        with self._write() as db:
            for row, payload in late:
                if db.execute("SELECT 1 FROM events WHERE id = ?", (row.id,)).fetchone():
                    continue
                self._insert(db, row)
                if payload is not None:
                    self._enqueue(db, EVENT_KIND, payload, created_utc)

    def put_right(
        self, night_of: NightOf, recount: Recount, others: Collection[date] = ()
    ) -> frozenset[date]:
        """Date anew what was dated by a clock that turned out to be wrong since the boot.

        Return the nights that gained or lost events or minutes by it; their figures, and those of
        `others`, were counted anew by `recount`. What waits in the outbox stays as it is: a
        decided event never changes.
        """
        with self._read() as db:
            if not others and not wrong_eras(db, self._reckoning):
                return frozenset()
        with self._write() as db:
            changed = put_right(db, self._reckoning, night_of, recount, others)
            if self.left_open is not None:
                self.left_open = queries.open_pause(db)
            return changed

    def enqueue(self, kind: str, payload: str, created_utc: datetime) -> None:
        """Commit a message to the outbox; over the cap the oldest goes, events last."""
        with self._write() as db:
            self._enqueue(db, kind, payload, created_utc)

    def pending(self, limit: int = 100) -> tuple[OutboxRow, ...]:
        """Return the oldest messages that wait."""
        with self._read() as db:
            rows = db.execute(
                "SELECT id, kind, payload, created_utc FROM outbox ORDER BY id LIMIT ?", (limit,)
            )
            return tuple(readable(rows, _message))

    def outbox_length(self) -> int:
        """Return how many messages wait."""
        with self._read() as db:
            return int(db.execute("SELECT count(*) FROM outbox").fetchone()[0])

    def acknowledge(self, *ids: int) -> None:
        """The broker has these messages: take them out."""
        with self._write() as db:
            db.executemany("DELETE FROM outbox WHERE id = ?", [(each,) for each in ids])

    def record_minutes(self, rows: Iterable[MinuteRow]) -> None:
        """Commit a batch of minutes; one that is there already is replaced."""
        values = [
            (
                stamp(row.start_utc),
                row.night.isoformat(),
                row.heard_s,
                row.monitorable_s,
                row.snoring_s,
                row.gap_s,
                row.level_dbfs,
                row.noise_dbfs,
                row.breathing_rate_bpm,
            )
            for row in rows
        ]
        with self._write() as db:
            era = era_now(db, self._reckoning)
            db.executemany(
                "INSERT OR REPLACE INTO minutes VALUES (?,?,?,?,?,?,?,?,?,?)",
                [(*each, era) for each in values],
            )

    def record_traces(self, rows: Iterable[TraceRow]) -> None:
        """Commit the courses of events, all at once; that of an event that is not there goes."""
        with self._write() as db:
            queries.put_traces(db, rows)

    def record_night(self, row: NightRow) -> None:
        """Commit a night's figures in place of those before."""
        with self._write() as db:
            queries.put_night(db, row)

    def record_alert(self, row: AlertRow) -> None:
        """Commit an alert; call again as it rises, and when it is over."""
        values = (
            stamp(row.raised_utc),
            row.kind,
            None if row.ended_utc is None else stamp(row.ended_utc),
            row.night.isoformat(),
            row.level,
            row.text,
            int(row.acknowledged),
        )
        with self._write() as db:
            era = era_now(db, self._reckoning)
            db.execute("INSERT OR REPLACE INTO alerts VALUES (?,?,?,?,?,?,?,?)", (*values, era))

    def begin_pause(self, onset_utc: datetime, seen_utc: datetime) -> None:
        """A pause is in progress; call again as it goes on, so that its length is known."""
        with self._write() as db:
            values = (stamp(onset_utc), stamp(seen_utc), era_now(db, self._reckoning))
            db.execute("INSERT OR REPLACE INTO open_pause VALUES (1, ?, ?, ?)", values)

    def end_pause(self) -> None:
        """No pause is in progress; also once `left_open` has been dealt with."""
        with self._write() as db:
            db.execute("DELETE FROM open_pause")

    def forget_before(
        self, today: date, keep_nights: int, keep_minutes_nights: int = KEEP_MINUTES_NIGHTS
    ) -> None:
        """Drop nights and their events older than `keep_nights` nights.

        Minutes, and the courses of events, go after `keep_minutes_nights`.
        """
        oldest = ((today - timedelta(days=keep_nights)).isoformat(),)
        oldest_minutes = ((today - timedelta(days=keep_minutes_nights)).isoformat(),)
        with self._write() as db:
            db.execute("DELETE FROM events WHERE night < ?", oldest)
            db.execute("DELETE FROM alerts WHERE night < ?", oldest)
            db.execute("DELETE FROM minutes WHERE night < ?", oldest_minutes)
            db.execute(_FORGET_TRACES, oldest_minutes)
            db.execute("DELETE FROM nights WHERE night < ?", oldest)

    def night(self, night: date) -> NightRow | None:
        """Return one night, or None."""
        with self._read() as db:
            return queries.night_named(db, night)

    def last_nights(self, limit: int) -> tuple[NightRow, ...]:
        """Return the last nights, the latest first."""
        with self._read() as db:
            return queries.last_nights(db, limit)

    def events_of(self, night: date) -> tuple[EventRow, ...]:
        """Return a night's events in order of onset."""
        with self._read() as db:
            return queries.events_of(db, night)

    def events_between(self, start_utc: datetime, end_utc: datetime) -> tuple[EventRow, ...]:
        """Return the events with onset in [start, end), in order of onset."""
        with self._read() as db:
            return queries.events_between(db, start_utc, end_utc)

    def alerts_of(self, night: date) -> tuple[AlertRow, ...]:
        """Return the alerts that were raised in a night, in order."""
        with self._read() as db:
            return queries.alerts_of(db, night)

    def open_pause(self) -> OpenPause | None:
        """Return the pause in progress, or None."""
        with self._read() as db:
            return queries.open_pause(db)

    def _insert(self, db: sqlite3.Connection, row: EventRow) -> None:
        db.execute(
            "INSERT INTO events (id, type, onset_utc, end_utc, duration_s, confidence, character,"
            " monitorable, truncated, night, era) VALUES (?,?,?,?,?,?,?,?,?,?,?)",
            (
                row.id,
                row.type,
                stamp(row.onset_utc),
                stamp(row.end_utc),
                row.duration_s,
                row.confidence,
                row.character,
                int(row.monitorable),
                int(row.truncated),
                row.night.isoformat(),
                era_now(db, self._reckoning),
            ),
        )

    def _enqueue(
        self, db: sqlite3.Connection, kind: str, payload: str, created_utc: datetime
    ) -> None:
        db.execute(
            "INSERT INTO outbox (kind, payload, created_utc) VALUES (?,?,?)",
            (kind, payload, stamp(created_utc)),
        )
        (length,) = db.execute("SELECT count(*) FROM outbox").fetchone()
        if length > self._outbox_cap:
            db.execute(
                "DELETE FROM outbox WHERE id IN"
                " (SELECT id FROM outbox ORDER BY kind = ?, id LIMIT ?)",
                (EVENT_KIND, length - self._outbox_cap),
            )

    @contextlib.contextmanager
    def _write(self) -> Iterator[sqlite3.Connection]:
        if self._rescued is None and not self._place.is_kept():
            msg = f"The journal {self._path} could not be written: it was deleted or replaced."
            raise DamagedError(msg)
        with self._using("written"), transaction(self._db) as db:
            yield db

    @contextlib.contextmanager
    def _read(self) -> Iterator[sqlite3.Connection]:
        with self._using("read"):
            yield self._db

    @contextlib.contextmanager
    def _using(self, verb: str) -> Iterator[None]:
        if self._rescued is not None:
            raise DamagedError(f"The journal {self._path} could not be {verb}: it is lost.")
        try:
            with self._patience.ration(self._db), storage_errors(self._path, verb):
                yield
        except DamagedError:
            self._is_damaged = True
            raise


def _message(row: Sequence[Any]) -> OutboxRow:
    number, kind, payload, created = row
    try:
        when = moment(created)
    except ValueError:
        when = EARLIEST  # the event is worth more than when it was written down
    return OutboxRow(number, kind, payload, when)
