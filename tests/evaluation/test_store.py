"""Judged nights are kept whole, found under their key alone, and a damaged file is no night."""

from pathlib import Path

import numpy as np
import pytest

from osa_daemon.errors import StorageError
from osa_daemon.evaluation.night import Decided, FrameRows, JudgedNight, Raised
from osa_daemon.evaluation.store import NightStore, key_of, make_folder, write_whole
from osa_daemon.scoring.matching import Span


def night_of(*, knows_audible: bool = True) -> JudgedNight:
    """Make a night of four frames that holds one of each."""
    values = np.linspace(0, 1, 4, dtype=np.float32)
    flags = values > 0.5
    return JudgedNight(
        name="a/b é",
        facts={"person": "p", "snr_db": 6.5, "codec": None},
        truth=(Span(1.1, 12.3, "central_apnea"), Span(40.0, 10.0, "hypopnea", counts=False)),
        decided=(Decided(Span(1.0, 12.0, "apnea"), 0.875),),
        alerts=(Raised(31.25, 1.0, urgent=False),),
        rows=FrameRows(flags if knows_audible else None, flags, values, values / 3, values / 7),
    )


@pytest.mark.parametrize("knows_audible", [True, False])
def test_a_night_comes_back_as_it_was(tmp_path: Path, knows_audible: bool):
    """Words, numbers, and every bit of the rows."""
    store, night = NightStore(tmp_path), night_of(knows_audible=knows_audible)
    store.keep("key", night)
    found = store.find(night.name, "key")
    assert found is not None
    for name in ("name", "facts", "truth", "decided", "alerts"):
        assert getattr(found, name) == getattr(night, name)
    for name in FrameRows.__slots__:
        ours, theirs = getattr(night.rows, name), getattr(found.rows, name)
        assert (ours is None) == (theirs is None)
        assert ours is None or (ours.dtype == theirs.dtype and (ours == theirs).all())


def test_another_key_finds_nothing(tmp_path: Path):
    """What was judged otherwise is not this night."""
    NightStore(tmp_path).keep("key", night_of())
    assert NightStore(tmp_path).find(night_of().name, "other") is None


@pytest.mark.parametrize("left", [0, 10, 500])
def test_a_damaged_file_is_no_night(tmp_path: Path, left: int):
    """A file that was cut short, by a full disk say, is made anew."""
    store, night = NightStore(tmp_path), night_of()
    store.keep("key", night)
    [path] = tmp_path.iterdir()
    path.write_bytes(path.read_bytes()[:left])
    assert store.find(night.name, "key") is None


def test_what_cannot_be_kept_is_one_sentence(tmp_path: Path):
    """The file is named."""
    with pytest.raises(StorageError, match=r"no.*cannot be written"):
        NightStore(tmp_path / "no").keep("key", night_of())


def test_a_file_is_no_folder(tmp_path: Path):
    """It is named, and what is wrong with it."""
    (tmp_path / "file").touch()
    with pytest.raises(StorageError, match="file cannot be written"):
        make_folder(tmp_path / "file")


def test_a_key_tells_any_difference():
    """The same parts give the same key, in whatever order; others another."""
    assert key_of(a=1, b=[2.5]) == key_of(b=[2.5], a=1) != key_of(a=1, b=[2.6])


@pytest.mark.parametrize(("content", "stored"), [("é\n", b"\xc3\xa9\n"), (b"\x89PNG", b"\x89PNG")])
def test_a_file_is_written_whole(tmp_path: Path, content: str | bytes, stored: bytes):
    """Text and bytes take the place of what was there; nothing else is left behind."""
    path = tmp_path / "figures.json"
    path.write_text("before")
    write_whole(path, content)
    assert path.read_bytes() == stored
    assert list(tmp_path.iterdir()) == [path]


def test_a_file_that_cannot_be_written_stays_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """A full disk is one sentence, and the file from before is still whole."""
    path = tmp_path / "figures.json"
    path.write_text("before")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(StorageError, match=r"figures\.json cannot be written: No space"):
        write_whole(path, "after")
    assert path.read_text() == "before"
