"""Files that a command writes: whole or not at all, each failure with its own name."""

import resource
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from osa_daemon.errors import StorageError, UsageError
from osa_daemon.service.outputs import check_outputs, whole_bytes, whole_file


@pytest.fixture
def small_disk() -> Iterator[None]:
    """No file of this process may grow beyond 64 KB, as on a disk that is full."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (65_536, limits[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    signal.signal(signal.SIGXFSZ, handler)


def test_a_file_takes_its_name_when_it_is_complete(tmp_path: Path):
    """Until then an older one keeps its content."""
    path = tmp_path / "e.jsonl"
    path.write_text("old")
    with whole_file(path) as file:
        file.write("new")
        assert path.read_text() == "old"
    assert path.read_text() == "new"
    assert list(tmp_path.iterdir()) == [path]


def test_a_failure_leaves_the_older_file(tmp_path: Path):
    """What ends the writing passes through, and nothing half-written stays."""
    path = tmp_path / "p.png"
    path.write_bytes(b"old")
    with pytest.raises(KeyError), whole_bytes(path) as file:
        file.write(b"half")
        raise KeyError
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("length", [10, 100_000])
def test_a_full_disk_is_told_of_the_file_that_met_it(small_disk: None, tmp_path: Path, length: int):
    """The outer file fails while the inner one is open: the outer one's name is told."""
    events, frames = tmp_path / "e.jsonl", tmp_path / "f.csv"
    with (
        pytest.raises(StorageError, match=r"e\.jsonl cannot be written"),
        whole_file(events) as outer,
        whole_file(frames) as inner,
    ):
        inner.write("t_s\n")
        for _ in range(100_000 // length):
            outer.write("x" * length)
    assert list(tmp_path.iterdir()) == []


def test_a_disk_that_is_full_only_at_the_end_is_told_too(tmp_path: Path, small_disk: None):
    """What is written when the file is closed may fail as well."""
    path = tmp_path / "e.jsonl"
    with pytest.raises(StorageError, match=r"e\.jsonl cannot"), whole_file(path) as file:
        file.write("x" * 65_000)
        file.write("x" * 1_000)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_is_refused_at_once(tmp_path: Path):
    """Not only when hours have been written."""
    with pytest.raises(StorageError, match="it is a folder"), whole_file(tmp_path):
        pytest.fail("it was opened")


def test_a_device_is_written_and_stays_what_it_is():
    """/dev/null may be given for an output that nobody wants."""
    with whole_file(Path("/dev/null")) as file:
        file.write("x")
    assert Path("/dev/null").is_char_device()


def test_outputs_are_not_the_input(tmp_path: Path):
    """A recording is never written over, by whatever name."""
    sound = tmp_path / "night.wav"
    sound.touch()
    (tmp_path / "link").symlink_to(sound)
    for path in (sound, tmp_path / "link", tmp_path / "." / "night.wav"):
        with pytest.raises(UsageError, match="--frames and FILE are both"):
            check_outputs(sound, [("--events", None), ("--frames", path)])


def test_outputs_are_not_each_other(tmp_path: Path):
    """Two options never write one file, even one that is still to be made."""
    one, other = tmp_path / "a", tmp_path / "b" / ".." / "a"
    with pytest.raises(UsageError, match="--picture and --events are both"):
        check_outputs(tmp_path / "night.wav", [("--events", one), ("--picture", other)])


def test_outputs_may_share_a_device(tmp_path: Path):
    """Nothing is lost where two of them go to /dev/null: it is the third that is refused."""
    null, sound = Path("/dev/null"), tmp_path / "night.wav"
    with pytest.raises(UsageError, match="--picture and FILE are both"):
        check_outputs(sound, [("--events", null), ("--frames", null), ("--picture", sound)])


@pytest.mark.parametrize("depth", [1, 2])
def test_a_redirected_standard_output_is_written_through_its_link(tmp_path: Path, depth: int):
    """/dev/stdout leads to a file where a shell redirects it: the link must stay what it is."""
    target, link = tmp_path / "target", tmp_path / "stdout"
    with target.open("wb") as file:
        link.symlink_to(f"/proc/self/fd/{file.fileno()}")
        for number in range(1, depth):
            (tmp_path / f"stdout{number}").symlink_to(link)
            link = tmp_path / f"stdout{number}"
        with whole_bytes(link) as output:
            output.write(b"whole")
    assert link.is_symlink()
    assert target.read_bytes() == b"whole"
    assert {path.name for path in tmp_path.iterdir()} <= {"target", "stdout", "stdout1"}
