"""The copy of an older journal, and the way back to it for an older program."""

import sqlite3
from contextlib import closing, suppress
from datetime import datetime
from pathlib import Path

from osa_daemon.journal.place import keep_names
from osa_daemon.journal.schema import LATEST, version_of

PARTS = ("", "-wal", "-shm")
MIGRATIONS = "migrations"


def copy_of(path: Path, version: int) -> Path:
    """Return where the copy of a journal of an older version lies."""
    return path.with_name(f"{path.name}.version-{version}")


def copy_before_migration(db: sqlite3.Connection, path: Path, latest: int = LATEST) -> None:
    """Copy a journal that is about to be migrated, in place of earlier copies.

    Raises:
        sqlite3.Error, OSError: there is no room for it, or the disk fails; nothing was changed.
    """
    version = _version(db)
    if not 0 < version < latest:
        return
    target = copy_of(path, version)
    _write(db, target)
    for other in path.parent.glob(f"{path.name}.version-*"):
        if other != target:
            other.unlink(missing_ok=True)


def go_back(path: Path, version: int, now: datetime) -> Path | None:
    """Give an older program, which knows journals up to `version`, one that it can use.

    The copy from before the migration takes the journal's place, with the rows that were written
    since, as far as the older tables have room for them. The newer journal is set aside, in place
    of one from an earlier time; return its path, or None where the journal was not too new. Done
    again after a cut it comes to the same end.

    Raises:
        sqlite3.Error, OSError: a file cannot be used; the journal is as it was.
    """
    copy = copy_of(path, version)
    if not path.exists() and not copy.exists():
        return None
    if path.exists():
        with closing(sqlite3.connect(path)) as db:
            if _version(db) <= version:
                return None
            db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        if copy.exists():
            _add_rows(copy, path)
        for earlier in path.parent.glob(f"{path.name}.newer-*"):
            earlier.unlink()
    aside = path.with_name(f"{path.name}.newer-{now:%Y%m%dT%H%M%SZ}")
    for part in PARTS:
        newer = path.with_name(path.name + part)
        if newer.exists():
            newer.rename(aside.with_name(aside.name + part))
    if copy.exists():
        copy.rename(path)
    keep_names(path.parent)
    return aside


def _add_rows(older: Path, newer: Path) -> None:
    """Bring what both know into the older one: rows of the newer win."""
    with closing(sqlite3.connect(older, isolation_level=None)) as db:
        db.execute("ATTACH DATABASE ? AS newer", (str(newer),))
        db.execute("BEGIN IMMEDIATE")
        known = _tables(db, "newer")
        for table in _tables(db, "main") & known - {MIGRATIONS}:
            columns = ", ".join(sorted(_columns(db, "main", table) & _columns(db, "newer", table)))
            # rows that the older table has no room for stay in the newer journal alone
            with suppress(sqlite3.IntegrityError):
                # names come from the schemas of our own files
                db.execute(
                    f"INSERT OR REPLACE INTO main.{table} ({columns})"  # noqa: S608
                    f" SELECT {columns} FROM newer.{table}"
                )
        db.execute("COMMIT")


def _tables(db: sqlite3.Connection, schema: str) -> set[str]:
    rows = db.execute(
        f"SELECT name FROM {schema}.sqlite_schema"  # noqa: S608
        " WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
    )
    return {name for (name,) in rows}


def _columns(db: sqlite3.Connection, schema: str, table: str) -> set[str]:
    rows = db.execute("SELECT name FROM pragma_table_info(?, ?)", (table, schema))
    return {name for (name,) in rows}


def _version(db: sqlite3.Connection) -> int:
    return version_of(db) if MIGRATIONS in _tables(db, "main") else 0


def _write(db: sqlite3.Connection, target: Path) -> None:
    """Copy a database so that the target is there whole or not at all."""
    unfinished = target.with_name(f"{target.name}.new")
    unfinished.unlink(missing_ok=True)
    with closing(sqlite3.connect(unfinished)) as copy:
        db.backup(copy)
        copy.execute("PRAGMA journal_mode = DELETE").fetchone()
    unfinished.rename(target)
    keep_names(target.parent)
