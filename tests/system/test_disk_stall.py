"""A card that stalls (`fdatasync` held by strace): for seconds nothing is lost, else an end."""

import json
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.daemon import DaemonProcess
from tests.mosquitto import Mosquitto, Subscriber, wait_for

Start = Callable[..., DaemonProcess]
Subscribe = Callable[..., Subscriber]

STALL_S = 8.0
OFTEN = """
import sys
from osa_daemon.cli import main
from osa_daemon.service import bedside, store, tasks, tonight
bedside.MINUTE_S, tonight.SAVE_S = 1.0, 0.0  # else the journal is written every five minutes
store.STORING = tasks.Task("the journal", float({deadline_s}))
sys.exit(main(['run', *sys.argv[1:]]))
"""


@contextmanager
def syncs_held(process: subprocess.Popen, seconds: float, when: str, log: Path) -> Iterator[Path]:
    """Let the process wait so long in `fdatasync`; gives the trace of them."""
    if shutil.which("strace") is None:
        pytest.skip("strace is not here")
    inject = f"inject=fdatasync:delay_enter={round(seconds * 1e6)}{when}"
    command = ["strace", "-f", "-p", str(process.pid), "-e", "trace=fdatasync", "-e", inject]
    with subprocess.Popen([*command, "-o", str(log)], stderr=subprocess.PIPE, text=True) as strace:
        assert "attached" in strace.stderr.readline()
        try:
            yield log
        finally:
            strace.kill()  # it would wait for its own delays


def script_of(folder: Path, deadline_s: float) -> tuple[str]:
    """The daemon, which writes its journal each second."""
    path = folder / "often.py"
    path.write_text(OFTEN.format(deadline_s=deadline_s))
    return (str(path),)


@pytest.mark.slow
def test_a_stall_of_seconds_loses_no_sound(
    sound_server: Any,
    mosquitto: Mosquitto,
    subscribe: Subscribe,
    start_daemon: Start,
    tmp_path: Path,
):
    """What is recorded meanwhile waits in the ring, and is heard after it."""
    subscriber = subscribe(mosquitto.port)
    daemon = start_daemon(
        mosquitto.port,
        settings=(
            f"microphone:\n  device: name:{sound_server.device}\n"
            f"journal:\n  state_dir: {tmp_path / 'state'}\n"
        ),
        command=script_of(tmp_path, 30.0),
    )
    subscriber.wait_for(lambda: subscriber.last("/hearing") == "online", 60.0)
    began_s = time.monotonic()
    with syncs_held(daemon.process, STALL_S, ":when=1", tmp_path / "trace") as trace:
        wait_for(lambda: trace.exists() and "fdatasync" in trace.read_text(), 60.0, "a sync")
        told = len(subscriber.on("/diagnostics"))
        subscriber.wait_for(lambda: len(subscriber.on("/diagnostics")) > told, 60.0)
        assert time.monotonic() - began_s >= STALL_S
    assert json.loads(subscriber.last("/diagnostics"))["overruns"] == 0
    assert subscriber.on("/hearing")[-1] == "online"
    assert daemon.end() == 0, daemon.log.read_text()


def test_a_sync_that_never_returns_ends_the_process(
    start_daemon: Start, data: Path, tmp_path: Path
):
    """With the stacks in the log and exit code 5; the next start has what had been committed."""
    daemon = start_daemon(
        1, "--source", f"file:{data / 'night.ogg'}", command=script_of(tmp_path, 3.0)
    )
    daemon.wait_until_ready()
    with syncs_held(daemon.process, 600.0, "", tmp_path / "trace"):
        wait_for(lambda: "has hung in" in daemon.log.read_text(), 60.0, "the end")
    # strace keeps what it holds from being gone until it is gone itself
    assert daemon.wait(20.0) == 5
    log = daemon.log.read_text()
    assert "The stage chain has hung in the journal for" in log
    assert "in transaction" in log, "the stack names what hangs"
