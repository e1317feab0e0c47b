"""The demo leaves nothing running, however it ends."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from osa_daemon.errors import ResourceError
from osa_daemon.service import demo

PATIENCE_S = 60.0


def children(pid: int) -> dict[int, str]:
    """The processes that `pid` has started, with their command lines."""
    try:
        found = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        return {int(each): Path(f"/proc/{each}/cmdline").read_text() for each in found}
    except OSError:
        return {}


def wait_for_children(process: subprocess.Popen[str], words: set[str]) -> list[int]:
    """Wait until a child with each of the words is there; return their ids."""
    end_s = time.monotonic() + PATIENCE_S
    while time.monotonic() < end_s and process.poll() is None:
        found = children(process.pid)
        if all(any(word in line for line in found.values()) for word in words):
            return list(found)
        time.sleep(0.02)
    raise AssertionError(f"{words} were not started: {process.communicate()}")


@pytest.fixture
def started(data: Path) -> Iterator[subprocess.Popen[str]]:
    """A demo in a process of its own."""
    command = [sys.executable, "-m", "osa_daemon.service.demo", str(data / "night.ogg")]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    process = subprocess.Popen(command, text=True, **pipes)
    yield process
    process.kill()
    process.communicate()


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_a_signal_ends_broker_and_daemon(
    started: subprocess.Popen[str], number: signal.Signals, code: int
):
    """Both have ended before the demo does; its exit code tells the signal; no traceback."""
    left = wait_for_children(started, {"mosquitto", "--speed"})
    started.send_signal(number)
    errors = started.communicate(timeout=PATIENCE_S)[1]
    assert started.returncode == code
    assert "Traceback" not in errors
    assert [pid for pid in left if Path(f"/proc/{pid}").exists()] == []


def test_a_signal_while_a_program_is_started_waits_until_it_can_be_ended(
    monkeypatch: pytest.MonkeyPatch,
):
    """Otherwise the program would run on: nobody has its number yet."""
    begun: list[subprocess.Popen[bytes]] = []
    ending = demo.Ending()
    monkeypatch.setattr(demo, "_ending", ending)
    popen = subprocess.Popen

    def interrupted(command: list[str]) -> subprocess.Popen[bytes]:
        begun.append(popen(command))
        ending.ask(143)  # as the signal's handler does
        return begun[0]

    monkeypatch.setattr(subprocess, "Popen", interrupted)
    with pytest.raises(SystemExit, match="143"), demo.running(["sleep", "600"]):
        pytest.fail("the end was not asked for")
    assert begun[0].returncode == -signal.SIGTERM


def test_a_program_that_ignores_its_end_is_killed(monkeypatch: pytest.MonkeyPatch):
    """Where SIGTERM is not heard, SIGKILL is, and the process is waited for."""
    monkeypatch.setattr(demo, "END_S", 0.1)
    code = "import signal; signal.signal(15, signal.SIG_IGN); print(flush=True); signal.pause()"
    with demo.running([sys.executable, "-c", code], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
    process.stdout.close()
    assert process.returncode == -signal.SIGKILL


def test_a_daemon_that_does_not_end_is_told(monkeypatch: pytest.MonkeyPatch):
    """Its time is limited; the sentence says so, and the program is ended."""
    monkeypatch.setattr(demo, "RUN_S", 0.1)
    command = [sys.executable, "-c", "import signal; signal.pause()"]
    with pytest.raises(ResourceError, match="did not finish"), demo.running(command) as process:
        demo.end_of(process)
    with pytest.raises(ProcessLookupError):
        os.kill(process.pid, 0)
