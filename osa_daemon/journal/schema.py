"""Tables of the journal and how an older journal becomes a newer one."""

import sqlite3
from datetime import UTC, datetime
from typing import Final

from osa_daemon.errors import StorageError

# one entry a version, never changed once released: statements that lead from the one before
MIGRATIONS: Final[tuple[tuple[str, ...], ...]] = (
    (
        """CREATE TABLE events (
            number INTEGER PRIMARY KEY,
            id TEXT NOT NULL UNIQUE,
            type TEXT NOT NULL,
            onset_utc TEXT NOT NULL,
            end_utc TEXT NOT NULL,
            duration_s REAL NOT NULL,
            confidence REAL NOT NULL,
            character TEXT NOT NULL,
            monitorable INTEGER NOT NULL,
            truncated INTEGER NOT NULL,
            night TEXT NOT NULL
        ) STRICT""",
        "CREATE INDEX events_by_night ON events (night)",
        "CREATE INDEX events_by_onset ON events (onset_utc)",
        """CREATE TABLE nights (
            night TEXT PRIMARY KEY,
            started_utc TEXT NOT NULL,
            updated_utc TEXT NOT NULL,
            figures TEXT NOT NULL,
            counts TEXT NOT NULL
        ) STRICT, WITHOUT ROWID""",
        """CREATE TABLE minutes (
            start_utc TEXT PRIMARY KEY,
            night TEXT NOT NULL,
            heard_s REAL NOT NULL,
            monitorable_s REAL NOT NULL,
            snoring_s REAL NOT NULL,
            gap_s REAL NOT NULL,
            level_dbfs REAL NOT NULL,
            noise_dbfs REAL NOT NULL,
            breathing_rate_bpm REAL
        ) STRICT, WITHOUT ROWID""",
        """CREATE TABLE outbox (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            kind TEXT NOT NULL,
            payload TEXT NOT NULL,
            created_utc TEXT NOT NULL
        ) STRICT""",
        """CREATE TABLE open_pause (
            one INTEGER PRIMARY KEY CHECK (one = 1),
            onset_utc TEXT NOT NULL,
            seen_utc TEXT NOT NULL
        ) STRICT""",
    ),
    (
        """CREATE TABLE alerts (
            raised_utc TEXT NOT NULL,
            kind TEXT NOT NULL,
            ended_utc TEXT,
            night TEXT NOT NULL,
            level TEXT NOT NULL,
            text TEXT NOT NULL,
            acknowledged INTEGER NOT NULL,
            PRIMARY KEY (raised_utc, kind)
        ) STRICT, WITHOUT ROWID""",
        "CREATE INDEX alerts_by_night ON alerts (night)",
    ),
    (  # by which reckoning a row was dated, so that it can be put right
        """CREATE TABLE eras (
            number INTEGER PRIMARY KEY AUTOINCREMENT,
            boot TEXT NOT NULL,
            offset_s REAL NOT NULL
        ) STRICT""",
        "ALTER TABLE events ADD COLUMN era INTEGER NOT NULL DEFAULT 0",
        "ALTER TABLE minutes ADD COLUMN era INTEGER NOT NULL DEFAULT 0",
        "ALTER TABLE alerts ADD COLUMN era INTEGER NOT NULL DEFAULT 0",
        "ALTER TABLE open_pause ADD COLUMN era INTEGER NOT NULL DEFAULT 0",
    ),
    (  # dated by its event alone, so that it moves with it
        """CREATE TABLE traces (
            number INTEGER PRIMARY KEY,
            event_id TEXT NOT NULL UNIQUE,
            before_s REAL NOT NULL,
            seconds BLOB NOT NULL
        ) STRICT""",
    ),
)
LATEST: Final = len(MIGRATIONS)


def migrate(db: sqlite3.Connection, migrations: tuple[tuple[str, ...], ...] = MIGRATIONS) -> None:
    """Bring the journal to the latest version, each step whole or not at all.

    Raises:
        StorageError: the journal was written by a newer version.
        sqlite3.Error: what SQLite could not do.
    """
    db.execute(
        "CREATE TABLE IF NOT EXISTS migrations"
        " (version INTEGER PRIMARY KEY, applied_utc TEXT NOT NULL) STRICT"
    )
    version = version_of(db)
    if version > len(migrations):
        msg = (
            f"The journal has version {version}, this program knows versions up to "
            f"{len(migrations)}; install the newer program again or move the journal away."
        )
        raise StorageError(msg)
    for number, statements in enumerate(migrations[version:], start=version + 1):
        _apply(db, number, statements)


def version_of(db: sqlite3.Connection) -> int:
    """Return the journal's version; 0 is empty."""
    (version,) = db.execute("SELECT coalesce(max(version), 0) FROM migrations").fetchone()
    return int(version)


def _apply(db: sqlite3.Connection, number: int, statements: tuple[str, ...]) -> None:
    db.execute("BEGIN IMMEDIATE")
    try:
        for statement in statements:
            db.execute(statement)
        now = datetime.now(UTC).isoformat(timespec="seconds")
        db.execute("INSERT INTO migrations VALUES (?, ?)", (number, now))
        db.execute("COMMIT")
    except sqlite3.Error:
        if db.in_transaction:
            db.execute("ROLLBACK")
        raise
