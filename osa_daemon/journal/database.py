"""Opening the journal's SQLite file: durable, checked, and set aside where it is damaged."""

import contextlib
import sqlite3
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Final

from osa_daemon.errors import DamagedError, StorageError
from osa_daemon.journal.aside import clean_name, finish, set_aside
from osa_daemon.journal.damage import text_of
from osa_daemon.journal.place import keep_names, make_folder
from osa_daemon.journal.rescue import Rescued, rescue_file, restore
from osa_daemon.journal.schema import migrate
from osa_daemon.journal.versions import copy_before_migration

BUSY_TIMEOUT_S: Final = 2.0  # a reader's checkpoint lock is held for far less
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
    sqlite3.SQLITE_CORRUPT: "it is damaged; the daemon sets it aside",
    sqlite3.SQLITE_NOTADB: "it is no journal; the daemon sets it aside",
}
_MOVED: Final = (
    "The journal {path} was deleted or replaced while the daemon ran; what it held was written to "
    "the file that is there now."
)


def open_writable(path: Path, now: Callable[[], datetime]) -> tuple[sqlite3.Connection, str | None]:
    """Open the journal for its one writer, made where there is none.

    A damaged file is set aside under a dated name and a clean one begun with what could still be
    read; the second value then says so in a sentence, else it is None.

    Raises:
        StorageError: the file or its folder cannot be used.
    """
    with storage_errors(path, "opened"):
        make_folder(path.parent)
        finish(path)
        try:
            return _connect(path), None
        except (sqlite3.DatabaseError, UnicodeDecodeError) as error:
            if not _is_damage(error):
                raise
        return begin_anew(path, now, rescue_file(path), is_damaged=True)


def begin_anew(
    path: Path, now: Callable[[], datetime], rescued: Rescued, *, is_damaged: bool
) -> tuple[sqlite3.Connection, str]:
    """Open a journal that holds what was rescued; also return a sentence that says so.

    A damaged file is set aside first. Else it was deleted or replaced, and what lies there now is
    taken as it is.

    Raises:
        StorageError: the file or its folder cannot be used; it can be tried again.
    """
    with storage_errors(path, "begun anew"):
        make_folder(path.parent)
        if not is_damaged:
            db, _ = open_writable(path, now)
            _restore(db, rescued)
            return db, _MOVED.format(path=path)
        new = clean_name(path)
        db = _connect(new)
        _restore(db, rescued)
        with contextlib.closing(db):  # the file alone takes the place, without its log
            db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        aside = set_aside(path, now())
        notice = (
            f"The journal {path} was damaged; it was set aside as {aside.name}, a new one "
            f"begun with what could be read: {len(rescued.get('events', ()))} events, "
            f"{len(rescued.get('outbox', ()))} of them not yet sent."
        )
        return _connect(path), notice


@contextlib.contextmanager
def storage_errors(path: Path, verb: str) -> Iterator[None]:
    """Turn what SQLite and the disk report into a sentence for the user.

    Raises:
        StorageError: in place of sqlite3.Error (bugs of ours apart) and OSError.
        DamagedError: what is in the file makes no sense.
    """
    try:
        yield
    except sqlite3.ProgrammingError:
        raise
    except UnicodeDecodeError as error:
        reason = _ADVICE[sqlite3.SQLITE_CORRUPT]
        raise DamagedError(f"The journal {path} could not be {verb}: {reason}.") from error
    except sqlite3.Error as error:
        said = "".join(sign if sign.isprintable() else "?" for sign in str(error))
        reason = _ADVICE.get(_primary_code(error), f"SQLite says: {said}")
        msg = f"The journal {path} could not be {verb}: {reason}."
        raise (DamagedError if _is_damage(error) else StorageError)(msg) from error
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


def is_busy(error: BaseException | None) -> bool:
    """Return whether that is SQLite's word that another process holds the journal."""
    busy = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
    return isinstance(error, sqlite3.Error) and _primary_code(error) in busy


def _restore(db: sqlite3.Connection, rescued: Rescued) -> None:
    try:
        with transaction(db):
            restore(db, rescued)
    except BaseException:
        db.close()
        raise


def _connect(path: Path) -> sqlite3.Connection:
    is_new = not path.exists()
    db = sqlite3.connect(path, timeout=BUSY_TIMEOUT_S, isolation_level=None)
    db.text_factory = text_of
    try:
        db.execute("PRAGMA journal_mode = WAL").fetchone()
        db.execute("PRAGMA synchronous = FULL")
        db.execute(f"PRAGMA journal_size_limit = {WAL_LIMIT_BYTES}").fetchone()
        _check(db)
        copy_before_migration(db, path)
        migrate(db)
        if is_new:
            keep_names(path.parent)
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


def _primary_code(error: Exception) -> int:
    return getattr(error, "sqlite_errorcode", 0) & 0xFF


def _is_damage(error: Exception) -> bool:
    # what SQLite says of a damaged schema holds its bytes, which Python takes for UTF-8
    return isinstance(error, UnicodeDecodeError) or _primary_code(error) in _DAMAGE
