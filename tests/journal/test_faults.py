"""Damaged, unwritable, full, killed: what is said, and what is still there."""

import os
import re
import signal
import sqlite3
import subprocess
import sys
import textwrap
from datetime import UTC, datetime

import pytest

from osa_daemon.clock import Clock
from osa_daemon.errors import StorageError
from osa_daemon.journal.journal import Journal

DATED = datetime(2026, 11, 23, 4, 5, 6, tzinfo=UTC)
LAST_TIME = datetime(9999, 1, 1, tzinfo=UTC)

RECORD_FOR_EVER = textwrap.dedent("""
    import sys
    from datetime import UTC, datetime, timedelta
    from itertools import count
    from pathlib import Path
    from osa_daemon.journal.journal import Journal
    from osa_daemon.journal.rows import EventRow

    now = datetime(2026, 11, 22, 23, 0, tzinfo=UTC)
    end = now + timedelta(seconds=20)
    journal = Journal.open(Path(sys.argv[1]))
    for number in count(len(journal.events_between(now, end))):
        name = f"{number}"
        row = EventRow(name, "apnea", now, end, 20.0, 0.9, "silent", True, False, now.date())
        journal.record_event(row, name, now)
        print(name, flush=True)
""")

FILL_THE_DISK = textwrap.dedent("""
    import resource, sys
    from datetime import UTC, datetime
    from pathlib import Path
    from osa_daemon.errors import StorageError
    from osa_daemon.journal.journal import Journal

    now = datetime(2026, 11, 22, 23, 0, tzinfo=UTC)
    journal = Journal.open(Path(sys.argv[1]))
    unlimited = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, unlimited[1]))
    written = 0
    try:
        while True:
            journal.enqueue("night", "x" * 1000, now)
            written += 1
    except StorageError as error:
        print(error)
    resource.setrlimit(resource.RLIMIT_FSIZE, unlimited)
    journal.enqueue("night", "after", now)
    print(written, journal.outbox_length(), journal.pending(9999)[-1].payload)
""")


def spoil_middle(path):
    """Overwrite tables within the file."""
    content = bytearray(path.read_bytes())
    content[200:9000] = b"\x55" * 8800
    path.write_bytes(content)


def spoil_whole(path):
    """Leave something that is no database."""
    path.write_bytes(b"this is no journal\n" * 400)


def cut_short(path):
    """Leave a part of the file."""
    path.write_bytes(path.read_bytes()[:5000])


@pytest.mark.parametrize("spoil", [spoil_middle, spoil_whole, cut_short])
def test_a_damaged_journal_is_set_aside(path, evening, spoil):
    """It is kept under a dated name, a clean one is begun, and that is said."""
    Journal.open(path).close()
    spoil(path)
    damaged = path.read_bytes()
    with Journal.open(path, clock=Clock(wall_s=DATED.timestamp)) as journal:
        journal.enqueue("night", "{}", evening)
        notice = journal.notice
    aside = path.with_name("journal.db.damaged-20261123T040506Z")
    assert aside.read_bytes() == damaged
    assert notice == (
        f"The journal {path} was damaged; it was set aside as {aside.name}, a new one begun "
        "with what could be read: 0 events, 0 of them not yet sent."
    )
    with Journal.open(path) as again:
        assert again.notice is None


def test_a_second_damage_keeps_the_first(path):
    """Journals set aside in the same second do not replace each other."""
    for _ in range(2):
        path.parent.mkdir(exist_ok=True)
        spoil_whole(path)
        Journal.open(path, clock=Clock(wall_s=DATED.timestamp)).close()
    assert len(list(path.parent.glob("journal.db.damaged-*"))) == 2


def test_a_healthy_journal_gives_no_notice(path):
    """Neither a new one nor one that is opened again."""
    for _ in range(2):
        with Journal.open(path) as journal:
            assert journal.notice is None


def test_a_folder_that_cannot_be_made_is_named(tmp_path):
    """One sentence: which journal, why, what to do."""
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError, match=r"journal \S+file/journal.db could not be opened: .+; "):
        Journal.open(tmp_path / "file" / "journal.db")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_read_only_folder_is_named(tmp_path):
    """A folder that may not be written is a sentence, not a traceback."""
    tmp_path.chmod(0o500)
    with pytest.raises(StorageError, match="let the daemon's user write that folder"):
        Journal.open(tmp_path / "journal.db")


def test_a_folder_in_its_place_is_named(tmp_path):
    """A folder where the file should be cannot be opened."""
    with pytest.raises(StorageError, match="it cannot be opened"):
        Journal.open(tmp_path)


def test_a_read_only_journal_fails_each_write(journal, evening):
    """The write raises, nothing is changed, reading goes on."""
    journal._db.execute("PRAGMA query_only = 1")
    with pytest.raises(StorageError, match="it is read-only"):
        journal.enqueue("night", "{}", evening)
    assert journal.outbox_length() == 0


def test_an_event_is_whole_or_not_there(journal, event_row, evening):
    """Where the message cannot be written, the event is not either."""
    journal._db.execute("DROP TABLE outbox")
    with pytest.raises(StorageError, match="no such table"):
        journal.record_event(event_row("a"), "{}", evening)
    assert journal.events_between(evening, LAST_TIME) == ()


def test_another_writer_is_waited_for_only_so_long(journal, path, evening):
    """A lock that another process keeps is a sentence after the time-out; later it works."""
    journal._db.execute("PRAGMA busy_timeout = 50")
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StorageError, match="another process holds it"):
        journal.enqueue("night", "{}", evening)
    other.execute("ROLLBACK")
    other.close()
    journal.enqueue("night", "{}", evening)
    assert journal.outbox_length() == 1


def test_a_full_disk_loses_nothing_written(path):
    """Writing fails with a sentence; what was committed stays; it works again with space."""
    done = subprocess.run(
        [sys.executable, "-c", FILL_THE_DISK, str(path)], capture_output=True, text=True, check=True
    )
    sentence, counts = done.stdout.splitlines()
    assert re.search(r"could not be written: .+; .+\.$", sentence)
    written, length, last = counts.split()
    assert int(written) > 5
    assert (int(length), last) == (int(written) + 1, "after")


@pytest.mark.parametrize("lines", [1, 2, 7, 30, 81])
def test_kill_loses_no_commit(path, evening, lines):
    """After kill -9 every event whose commit returned is there, with its message, whole."""
    for _ in range(2):
        child = subprocess.Popen(
            [sys.executable, "-c", RECORD_FOR_EVER, str(path)], stdout=subprocess.PIPE, text=True
        )
        with child:
            told = [child.stdout.readline().strip() for _ in range(lines)]
            child.send_signal(signal.SIGKILL)
            told += child.stdout.read().split()
        with Journal.open(path) as journal:
            assert journal.notice is None
            recorded = [event.id for event in journal.events_between(evening, LAST_TIME)]
            waiting = [message.payload for message in journal.pending(10_000)]
        assert recorded == waiting == [str(k) for k in range(len(recorded))]
        assert set(told) <= set(recorded)
