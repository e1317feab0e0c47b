"""Opening the journal's SQLite file: durable, checked, and set aside where it is damaged."""

import contextlib
import sqlite3
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Final

from osa_daemon.errors import StorageError
from osa_daemon.journal.schema import migrate
from osa_daemon.journal.versions import copy_before_migration

BUSY_TIMEOUT_S: Final = 5.0  # a reader's checkpoint lock is held for far less
WAL_LIMIT_BYTES: Final = 4 * 1024 * 1024
_DAMAGE: Final = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
_ADVICE: Final = {
    sqlite3.SQLITE_FULL: "the disk is full; free some space",
    sqlite3.SQLITE_READONLY: "it is read-only; make it writable for the daemon's user",
    sqlite3.SQLITE_CANTOPEN: "it cannot be opened; let the daemon's user write that folder",
    sqlite3.SQLITE_PERM: "access is denied; let the daemon's user write that folder",
    sqlite3.SQLITE_BUSY: "another process holds it; stop the other daemon",
    sqlite3.SQLITE_LOCKED: "another process holds it; stop the other daemon",
    sqlite3.SQLITE_IOERR: "the disk fails to read or write; check the disk",
    sqlite3.SQLITE_CORRUPT: "it is damaged; restart the daemon, which sets it aside",
    sqlite3.SQLITE_NOTADB: "it is no journal; restart the daemon, which sets it aside",
}


def open_writable(path: Path, now: Callable[[], datetime]) -> tuple[sqlite3.Connection, str | None]:
    """Open the journal for its one writer, made where there is none.

    A damaged file is set aside under a dated name and a clean one begun; the second value then
    says so in a sentence, else it is None.

    Raises:
        StorageError: the file or its folder cannot be used.
    """
    with storage_errors(path, "opened"):
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            return _connect(path), None
        except sqlite3.DatabaseError as error:
            if not _is_damage(error):
                raise
        aside = _set_aside(path, now())
        notice = (
            f"The journal {path} was damaged; it was set aside as {aside.name}, a new one begun."
        )
        return _connect(path), notice


@contextlib.contextmanager
def storage_errors(path: Path, verb: str) -> Iterator[None]:
    """Turn what SQLite and the disk report into a sentence for the user.

    Raises:
        StorageError: in place of sqlite3.Error (bugs of ours apart) and OSError.
    """
    try:
        yield
    except sqlite3.ProgrammingError:
        raise
    except sqlite3.Error as error:
        reason = _ADVICE.get(_primary_code(error), f"SQLite says: {error}")
        msg = f"The journal {path} could not be {verb}: {reason}."
        raise StorageError(msg) from error
    except OSError as error:
        reason = error.strerror or str(error)
        msg = f"The journal {path} could not be {verb}: {reason}; choose a folder that is writable."
        raise StorageError(msg) from error


@contextlib.contextmanager
def transaction(db: sqlite3.Connection) -> Iterator[sqlite3.Connection]:
    """Commit all that is done inside, or nothing."""
    db.execute("BEGIN IMMEDIATE")
    try:
        yield db
        db.execute("COMMIT")
    except BaseException:
        if db.in_transaction:
            db.execute("ROLLBACK")
        raise


def _connect(path: Path) -> sqlite3.Connection:
    db = sqlite3.connect(path, timeout=BUSY_TIMEOUT_S, isolation_level=None)
    try:
        db.execute("PRAGMA journal_mode = WAL").fetchone()
        db.execute("PRAGMA synchronous = FULL")
        db.execute(f"PRAGMA journal_size_limit = {WAL_LIMIT_BYTES}").fetchone()
        _check(db)
        copy_before_migration(db, path)
        migrate(db)
    except BaseException:
        db.close()
        raise
    return db


def _check(db: sqlite3.Connection) -> None:
    (verdict,) = db.execute("PRAGMA quick_check(1)").fetchone()
    if verdict != "ok":
        error = sqlite3.DatabaseError(verdict)
        error.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
        raise error


def _primary_code(error: sqlite3.Error) -> int:
    return getattr(error, "sqlite_errorcode", 0) & 0xFF


def _is_damage(error: sqlite3.Error) -> bool:
    return _primary_code(error) in _DAMAGE


def _set_aside(path: Path, now: datetime) -> Path:
    stem = f"{path.name}.damaged-{now:%Y%m%dT%H%M%SZ}"
    aside, count = path.with_name(stem), 1
    while aside.exists():
        count += 1
        aside = path.with_name(f"{stem}-{count}")
    for suffix in ("", "-wal", "-shm"):
        part = path.with_name(path.name + suffix)
        if part.exists():
            part.rename(aside.with_name(aside.name + suffix))
    return aside
