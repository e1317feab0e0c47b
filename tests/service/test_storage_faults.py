"""The disk fails under the daemon: events go out, and are written down once it works again."""

import os
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from osa_daemon.clock import Clock
from osa_daemon.errors import StorageError
from osa_daemon.journal import patience
from osa_daemon.journal.database import BUSY_TIMEOUT_S
from osa_daemon.journal.journal import Journal
from osa_daemon.journal.rows import EventRow
from osa_daemon.service import outbox as outbox_module
from osa_daemon.service.outbox import Outbox
from osa_daemon.service.store import Store

MOMENT = datetime(2026, 3, 1, 2, 3, tzinfo=UTC)
NIGHT = date(2026, 2, 28)

HOLD_THE_LOCK = textwrap.dedent("""
    import sqlite3, sys
    db = sqlite3.connect(sys.argv[1], isolation_level=None)
    db.execute("BEGIN IMMEDIATE")
    print("held", flush=True)
    sys.stdin.read()
""")


class Bed:
    """A store with its outbox, a broker that has room, and a clock that a test sets."""

    def __init__(self, path: Path) -> None:
        self.now_s = 0.0
        self.has_room = True
        self.told: list[str | None] = []
        self.sent: list[str] = []
        self.payloads: list[dict] = []
        clock = Clock(monotonic_s=lambda: self.now_s)
        self.store = Store(lambda: Journal.open(path), self.told.append, clock)
        self.outbox = Outbox(self.store, self, clock)

    def send_event(self, event_id: str, payload: dict) -> bool:
        """Take an event, where there is room."""
        if not self.has_room:
            return False
        self.sent.append(event_id)
        self.payloads.append(payload)
        return True

    def put(self, name: str) -> dict:
        """Let an event be decided."""
        end = MOMENT + timedelta(seconds=12)
        row = EventRow(name, "apnea", MOMENT, end, 12.0, 0.9, "silent", True, False, NIGHT)
        sent = self.outbox.put(row, {"id": name, "durable": True, "text": "x" * 300})
        assert sent is not None
        return sent

    def stored(self) -> set[str]:
        """The events of the night, as a report has them."""
        return {event.id for event in self.store.look(lambda j: j.events_of(NIGHT)) or ()}

    def wait(self, seconds: float = 60.0) -> None:
        """Let time pass, as a minute does at the bedside."""
        self.now_s += seconds
        self.store.retry()
        self.outbox.pump()


@pytest.fixture
def bed(tmp_path: Path) -> Iterator[Bed]:
    """A bed whose disk works."""
    made = Bed(tmp_path / "journal.db")
    yield made
    made.store.close()


@contextmanager
def small_disk(folder: Path, *options: str) -> Iterator[Callable[[str], None]]:
    """Mount a disk of 1 MB; gives what mounts it with other options."""
    if os.geteuid() != 0:
        pytest.skip("only root may mount a disk")
    folder.mkdir()

    def mount(options: str) -> None:
        command = ["mount", "-t", "tmpfs", "-o", options, "none", str(folder)]
        if subprocess.run(command, check=False, capture_output=True).returncode:
            pytest.skip("no disk can be mounted here")

    mount(",".join(("size=1m", *options)))
    try:
        yield mount
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


@contextmanager
def lock_held(path: Path) -> Iterator[None]:
    """Let another process hold the journal's lock."""
    command = [sys.executable, "-c", HOLD_THE_LOCK, str(path)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout.readline() == "held\n"
        try:
            yield
        finally:
            holder.stdin.close()


def test_a_full_disk_keeps_events_back_and_then_takes_them(tmp_path: Path):
    """They are sent at once as not durable, and once: the report has them when there is room."""
    folder = tmp_path / "disk"
    with small_disk(folder):
        bed = Bed(folder / "journal.db")
        assert bed.put("before")["durable"] is True
        ballast = folder / "ballast"
        with ballast.open("wb") as file, pytest.raises(OSError, match="No space left"):
            while True:
                file.write(b"x" * 65_536)
                file.flush()
        late = []
        while len(late) < 120:
            late.append(f"e{len(late)}")
            is_durable = bed.put(late[-1])["durable"]
            bed.outbox.acknowledged(late[-1])
        assert is_durable is False
        assert "the disk is full; free some space" in bed.told[-1]
        assert bed.store.failure is not None
        assert len(bed.stored()) < 121
        ballast.unlink()
        for _ in range(5):
            bed.wait()
        assert bed.told[-1] is None
        assert bed.stored() == {"before", *late}
        assert bed.sent == ["before", *late]
        bed.outbox.acknowledged("before")
        bed.wait()
        assert bed.outbox.waiting() == 0
        bed.store.close()


def test_what_a_full_disk_kept_back_is_sent_again_only_where_it_was_not_taken(tmp_path: Path):
    """After a restart those go again that no broker acknowledged, under their own ids."""
    bed = Bed(tmp_path / "journal.db")
    bed.store._journal._db.execute("PRAGMA query_only = 1")
    for name in ("taken", "underway"):
        bed.put(name)
    bed.outbox.acknowledged("taken")
    bed.wait()
    bed.store._journal._db.execute("PRAGMA query_only = 0")
    bed.wait()
    assert bed.outbox.length == 1
    bed.store.close()
    again = Bed(tmp_path / "journal.db")
    again.outbox.pump()
    assert again.sent == ["underway"]
    assert again.stored() == {"taken", "underway"}
    again.store.close()


def test_what_neither_disk_nor_broker_took_is_stored_and_then_sent(bed: Bed):
    """The disk comes back first: the event lies in the outbox until the broker has room."""
    bed.has_room = False
    bed.store._journal._db.execute("PRAGMA query_only = 1")
    bed.put("a")
    bed.store._journal._db.execute("PRAGMA query_only = 0")
    bed.wait()
    assert bed.stored() == {"a"}
    assert bed.sent == []
    bed.has_room = True
    bed.wait()
    assert bed.sent == ["a"]
    assert bed.payloads[0]["durable"] is False
    bed.outbox.acknowledged("a")
    bed.wait()
    assert bed.outbox.waiting() == 0


def test_a_read_only_disk_is_written_once_it_can_be(tmp_path: Path):
    """A daemon that begins on one says so, sends what it decides, and writes it down later."""
    folder = tmp_path / "disk"
    with small_disk(folder, "ro") as mount:
        bed = Bed(folder / "journal.db")
        assert "Events are not stored." in bed.told[0]
        assert bed.put("a")["durable"] is False
        assert bed.sent == ["a"]
        mount("remount,rw")
        bed.wait()
        assert bed.told[-1] is None
        assert bed.stored() == {"a"}
        assert bed.sent == ["a"]
        bed.store.close()


def test_what_is_kept_in_memory_is_bounded(bed: Bed, monkeypatch: pytest.MonkeyPatch):
    """Over the bound the oldest goes that the broker has, and only then one that it has not."""
    monkeypatch.setattr(outbox_module, "MOST_UNSTORED", 3)
    bed.store._journal._db.execute("PRAGMA query_only = 1")
    for name in ("a", "b", "c"):
        bed.put(name)
    bed.outbox.acknowledged("b")
    bed.put("d")
    assert set(bed.outbox._unstored) == {"a", "c", "d"}
    bed.put("e")
    assert set(bed.outbox._unstored) == {"c", "d", "e"}
    assert bed.outbox.length == 3


def test_a_held_lock_stalls_the_chain_once(bed: Bed, tmp_path: Path):
    """Of all that is written in half a minute one write waits: the ring holds 21 s of sound."""
    bed.put("before")
    with lock_held(tmp_path / "journal.db"):
        began_s = time.monotonic()
        assert bed.put("a")["durable"] is False
        first_s = time.monotonic() - began_s
        for number in range(50):
            bed.put(f"b{number}")
            bed.store.does(lambda j: j.end_pause())
        others_s = time.monotonic() - began_s - first_s
        assert first_s >= BUSY_TIMEOUT_S / 2  # the lock was waited for
        assert "another process holds it" in bed.told[-1]
    # 100 further writes: had each waited, it were 200 s
    assert others_s < 10 * BUSY_TIMEOUT_S
    bed.wait(patience.AGAIN_S)
    bed.wait(patience.AGAIN_S)
    assert bed.told[-1] is None
    assert len(bed.stored()) == 52
    assert len(bed.sent) == 52


def test_a_lock_is_waited_for_again_after_a_while(tmp_path: Path):
    """Who was impatient for half a minute gives the next holder its time."""
    now_s = [0.0]
    path = tmp_path / "journal.db"
    with Journal.open(path, clock=Clock(monotonic_s=lambda: now_s[0])) as journal:
        waits = []
        with lock_held(path):
            for at_s in (0.0, 1.0, patience.AGAIN_S + 0.1):
                now_s[0] = at_s
                began_s = time.monotonic()
                with pytest.raises(StorageError, match="another process"):
                    journal.end_pause()
                waits.append(time.monotonic() - began_s >= BUSY_TIMEOUT_S / 2)
        assert waits == [True, False, True]
        journal.end_pause()


def test_a_journal_deleted_in_use_loses_no_event(bed: Bed, tmp_path: Path):
    """The next event finds it, and is durable; what waited waits in the new file, sent once."""
    bed.put("a")
    for part in ("", "-wal"):
        (tmp_path / f"journal.db{part}").unlink()
    assert bed.put("b")["durable"] is True
    assert "was deleted or replaced while the daemon ran" in bed.told[-1]
    assert bed.store.failure is None
    bed.outbox.acknowledged("a")
    bed.wait()
    assert bed.sent == ["a", "b"]
    assert bed.outbox.waiting() == 1
    with Journal.open(tmp_path / "journal.db") as journal:
        assert [event.id for event in journal.events_of(NIGHT)] == ["a", "b"]


def test_what_the_broker_had_is_not_sent_again_from_a_new_file(bed: Bed, tmp_path: Path):
    """Acknowledged and not yet deleted when the file went: its row in the new one goes."""
    bed.put("a")
    bed.outbox._note("a")  # the next pump would delete it
    (tmp_path / "journal.db").unlink()
    bed.put("b")
    bed.wait()
    assert bed.sent == ["a", "b"]
    assert bed.outbox.waiting() == 1


def test_a_row_of_another_file_is_not_taken_for_the_one_that_was_acknowledged(
    bed: Bed, tmp_path: Path
):
    """The file is replaced before the row is deleted: its number means another event there."""
    bed.put("a")
    end = MOMENT + timedelta(seconds=12)
    row = EventRow("older", "apnea", MOMENT, end, 12.0, 0.9, "silent", True, False, NIGHT)
    with Journal.open(tmp_path / "other.db") as other:
        other.record_event(row, '{"id":"older"}', MOMENT)
    (tmp_path / "other.db").replace(tmp_path / "journal.db")
    bed.outbox.acknowledged("a")
    bed.wait()
    bed.wait()
    assert bed.sent == ["a", "older"]
    assert bed.outbox.waiting() == 1


def test_that_a_journal_was_begun_anew_is_told_for_a_day(bed: Bed, tmp_path: Path):
    """Somebody must see it in the morning; after a day it is over."""
    (tmp_path / "journal.db").unlink()
    bed.put("a")
    bed.wait(23 * 3600.0)
    assert "deleted or replaced" in bed.told[-1]
    bed.wait(2 * 3600.0)
    assert bed.told[-1] is None


def test_a_message_that_is_none_is_dropped(bed: Bed):
    """Damage within a text must not keep what comes after it from being sent."""
    bed.store.does(lambda j: j.enqueue("event", '{"id":', MOMENT))
    bed.put("a")
    bed.wait()
    bed.outbox.acknowledged("a")
    bed.wait()
    assert bed.sent == ["a"]
    assert bed.outbox.waiting() == 0


def test_a_newer_journal_leaves_the_daemon_listening(tmp_path: Path):
    """An older program on a newer journal sends events, says why they are not stored, no more."""
    path = tmp_path / "journal.db"
    with Journal.open(path) as journal:
        journal._db.execute("INSERT INTO migrations VALUES (99, 'then')")
    bed = Bed(path)
    assert bed.put("a")["durable"] is False
    assert "install the newer program again" in bed.told[-1]
    assert bed.sent == ["a"]
