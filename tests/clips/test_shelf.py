"""The folder of clips: whole files that only the daemon may read, bounded, deletable."""

import os
from datetime import date
from pathlib import Path

import pytest

from osa_daemon.clips.shelf import Shelf
from osa_daemon.errors import StorageError

NAMES = (
    "2026-03-01T233000_apnea_aaaaaaaa.flac",
    "2026-03-02T013000_alert_bbbbbbbb.flac.sealed",
    "2026-03-02T220000_hypopnea_cccccccc.flac",
)


def shelf(folder: Path, most_bytes: int = 1000) -> Shelf:
    """A shelf that leaves the disk as full as it is."""
    return Shelf(folder / "clips", most_bytes, least_free=0)


def ids(shelf: Shelf) -> list[str]:
    """What lies there."""
    return [clip.id for clip in shelf.clips()]


def test_clips_are_listed_by_age(tmp_path: Path) -> None:
    """With kind, night (from noon to noon), size, and whether they are sealed."""
    there = shelf(tmp_path)
    assert there.clips() == []
    for name in reversed(NAMES):
        there.put(name, name.encode())
    assert [clip.path.name for clip in there.clips()] == list(NAMES)
    first, second, third = there.clips()
    assert (first.id, first.kind) == ("2026-03-01T233000_apnea_aaaaaaaa", "apnea")
    assert (first.night, second.night, third.night) == (
        *(date(2026, 3, 1),) * 2,
        date(2026, 3, 2),
    )
    assert [clip.is_sealed for clip in there.clips()] == [False, True, False]
    assert first.size == len(NAMES[0])


def test_only_the_owner_may_read(tmp_path: Path) -> None:
    """Whatever the umask is."""
    before = os.umask(0)
    try:
        shelf(tmp_path).put(NAMES[0], b"x")
    finally:
        os.umask(before)
    assert (tmp_path / "clips").stat().st_mode & 0o777 == 0o700
    assert (tmp_path / "clips" / NAMES[0]).stat().st_mode & 0o777 == 0o600


def test_the_oldest_make_room(tmp_path: Path) -> None:
    """Together they never take more than is allowed."""
    there = shelf(tmp_path, most_bytes=100)
    for name in NAMES:
        there.put(name, bytes(45))
    assert [clip.path.name for clip in there.clips()] == list(NAMES[1:])


def test_a_clip_that_is_too_large_costs_no_other(tmp_path: Path) -> None:
    """It is refused before anything is deleted for it."""
    there = shelf(tmp_path, most_bytes=100)
    there.put(NAMES[0], bytes(45))
    with pytest.raises(StorageError, match=r"clips\.max_mb"):
        there.put(NAMES[1], bytes(101))
    assert len(there.clips()) == 1


def test_the_journal_keeps_its_room(tmp_path: Path) -> None:
    """A disk that is nearly full takes no clip, and the sentence says what to do."""
    there = Shelf(tmp_path / "clips", 1000, least_free=10**18)
    with pytest.raises(StorageError, match="which the journal needs") as caught:
        there.put(NAMES[0], b"x")
    assert "Make room, or lower clips.max_mb." in str(caught.value)
    assert list((tmp_path / "clips").iterdir()) == []


def test_old_nights_are_forgotten(tmp_path: Path) -> None:
    """The present night counts as one of those that are kept."""
    there = shelf(tmp_path)
    for name in NAMES:
        there.put(name, b"x")
    there.forget_before(date(2026, 3, 3), keep_nights=3)
    assert len(there.clips()) == 3
    there.forget_before(date(2026, 3, 3), keep_nights=2)
    assert ids(there) == ["2026-03-02T220000_hypopnea_cccccccc"]
    there.forget_before(date(2026, 3, 4), keep_nights=1)
    assert ids(there) == []


def test_other_files_are_left_alone(tmp_path: Path) -> None:
    """What is no clip is neither listed nor deleted; parts of clips go."""
    there = shelf(tmp_path)
    there.put(NAMES[0], b"x")
    folder = tmp_path / "clips"
    (folder / "notes.txt").write_text("mine")
    (folder / "2026-13-01T233000_apnea_aaaaaaaa.flac").write_text("no such month")
    (folder / "0001-01-01T000000_apnea_aaaaaaaa.flac").write_text("of no clock")
    (folder / f"{NAMES[1]}.part").write_text("half")
    (folder / NAMES[2]).mkdir()
    assert len(there.clips()) == 1
    there.delete_parts()
    there.delete(there.clips())
    left = {path.name for path in folder.iterdir()}
    wrong = {f"{day}_apnea_aaaaaaaa.flac" for day in ("2026-13-01T233000", "0001-01-01T000000")}
    assert left == {"notes.txt", *wrong, NAMES[2]}


def test_a_clip_is_there_whole_or_not_at_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the disk fails while it is written, nothing is left, and the sentence says why."""
    there = shelf(tmp_path)

    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("osa_daemon.clips.shelf.os.fsync", full)
    with pytest.raises(StorageError, match="cannot be written: No space left on device"):
        there.put(NAMES[0], b"x")
    assert list((tmp_path / "clips").iterdir()) == []


def test_a_folder_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    """It is a sentence, not a crash."""
    (tmp_path / "clips").write_text("a file")
    with pytest.raises(StorageError, match="cannot be read"):
        shelf(tmp_path).clips()
