"""What can still be read of a journal that is damaged or has lost its place, and is carried over.

The newest rows are read first: what waits to be sent and the night that goes on matter most. Where
reading fails it is tried again from the other end, so that rows on both sides of a damage are kept.
"""

import contextlib
import json
import sqlite3
from datetime import date
from pathlib import Path
from typing import Any, Final

from osa_daemon.journal.damage import moment, text_of

Row = dict[str, Any]
Rescued = dict[str, list[Row]]

# table → what orders its rows, how many are kept (in memory, for a moment)
_TABLES: Final[dict[str, tuple[str, int]]] = {
    "eras": ("number", 100),
    "outbox": ("id", 10_000),
    "open_pause": ("one", 1),
    "nights": ("night", 4_000),
    "events": ("number", 50_000),
    "traces": ("number", 2_000),
    "alerts": ("raised_utc", 5_000),
    "minutes": ("start_utc", 3_000),
}
# numbers that the new file gives itself: it may be one that has rows already
_GIVEN: Final = {"outbox": "id", "events": "number", "traces": "number"}
_JSON: Final = ("payload", "figures", "counts")


def rescue(db: sqlite3.Connection) -> Rescued:
    """Read what can be read; never raises for what cannot."""
    return {table: _readable(db, table) for table in _TABLES}


def rescue_file(path: Path) -> Rescued:
    """Read what can be read of a file that nobody has open."""
    with (
        contextlib.suppress(sqlite3.Error, UnicodeDecodeError),
        contextlib.closing(sqlite3.connect(path)) as db,
    ):
        db.text_factory = text_of
        return rescue(db)
    return {}


def restore(db: sqlite3.Connection, rescued: Rescued) -> None:
    """Write what was rescued; what is there already stays, but for the nights.

    Inside a transaction.

    Raises:
        sqlite3.Error: it cannot be written.
    """
    is_used = db.execute("SELECT 1 FROM eras").fetchone() is not None
    waiting = {payload for (payload,) in db.execute("SELECT payload FROM outbox")}
    for table, rows in rescued.items():
        if table == "eras" and is_used:
            continue
        columns = [row[1] for row in db.execute(f"PRAGMA table_info({table})")]
        known = [name for name in columns if name != _GIVEN.get(table)]
        if is_used:  # the numbers of its eras mean others
            known = [name for name in known if name != "era"]
        rule = "REPLACE" if table == "nights" else "IGNORE"
        for row in rows:
            if table == "outbox" and row["payload"] in waiting:
                continue
            names = [name for name in known if name in row]
            statement = (
                f"INSERT OR {rule} INTO {table} ({','.join(names)})"  # noqa: S608 our own names
                f" VALUES ({','.join('?' * len(names))})"
            )
            with contextlib.suppress(sqlite3.IntegrityError):  # a value of the wrong kind
                db.execute(statement, tuple(row[name] for name in names))


def _readable(db: sqlite3.Connection, table: str) -> list[Row]:
    """Return rows in order; those that cannot be read, or make no sense, are left out."""
    key, most = _TABLES[table]
    found: dict[Any, Row] = {}
    for order in ("DESC", "ASC"):
        try:
            rows = db.execute(f"SELECT * FROM {table} ORDER BY {key} {order} LIMIT {most}")  # noqa: S608
            names = [column[0] for column in rows.description]
            for values in rows:
                row = dict(zip(names, values, strict=True))
                if order == "ASC" and row[key] in found:
                    break
                if _is_sound(row):
                    found[row[key]] = row
        except (sqlite3.Error, UnicodeDecodeError, KeyError, TypeError):
            continue
        break
    with contextlib.suppress(TypeError):
        return [found[each] for each in sorted(found)]
    return list(found.values())


def _is_sound(row: Row) -> bool:
    """Whether what is text in the journal and more than text for the daemon can be read."""
    try:
        for name, value in row.items():
            if name.endswith("_utc") and value is not None:
                moment(value)
            elif name == "night":
                date.fromisoformat(value)
            elif name in _JSON:
                json.loads(value)
    except (ValueError, TypeError, RecursionError):
        return False
    return True
