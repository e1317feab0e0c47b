"""The thread of clips: keeps, seals, deletes and tells; a disk that fails or hangs harms nobody."""

import io
import threading
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest
import soundfile

from osa_daemon.clips.clip import Recording
from osa_daemon.clips.keeper import MOST_WAITING, Keeper, Kept
from osa_daemon.clips.sealing import Seal
from osa_daemon.clips.shelf import Shelf
from osa_daemon.errors import StorageError
from tests.mosquitto import wait_for

NOW = datetime(2026, 3, 2, 1, 30)  # noqa: DTZ001  local, as names of files are
KEY = bytes(32)


def recording(key: str = "6d1c1d0e", day: int = 2) -> Recording:
    """A second of noise at half past one in the night."""
    samples = np.random.default_rng(3).integers(-9000, 9000, 16_000, dtype=np.int16)
    return Recording("apnea", key, datetime(2026, 3, day, 1, 29).astimezone(), samples)


class Bed:
    """A keeper and what it told."""

    def __init__(self, folder: Path, seal: Seal | None = None) -> None:
        self.shelf = Shelf(folder / "clips", 10_000_000, least_free=0)
        self.told: list[Kept] = []
        self.keeper = Keeper(self.shelf, 7, seal, self.told.append, now=lambda: NOW)

    def until(self, condition: Callable[[Kept], bool]) -> Kept:
        """Wait until the last that was told is so."""
        wait_for(lambda: self.told and condition(self.told[-1]), 20.0, f"told: {self.told}")
        return self.told[-1]


@pytest.fixture
def start() -> Iterator[Callable[[Bed], Bed]]:
    """Starts keepers, and ends them."""
    started: list[Bed] = []

    def begin(bed: Bed) -> Bed:
        started.append(bed)
        bed.keeper.start()
        return bed

    yield begin
    for bed in started:
        bed.keeper.stop(10)


def test_a_recording_becomes_a_flac_file(tmp_path: Path, start: Callable[[Bed], Bed]) -> None:
    """Lossless; and it is told how many there are, their size and the time of the oldest."""
    bed = start(Bed(tmp_path))
    assert bed.until(lambda kept: kept.count == 0) == Kept()
    bed.keeper.keep(recording())
    kept = bed.until(lambda kept: kept.count == 1)
    (clip,) = bed.shelf.clips()
    samples, rate_hz = soundfile.read(clip.path, dtype="int16")
    assert rate_hz == 16_000
    assert np.array_equal(samples, recording().samples)
    assert (kept.size, kept.oldest, kept.problem) == (clip.size, NOW.replace(minute=29), None)


def test_with_a_key_nothing_lies_in_the_open(tmp_path: Path, start: Callable[[Bed], Bed]) -> None:
    """The file is sealed under its own name, and holds the FLAC file."""
    bed = start(Bed(tmp_path, Seal(KEY)))
    bed.keeper.keep(recording())
    bed.until(lambda kept: kept.count == 1)
    (path,) = (tmp_path / "clips").iterdir()
    assert path.name == "2026-03-02T012900_apnea_6d1c1d0e.flac.sealed"
    flac = Seal(KEY).open(path.read_bytes(), path.name)
    samples, _ = soundfile.read(io.BytesIO(flac), dtype="int16")
    assert np.array_equal(samples, recording().samples)


def test_all_are_deleted_on_demand(tmp_path: Path, start: Callable[[Bed], Bed]) -> None:
    """Those that wait for the disk too, and it is told."""
    bed = start(Bed(tmp_path))
    bed.keeper.keep(recording("a"))
    bed.until(lambda kept: kept.count == 1)
    bed.keeper.keep(recording("b"))
    bed.keeper.delete_all()
    bed.until(lambda kept: kept.count == 0)
    bed.keeper.stop(10)
    assert list((tmp_path / "clips").iterdir()) == []


def test_what_waits_is_written_at_the_end(tmp_path: Path, start: Callable[[Bed], Bed]) -> None:
    """A clip that was cut as the daemon ends is not lost."""
    bed = start(Bed(tmp_path))
    bed.keeper.keep(recording())
    bed.keeper.stop(10)
    assert len(bed.shelf.clips()) == 1


def test_a_start_clears_away(tmp_path: Path, start: Callable[[Bed], Bed]) -> None:
    """Half a clip of a daemon that was killed goes, and so does what is too old."""
    bed = Bed(tmp_path)
    bed.shelf.put(recording(day=1).name.replace("2026-03", "2026-02"), b"old")
    bed.shelf.put(recording().name, b"new")
    (tmp_path / "clips" / "x.flac.part").write_bytes(b"half")
    start(bed).until(lambda kept: kept.count == 1)
    assert [path.name for path in (tmp_path / "clips").iterdir()] == [recording().name]


def test_a_disk_that_fails_is_told_once_and_until_it_works(
    tmp_path: Path, start: Callable[[Bed], Bed], caplog: pytest.LogCaptureFixture
) -> None:
    """The sentence is told with every look, logged once, and goes with the next clip."""
    bed = Bed(tmp_path)
    works = bed.shelf.put

    def fails(name: str, data: bytes) -> None:
        raise StorageError("The disk is full.")

    bed.shelf.put = fails  # type: ignore[method-assign]
    start(bed)
    for key in ("a", "b"):
        told = len(bed.told)
        bed.keeper.keep(recording(key))
        wait_for(lambda told=told: len(bed.told) > told)
        bed.until(lambda kept: kept.problem == "The disk is full.")
    assert caplog.text.count("The disk is full.") == 1
    bed.shelf.put = works  # type: ignore[method-assign]
    bed.keeper.keep(recording("c"))
    bed.until(lambda kept: kept.count == 1 and kept.problem is None)


def test_a_bug_is_told_and_the_thread_goes_on(tmp_path: Path, start: Callable[[Bed], Bed]) -> None:
    """What nobody thought of does not end the thread."""
    bed = start(Bed(tmp_path))
    bad = Recording("apnea", "x", NOW.astimezone(), np.zeros((2, 2, 2), np.int16))
    bed.keeper.keep(bad)
    bed.until(lambda kept: kept.problem is not None and "this is a bug" in kept.problem)
    bed.keeper.keep(recording())
    bed.until(lambda kept: kept.count == 1 and kept.problem is None)


def test_a_disk_that_hangs_keeps_nobody_waiting(
    tmp_path: Path, start: Callable[[Bed], Bed], caplog: pytest.LogCaptureFixture
) -> None:
    """A few recordings wait, others are dropped with a sentence; ending does not wait either."""
    bed = Bed(tmp_path)
    hangs, lets_go = threading.Event(), threading.Event()

    def hang(name: str, data: bytes) -> None:
        hangs.set()
        lets_go.wait(60)

    bed.shelf.put = hang  # type: ignore[method-assign]
    start(bed)
    bed.keeper.keep(recording())
    assert hangs.wait(20)
    for _ in range(MOST_WAITING + 1):
        bed.keeper.keep(recording())
    assert "too slow for clips" in caplog.text
    bed.keeper.stop(0.1)
    assert bed.keeper._thread.is_alive()
    lets_go.set()
