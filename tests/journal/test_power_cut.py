"""After a power cut at any moment every event whose commit had returned is there."""

import shutil
from random import Random

import pytest

from tests.journal.crash_states import Disk, Naming, Synced, Write
from tests.journal.power_cut import WAYS, run

needs_strace = pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not here")


@needs_strace
def test_no_committed_event_is_lost():
    """A part of the states that `python -m tests.journal.power_cut` tries."""
    summary = run(20261130, 160, events=40)
    assert summary.wrong == []
    assert summary.states == 160
    assert summary.set_aside["damaged"] > 0, "no cut came before the damaged file was set aside"


@needs_strace
def test_a_journal_that_does_not_wait_for_the_disk_is_found_out():
    """The same states lose events where SQLite is told not to sync."""
    summary = run(1, 60, events=20, pragma="PRAGMA synchronous = OFF")
    assert any("whose commit had returned" in each for each in summary.wrong)


def states_of(disk: Disk, random) -> set[tuple[tuple[str, bytes], ...]]:
    """What many power cuts leave."""
    cuts = (disk.after_a_cut(random, way) for way in WAYS * 60)
    return {tuple(sorted(files.items())) for files in cuts}


@pytest.fixture
def random():
    """Return numbers that are the same each time."""
    return Random(3)


def test_what_was_synced_is_there_and_what_was_not_may_be(random):
    """Bytes and names alike; sectors tear; what came first may be lost and what came later not."""
    disk = Disk()
    for step in (
        Naming((("a", 1),)),
        Write(1, 0, b"old" + bytes(1021)),
        Synced(1),
        Synced(None),
        Write(1, 0, b"new"),
        Write(1, 1022, b"xyz"),
        Naming((("b", 1), ("a", None))),
    ):
        disk.take(step)
    found = {files[0] for files in states_of(disk, random)}
    assert {name for name, _ in found} == {"a", "b"}
    assert {content[:3] for _, content in found} == {b"old", b"new"}
    # two bytes end a sector, the third begins another: each may be there without the other
    assert {content[1022:] for _, content in found} == {
        bytes(2), b"xyz", b"xy", bytes(2) + b"z"
    }  # fmt: skip
    assert {b"old", b"new"} == {content[:3] for _, content in found if content.endswith(b"xyz")}


def test_a_name_that_was_not_synced_may_be_gone(random):
    """The bytes of a new file are worth nothing without its name."""
    disk = Disk()
    for step in (Naming((("a", 1),)), Write(1, 0, b"x"), Synced(1)):
        disk.take(step)
    assert states_of(disk, random) == {(), (("a", b"x"),)}
