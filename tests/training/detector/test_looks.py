"""The log of looks at test nights keeps itself."""

import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from osa_daemon.errors import InputError
from osa_daemon.training.detector.looks import (
    COLUMNS,
    LOOKS,
    MOST,
    Look,
    commit_of,
    log_look,
    read_looks,
)

LOOK = Look("ab" * 6, "cd" * 32, 55, "osa-daemon evaluate")


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """A log without looks."""
    path = tmp_path / "looks.csv"
    path.write_text(",".join(COLUMNS) + "\n")
    return path


def test_a_detector_not_seen_before_is_a_look(log: Path) -> None:
    """Its row holds digests, nights and command; outside of a checkout there is no commit."""
    log_look(LOOK, log)
    log_look(replace(LOOK, detector="ef" * 32), log)
    log_look(replace(LOOK, manifest="01" * 6), log)
    rows = [tuple(row.values()) for row in read_looks(log)]
    assert rows == [
        ("1", "-", "ab" * 6, "55", "cd" * 6, "osa-daemon evaluate", ""),
        ("2", "-", "ab" * 6, "55", "ef" * 6, "osa-daemon evaluate", ""),
        ("3", "-", "01" * 6, "55", "cd" * 6, "osa-daemon evaluate", ""),
    ]


def test_the_same_detector_again_is_no_look(log: Path) -> None:
    """Fewer nights or another command change nothing; more nights count in the row that is."""
    first = log_look(LOOK, log)
    assert log_look(replace(LOOK, nights=10, what="another"), log) == first
    assert log_look(replace(LOOK, nights=90, what="another"), log) == read_looks(log)
    (row,) = read_looks(log)
    assert row == first[0] | {"nights": "90"}


def test_a_look_too_many_is_told(log: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Only the one after the most that a manifest takes, and it stands in the log all the same."""
    log_look(replace(LOOK, manifest="01" * 6), log)
    for number in range(MOST):
        log_look(replace(LOOK, detector=f"{number:064x}"[::-1]), log)
    assert capsys.readouterr().err == ""
    log_look(LOOK, log)
    assert "look 4 of at most 3" in (told := capsys.readouterr().err)
    assert "draw a new manifest" in told
    assert len(read_looks(log)) == MOST + 2


def test_a_log_that_cannot_be_written_is_told_with_the_row(
    log: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """An installed package may be read-only: the figures hold the look, and it can be noted."""

    def refuses(self: Path, content: bytes) -> int:
        raise PermissionError(13, "Permission denied")

    kept = log.read_text()
    monkeypatch.setattr(Path, "write_bytes", refuses)
    rows = log_look(LOOK, log)
    assert rows[0]["detector"] == "cd" * 6
    assert f"1,-,{'ab' * 6},55,{'cd' * 6},osa-daemon evaluate" in capsys.readouterr().err
    assert log.read_text() == kept


@pytest.mark.parametrize(
    "line", ["1,f650105,what", "1,-,ab,many,cd,what,", "1,-,ab,5,cd,what,note,more"]
)
def test_a_damaged_log_is_told(log: Path, line: str) -> None:
    """A look that cannot be read is one sentence with the line, and nothing is lost."""
    log.write_text(log.read_text() + line + "\n")
    kept = log.read_text()
    with pytest.raises(InputError, match=r"Line 2 .*looks\.csv"):
        log_look(LOOK, log)
    assert log.read_text() == kept


@pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")
def test_the_commit_is_that_of_the_checkout(log: Path) -> None:
    """Short, marked where files differ from it; a folder inside of another checkout has none."""
    git = ["git", "-C", str(log.parent), "-c", "user.name=a", "-c", "user.email=a@b"]
    subprocess.run([*git, "init", "-q"], check=True)
    assert commit_of(log) == "-"
    subprocess.run([*git, "add", log.name], check=True)
    subprocess.run([*git, "commit", "-qm", "a"], check=True)
    clean = commit_of(log)
    assert len(clean) >= 7
    log.write_text("b")
    assert commit_of(log) == f"{clean}-dirty"


def test_the_log_of_the_package_can_be_read() -> None:
    """Looks are numbered in order, and no manifest has more of them than allowed."""
    rows = read_looks()
    assert [row["look"] for row in rows] == [str(n) for n in range(1, len(rows) + 1)]
    looked = [row["manifest"] for row in rows]
    assert all(looked.count(manifest) <= MOST for manifest in looked)
    assert rows[0]["note"]
    assert LOOKS.parent.name == "detector"
