"""A journal that fails is told once, and taken back only when it works again."""

from pathlib import Path

import pytest

from osa_daemon.errors import StorageError
from osa_daemon.journal.journal import Journal
from osa_daemon.service.store import Store


@pytest.fixture
def journal(tmp_path: Path):
    """A real journal."""
    with Journal.open(tmp_path / "journal.sqlite3") as opened:
        yield opened


def fail(_journal: Journal) -> None:
    """What a full disk does."""
    raise StorageError("The disk is full.")


def test_reading_does_not_clear_a_failed_write(journal: Journal):
    """A full disk can be read: the problem stays until a write succeeds."""
    told: list[str | None] = []
    store = Store(lambda: journal, told.append)
    assert not store.does(fail)
    assert store.look(lambda j: j.outbox_length()) == 0
    assert told == [None, "The disk is full."]
    assert store.does(lambda j: j.end_pause())
    assert told == [None, "The disk is full.", None]


def test_a_failing_read_is_over_when_reading_works(journal: Journal):
    """What failed in reading is cleared by reading."""
    told: list[str | None] = []
    store = Store(lambda: journal, told.append)
    store.look(fail)
    store.does(lambda j: j.end_pause())
    assert told == [None, "The disk is full."]
    store.look(lambda j: j.outbox_length())
    assert told[-1] is None


def test_a_journal_that_could_not_be_opened_is_tried_again(journal: Journal):
    """The problem is told at once, and over when a later try opens the journal."""
    told: list[str | None] = []
    tries = [StorageError("No such folder."), StorageError("No such folder.")]

    def open_journal() -> Journal:
        if tries:
            raise tries.pop()
        return journal

    store = Store(open_journal, told.append)
    assert store.look(lambda j: j.outbox_length()) is None
    assert not store.retry()
    assert store.retry()
    assert not store.retry()
    assert store.look(lambda j: j.outbox_length()) == 0
    assert told == ["No such folder. Events are not stored.", None]
