"""The way back to an older journal: nothing that was recorded is lost on it."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from osa_daemon.errors import StorageError
from osa_daemon.journal import database, schema, versions
from osa_daemon.journal.journal import Journal
from osa_daemon.journal.rows import EventRow

NOW = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)
FUTURE = (
    "ALTER TABLE events ADD COLUMN mood TEXT",
    "CREATE TABLE dreams (text TEXT NOT NULL) STRICT",
)


@pytest.fixture
def newer(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Make the program a newer one from now on, whose journals have one version more."""

    def become() -> None:
        migrations = (*schema.MIGRATIONS, FUTURE)
        monkeypatch.setattr(database, "migrate", lambda db: schema.migrate(db, migrations))
        monkeypatch.setattr(
            database,
            "copy_before_migration",
            lambda db, path: versions.copy_before_migration(db, path, len(migrations)),
        )

    return become


def names(path: Path) -> list[str]:
    """Names of the events that an older program finds in a journal."""
    with closing(sqlite3.connect(path)) as db:
        return [name for (name,) in db.execute("SELECT id FROM events ORDER BY id")]


def test_the_older_program_finds_all_events_again(
    path: Path,
    event_row: Callable[..., EventRow],
    newer: Callable[[], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Those from before the upgrade, those since, and the messages that still wait."""
    with Journal.open(path) as journal:
        journal.record_event(event_row("a"), "before", NOW)
        journal.acknowledge(journal.pending()[0].id)
    with monkeypatch.context():
        newer()
        with Journal.open(path) as journal:
            journal.record_event(event_row("b", 60), "since", NOW)
    monkeypatch.undo()
    with pytest.raises(StorageError, match="newer program"):
        Journal.open(path)
    aside = versions.go_back(path, schema.LATEST, NOW)
    assert aside is not None
    assert names(aside) == ["a", "b"]
    with Journal.open(path) as journal:
        assert [row.payload for row in journal.pending()] == ["since"]
        assert journal.record_event(event_row("c", 120), "after", NOW)
    assert names(path) == ["a", "b", "c"]
    assert versions.go_back(path, schema.LATEST, NOW) is None


def test_a_journal_of_its_own_version_is_left_alone(
    path: Path, event_row: Callable[..., EventRow]
) -> None:
    """No copy is made, and going back changes nothing."""
    for name in ("a", "b"):
        with Journal.open(path) as journal:
            journal.record_event(event_row(name), "{}", NOW)
    assert versions.go_back(path, schema.LATEST, NOW) is None
    assert [entry.name for entry in path.parent.iterdir()] == [path.name]
    assert names(path) == ["a", "b"]


def test_without_a_copy_the_newer_journal_is_set_aside(
    path: Path, newer: Callable[[], None], event_row: Callable[..., EventRow]
) -> None:
    """The older program begins a new one, and what was recorded lies beside it."""
    newer()
    with Journal.open(path) as journal:
        journal.record_event(event_row("a"), "{}", NOW)
    aside = versions.go_back(path, schema.LATEST, NOW)
    assert aside is not None
    assert not path.exists()
    assert names(aside) == ["a"]


def test_a_cut_on_the_way_back_is_made_good_the_next_time(
    path: Path,
    newer: Callable[[], None],
    event_row: Callable[..., EventRow],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Ended between any two of its renames, it is done again to the same end."""
    rename = Path.rename
    for cut in range(3):
        folder = path.parent.with_name(f"cut{cut}")
        journal_path = folder / path.name
        with Journal.open(journal_path) as journal:
            journal.record_event(event_row("a"), "{}", NOW)
        newer()
        with Journal.open(journal_path) as journal:
            journal.record_event(event_row("b"), "{}", NOW)
        monkeypatch.undo()
        left = iter(range(cut))

        def rename_or_end(source: Path, target: Path, left: object = left) -> Path:
            if next(left, None) is None:  # type: ignore[call-overload]
                raise KeyboardInterrupt
            return rename(source, target)

        with monkeypatch.context() as patch:
            patch.setattr(Path, "rename", rename_or_end)
            if cut < 2:
                with pytest.raises(KeyboardInterrupt):
                    versions.go_back(journal_path, schema.LATEST, NOW)
            else:
                versions.go_back(journal_path, schema.LATEST, NOW)
        versions.go_back(journal_path, schema.LATEST, NOW)
        assert names(journal_path) == ["a", "b"]


def test_what_was_set_aside_before_a_cut_is_kept(
    path: Path, newer: Callable[[], None], event_row: Callable[..., EventRow]
) -> None:
    """Without a copy there is nothing to put in its place: done again, nothing more goes."""
    newer()
    with Journal.open(path) as journal:
        journal.record_event(event_row("a"), "{}", NOW)
    for copy in path.parent.glob("*.version-*"):
        copy.unlink()
    aside = versions.go_back(path, schema.LATEST - 1, NOW)
    assert aside is not None
    assert versions.go_back(path, schema.LATEST - 1, NOW) is None
    assert names(aside) == ["a"]


def test_rows_that_the_older_tables_cannot_hold_keep_no_others_back(
    path: Path, newer: Callable[[], None], event_row: Callable[..., EventRow]
) -> None:
    """What does not fit stays in the newer journal; the rest comes along."""
    Journal.open(path).close()
    newer()
    with Journal.open(path) as journal:
        journal.record_event(event_row("a"), "{}", NOW)
    with closing(sqlite3.connect(path)) as db:
        db.execute("DROP TABLE nights")
        db.execute("CREATE TABLE nights (night TEXT PRIMARY KEY)")
        db.execute("INSERT INTO nights VALUES (?)", (str(date(2026, 11, 22)),))
        db.commit()
    versions.go_back(path, schema.LATEST, NOW)
    assert names(path) == ["a"]


def test_one_copy_and_one_newer_journal_are_kept(path: Path, newer: Callable[[], None]) -> None:
    """However often versions change, the disk holds no more than these."""
    Journal.open(path).close()
    path.with_name(f"{path.name}.version-1").write_bytes(b"of long ago")
    path.with_name(f"{path.name}.newer-20250101T000000Z").write_bytes(b"of long ago")
    newer()
    Journal.open(path).close()
    copies = sorted(entry.name for entry in path.parent.glob("*.version-*"))
    assert copies == [f"{path.name}.version-{schema.LATEST}"]
    versions.go_back(path, schema.LATEST, NOW)
    kept = sorted(entry.name for entry in path.parent.iterdir())
    assert kept == [path.name, f"{path.name}.newer-20261123T060000Z"]


def test_a_copy_that_cannot_be_made_leaves_the_journal_as_it_is(
    path: Path, newer: Callable[[], None]
) -> None:
    """Without a way back nothing is migrated, and the sentence says what is wrong."""
    Journal.open(path).close()
    path.with_name(f"{path.name}.version-{schema.LATEST}.new").mkdir()
    newer()
    with pytest.raises(StorageError, match="could not be opened"):
        Journal.open(path)
    with closing(sqlite3.connect(path)) as db:
        assert schema.version_of(db) == schema.LATEST
