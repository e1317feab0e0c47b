"""Reading the journal beside the daemon: the commands `nights` and `export-events`."""

import sqlite3
from datetime import date, datetime
from pathlib import Path
from typing import Self

from osa_daemon.errors import StorageError
from osa_daemon.journal import queries
from osa_daemon.journal.damage import text_of
from osa_daemon.journal.database import BUSY_TIMEOUT_S, storage_errors
from osa_daemon.journal.rows import AlertRow, EventRow, MinuteRow, NightRow, TraceRow
from osa_daemon.journal.schema import LATEST, version_of


class JournalReader:
    """A connection of its own that cannot write; the daemon may go on writing meanwhile."""

    def __init__(self, db: sqlite3.Connection, path: Path) -> None:
        self._db = db
        self._path = path

    @classmethod
    def open(cls, path: Path) -> Self:
        """Open the journal for reading.

        Raises:
            StorageError: there is none, it cannot be read, or another version wrote it.
        """
        _find(path)
        with storage_errors(path, "read"):
            uri = f"{path.resolve().as_uri()}?mode=ro"
            db = sqlite3.connect(uri, uri=True, timeout=BUSY_TIMEOUT_S, isolation_level=None)
            db.text_factory = text_of
            try:
                version = version_of(db)
            except sqlite3.Error:
                db.close()
                raise
        if version != LATEST:
            db.close()
            msg = (
                f"The journal {path} has version {version}, this program reads version {LATEST}; "
                "start the daemon of this version once."
            )
            raise StorageError(msg)
        return cls(db, path)

    def close(self) -> None:
        """Close the connection."""
        self._db.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def nights(self, limit: int = 14) -> tuple[NightRow, ...]:
        """Return the last nights, the latest first."""
        with storage_errors(self._path, "read"):
            return queries.last_nights(self._db, limit)

    def events_of(self, night: date) -> tuple[EventRow, ...]:
        """Return a night's events in order of onset."""
        with storage_errors(self._path, "read"):
            return queries.events_of(self._db, night)

    def event_named(self, event_id: str) -> EventRow | None:
        """Return the event with this id, or None."""
        with storage_errors(self._path, "read"):
            return queries.event_named(self._db, event_id)

    def beside(self, event: EventRow) -> tuple[str | None, str | None]:
        """Return the ids of the events before and after `event`, None where there is none."""
        with storage_errors(self._path, "read"):
            return queries.beside(self._db, event)

    def alerts_of(self, night: date) -> tuple[AlertRow, ...]:
        """Return the alerts that were raised in a night, in order."""
        with storage_errors(self._path, "read"):
            return queries.alerts_of(self._db, night)

    def events_between(self, start_utc: datetime, end_utc: datetime) -> tuple[EventRow, ...]:
        """Return the events with onset in [start, end), in order of onset."""
        with storage_errors(self._path, "read"):
            return queries.events_between(self._db, start_utc, end_utc)

    def minutes_of(self, night: date) -> tuple[MinuteRow, ...]:
        """Return a night's minutes in order."""
        with storage_errors(self._path, "read"):
            return queries.minutes_of(self._db, night)

    def trace_of(self, event_id: str) -> TraceRow | None:
        """Return the course of an event, None where there is none or it is forgotten."""
        with storage_errors(self._path, "read"):
            return queries.trace_of(self._db, event_id)


def _find(path: Path) -> None:
    """Raise StorageError where there is no journal, or none that this user may see."""
    try:
        path.stat()
    except PermissionError as error:
        msg = f"The journal {path} may not be read by this user: run the command with sudo."
        raise StorageError(msg) from error
    except OSError as error:
        msg = f"There is no journal at {path}; the daemon makes it when it first runs."
        raise StorageError(msg) from error
