"""Journals of earlier versions, as their programs left them, and of later ones."""

import shutil
import signal
import sqlite3
import subprocess
import sys
import textwrap
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from osa_daemon.errors import StorageError
from osa_daemon.journal.journal import Journal
from osa_daemon.journal.schema import LATEST, MIGRATIONS, migrate

HERE = Path(__file__).parent
NIGHT = date(2026, 11, 22)

STOP_IN_THE_MIDDLE = textwrap.dedent("""
    import os, signal, sys
    from pathlib import Path
    from osa_daemon.journal import schema

    class Dying(tuple):
        def __iter__(self):
            for number, statement in enumerate(tuple.__iter__(self)):
                if number == int(sys.argv[2]):
                    os.kill(os.getpid(), signal.SIGKILL)
                yield statement

    schema.MIGRATIONS = tuple(map(Dying, schema.MIGRATIONS))
    schema.migrate.__defaults__ = (schema.MIGRATIONS,)
    from osa_daemon.journal.journal import Journal
    Journal.open(Path(sys.argv[1]))
""")


def write_version(path: Path, version: int) -> None:
    """Write a journal with the SQL of that version, and one row in each table."""
    path.parent.mkdir(exist_ok=True)
    db = sqlite3.connect(path)
    db.executescript((HERE / f"version_{version}.sql").read_text())
    db.close()


def tables_of(path: Path) -> set[str]:
    """Return what the schema says, word for word but for spaces."""
    db = sqlite3.connect(path)
    found = {" ".join(sql.split()) for (sql,) in db.execute("SELECT sql FROM sqlite_master") if sql}
    db.close()
    return found


def holds_what_was_there(journal: Journal) -> bool:
    """Whether each row that `write_version` wrote can be read."""
    pause, night = journal.open_pause(), journal.night(NIGHT)
    return (
        [event.id for event in journal.events_of(NIGHT)] == ["old"]
        and [row.payload for row in journal.pending()] == ['{"id":"old"}']
        and pause is not None
        and pause.seen_utc == datetime(2026, 11, 22, 23, 5, 20, tzinfo=UTC)
        and night is not None
        and night.counts == '{"apneas":1}'
    )


@pytest.mark.parametrize("version", range(1, LATEST))
def test_a_journal_of_each_earlier_version_is_brought_up_to_date(path, version, event_row, evening):
    """It gains what is new, keeps what it holds, and is the same as a new one."""
    write_version(path, version)
    with Journal.open(path) as journal:
        assert journal.notice is None
        assert holds_what_was_there(journal)
        assert len(journal.alerts_of(NIGHT)) == (version > 1)
        assert journal.record_event(event_row("new", 60.0), '{"id":"new"}', evening)
    new = path.with_name("new.db")
    Journal.open(new).close()
    assert tables_of(path) == tables_of(new)


@pytest.mark.parametrize("statement", range(len(MIGRATIONS[-1])))
def test_a_migration_that_is_killed_leaves_the_version_before(path, statement):
    """The next start brings it up to date, whole."""
    write_version(path, LATEST - 1)
    command = [sys.executable, "-c", STOP_IN_THE_MIDDLE, str(path), str(statement)]
    assert subprocess.run(command, check=False).returncode == -signal.SIGKILL
    with Journal.open(path) as journal:
        assert journal.notice is None
        assert holds_what_was_there(journal)


def test_a_migration_on_a_full_disk_leaves_the_version_before(path, tmp_path):
    """It is refused with a sentence; the version before still reads it, and later it works."""
    write_version(path, LATEST - 1)
    before = path.read_bytes()
    script = textwrap.dedent("""
        import resource, sys
        from pathlib import Path
        from osa_daemon.errors import StorageError
        from osa_daemon.journal.journal import Journal
        resource.setrlimit(resource.RLIMIT_FSIZE, (9000, 9000))
        try:
            Journal.open(Path(sys.argv[1]))
        except StorageError as error:
            print(error)
    """)
    done = subprocess.run(
        [sys.executable, "-c", script, str(path)], capture_output=True, text=True, check=True
    )
    assert "could not be opened" in done.stdout
    copy = tmp_path / "copy.db"
    shutil.copy(path, copy)
    db = sqlite3.connect(copy)
    assert db.execute("SELECT max(version) FROM migrations").fetchone() == (LATEST - 1,)
    assert db.execute("SELECT id FROM events").fetchall() == [("old",)]
    db.close()
    assert len(path.read_bytes()) >= len(before)
    with Journal.open(path) as journal:
        assert holds_what_was_there(journal)


def test_a_newer_journal_is_left_alone(path):
    """A journal of a newer version is refused, not set aside."""
    with Journal.open(path) as journal:
        journal._db.execute("INSERT INTO migrations VALUES (99, 'then')")
    with pytest.raises(StorageError, match=r"has version 99, this program knows versions up to"):
        Journal.open(path)
    assert list(path.parent.glob("*damaged*")) == []


def test_a_migration_is_whole_or_not_done():
    """A step that fails leaves the version before it."""
    db = sqlite3.connect(":memory:", isolation_level=None)
    steps = (("CREATE TABLE a (x)",), ("CREATE TABLE b (x)", "CREATE TABLE a (x)"))
    with pytest.raises(sqlite3.OperationalError):
        migrate(db, steps)
    tables = {name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type='table'")}
    assert tables == {"migrations", "a"}
    db.close()


def test_each_earlier_version_is_at_hand():
    """Whoever adds a migration adds the SQL that the version before had."""
    assert all((HERE / f"version_{version}.sql").exists() for version in range(1, len(MIGRATIONS)))
