"""systemd/trial, cut short at every one of its commands: a working program always runs.

Programs and systemd are stand-ins here; test_upgrade.py has the real ones.
"""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

TRIAL = Path(__file__).resolve().parents[2] / "systemd" / "trial"
UNIT = "osa-daemon.service"
# source it with a trap that ends the shell, as SIGKILL would, before its Nth command
CUT = """
set -o functrace
count=0 limit=$1 script=$2
shift 2
trap '((++count <= limit)) || kill -KILL $$' DEBUG
source "$script" "$@"
"""
STARTS = 6  # more than any way back takes


@pytest.fixture
def programs(tmp_path: Path) -> Path:
    """Two programs, `old` and `new`, of which `old` is installed."""
    folder = tmp_path / "programs"
    for name in ("old", "new"):
        (folder / name / "bin").mkdir(parents=True)
        (folder / name / UNIT).write_text(f"unit of {name}\n")
        for command in ("osa-daemon", "python"):
            (folder / name / "bin" / command).symlink_to("/bin/true")
    for command in ("systemctl", "runuser"):
        (folder / command).symlink_to("/bin/true")
    (folder / "current").symlink_to("old")
    (folder / UNIT).write_text("unit of old\n")
    return folder


def trial(programs: Path, *arguments: str, limit: int | None = None) -> int:
    """Run it, ended before command number `limit` where one is given; return its exit code."""
    bash = shutil.which("bash")
    assert bash is not None
    command = [TRIAL, *arguments]
    if limit is not None:
        command = [bash, "-c", CUT, "bash", str(limit), TRIAL, *arguments]
    environment = {
        **os.environ,
        "OSA_PROGRAMS": str(programs),
        "OSA_UNIT": str(programs / UNIT),
        "PATH": f"{programs}:{os.environ['PATH']}",
    }
    done = subprocess.run(command, env=environment, capture_output=True, timeout=60, check=False)
    return done.returncode


def runs(programs: Path, working: set[str]) -> str:
    """Start the service as systemd would until it is ready; return the program that then runs."""
    for _ in range(STARTS):
        if trial(programs, "begin") != 0:
            continue  # systemd starts anew
        name = (programs / "current").readlink().name
        if name in working:
            assert (programs / UNIT).read_text() == f"unit of {name}\n"
            trial(programs, "passed")
            assert not (programs / "trial").exists()
            return name
    raise AssertionError(f"nothing runs: {sorted(programs.iterdir())}")


def cuts(programs: Path, *arguments: str) -> list[Path]:
    """Copies of the folder as it is left by a cut before each command; the last is uncut."""
    left = []
    while True:
        copy = programs.with_name(f"{programs.name}-{len(left)}")
        shutil.copytree(programs, copy, symlinks=True)
        left.append(copy)
        if trial(copy, *arguments, limit=len(left)) >= 0:
            return left


@pytest.mark.parametrize("working", [{"old", "new"}, {"old"}])
def test_a_cut_change_leaves_a_program_that_works(programs: Path, working: set[str]) -> None:
    """Whether the new program starts or not; where nothing was cut, a good one runs."""
    left = cuts(programs, "switch", "new")
    assert len(left) > 10
    ran = [runs(copy, working) for copy in left]
    assert ran[0] == "old"
    assert ran[-1] == ("new" if "new" in working else "old")


def test_a_cut_way_back_ends_at_the_program_before(programs: Path) -> None:
    """A new program that is not ready at its first start, and a cut while it makes way."""
    trial(programs, "switch", "new")
    assert trial(programs, "begin") == 0
    left = cuts(programs, "begin")
    assert len(left) > 10
    assert {runs(copy, {"old"}) for copy in left} == {"old"}


def test_a_program_that_was_ready_stays(programs: Path) -> None:
    """However often it is started anew later."""
    trial(programs, "switch", "new")
    assert runs(programs, {"old", "new"}) == "new"
    assert [trial(programs, "begin") for _ in range(3)] == [0, 0, 0]
    assert runs(programs, {"new"}) == "new"


def test_by_hand_it_goes_back_and_forth(programs: Path) -> None:
    """The program that made way is kept, and can take over again."""
    trial(programs, "switch", "new")
    assert runs(programs, {"new"}) == "new"
    for expected in ("old", "new", "old"):
        assert trial(programs, "back") == 0
        assert runs(programs, {"old", "new"}) == expected


def test_a_cut_way_back_by_hand_leaves_a_program_with_its_own_unit(programs: Path) -> None:
    """Both work here; which of them runs depends on where the cut came."""
    trial(programs, "switch", "new")
    assert runs(programs, {"new"}) == "new"
    ran = [runs(copy, {"old", "new"}) for copy in cuts(programs, "back")]
    assert (ran[0], ran[-1]) == ("new", "old")


def test_without_an_earlier_program_there_is_no_way_back(programs: Path) -> None:
    """It says so, and nothing changes; a first installation is not on trial."""
    assert trial(programs, "back") == 1
    (programs / "current").unlink()
    assert trial(programs, "switch", "new") == 0
    assert not (programs / "trial").exists()
    assert runs(programs, {"new"}) == "new"
