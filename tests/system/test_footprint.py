"""What running leaves behind or opens: nothing that the README does not name."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.mosquitto import Mosquitto

CALLS = "openat,creat,mkdir,mkdirat,connect,getsockname,rename,renameat2,link,symlink"
WRITES = re.compile(r"O_(?:WRONLY|RDWR|CREAT)")
TRACE = ("strace", "-f", "-q", "-e", f"trace={CALLS}", "-o")
# what the C library and the interpreter open for writing without making anything
HARMLESS = re.compile(r"^(/dev/(null|tty|urandom|shm/sem)|/proc/self/)")


def traced(folder: Path, *arguments: str) -> list[str]:
    """Run the command under strace in a fresh home; return the calls that succeeded."""
    if shutil.which("strace") is None:
        pytest.skip("strace is not installed")
    log = folder / "trace"
    home = folder / "home"
    home.mkdir()
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("XDG", "PULSE"))}
    subprocess.run(
        [*TRACE, log, sys.executable, "-B", "-m", "osa_daemon", *arguments],
        env=environment | {"HOME": str(home)},
        cwd=folder,
        check=True,
        timeout=300,
        capture_output=True,
    )
    assert not list(home.rglob("*"))
    lines = log.read_text(errors="replace").splitlines()
    # a connect that another thread cut in two in the log counts by its beginning
    kept = [line for line in lines if "unfinished" not in line or " connect(" in line]
    return [line for line in kept if not re.search(r"= -1 (?!EINPROGRESS)|resumed", line)]


def written(calls: list[str]) -> set[str]:
    """The paths that were opened for writing, or made."""
    paths = set()
    for call in calls:
        if ("open" in call and WRITES.search(call)) or re.search(r" (mkdir|rename|creat)", call):
            paths |= set(re.findall(r'"([^"]+)"', call))
    return {path for path in paths if not HARMLESS.match(path)}


def ports(calls: list[str], name: str) -> set[str]:
    """The internet ports that occur in calls of this name."""
    found = (re.search(r"sin6?_port=htons\((\d+)\)", call) for call in calls if name in call)
    return {match.group(1) for match in found if match}


def connected(calls: list[str]) -> set[str]:
    """The ports that were connected to, but for the process's own (paho's pipe to itself)."""
    return ports(calls, " connect(") - ports(calls, " getsockname(")


def test_a_replay_writes_only_what_it_was_asked_for(data: Path, tmp_path: Path):
    """`replay` writes its output, connects to nothing, and leaves no trace in the home folder."""
    calls = traced(tmp_path, "replay", str(data / "short.ogg"), "--events", "out.jsonl", "--json")
    assert {Path(path).name for path in written(calls)} <= {"out.jsonl", "out.jsonl.part"}
    assert connected(calls) == set()


def test_the_daemon_writes_its_journal_and_meets_its_broker(
    mosquitto: Mosquitto, data: Path, tmp_path: Path
):
    """`run` writes below its state folder and connects to the broker, and to nobody else."""
    config = tmp_path / "config.yaml"
    state = tmp_path / "state"
    config.write_text(
        f"mqtt:\n  host: 127.0.0.1\n  port: {mosquitto.port}\njournal:\n  state_dir: {state}\n"
    )
    source = f"file:{data / 'short.ogg'}"
    calls = traced(tmp_path, "run", "--config", str(config), "--source", source, "--speed", "200")
    assert all(path.startswith(str(state)) for path in written(calls)), written(calls)
    assert connected(calls) == {str(mosquitto.port)}
