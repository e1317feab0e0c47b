"""SIGTERM in each stage: the end comes in time, is no failure, and keeps what is known."""

import json
import os
import signal
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.daemon import DaemonProcess, script_of
from tests.mosquitto import Mosquitto, Subscriber, wait_for

Start = Callable[..., DaemonProcess]
STOP_S = 15.0  # TimeoutStopSec of the unit
DEAF = "microphone:\n  device: name:no such microphone\n"


def ended_within(daemon: DaemonProcess, seconds: float = STOP_S) -> int:
    """Signal it, and return its exit code, if it comes in time."""
    began_s = time.monotonic()
    daemon.process.send_signal(signal.SIGTERM)
    code = daemon.wait()
    assert time.monotonic() - began_s < seconds, daemon.log.read_text()
    return code


@pytest.mark.parametrize(
    ("part", "where"),
    [("load_models", "loading the models"), ("Journal.open", "opening and checking the journal")],
)
def test_while_a_slow_card_is_read_at_the_start(
    start_daemon: Start, tmp_path: Path, part: str, where: str
):
    """What is waited for has nothing to lose yet: it is left behind, and the exit code is 0."""
    reached = tmp_path / "reached"
    body = (
        "run.CHAIN_SILENT_S = 0.5\n"
        "def slow(*_, **__):\n"
        f"    Path({str(reached)!r}).touch()\n"
        "    time.sleep(3600)\n"
        f"run.{part} = slow\n"
    )
    daemon = start_daemon(1, command=script_of(tmp_path, body))
    wait_for(reached.exists, 60.0, where)
    wait_for(lambda: f"STATUS=Starting: {where}" in daemon.notified, 30.0, where)
    assert ended_within(daemon) == 0, daemon.log.read_text()
    wait_for(lambda: "STOPPING=1" in daemon.notified, what="STOPPING=1")
    assert "READY=1" not in daemon.notified
    assert "Traceback" not in daemon.log.read_text()


def test_while_the_parts_are_made(start_daemon: Start, data: Path, tmp_path: Path):
    """SIGTERM then is not lost, and the chain ends as it would later."""
    reached = tmp_path / "reached"
    body = (
        "make = run.Daemon._make_bedside\n"
        "def slow(self):\n"
        f"    Path({str(reached)!r}).touch()\n"
        "    while not self._stop.is_set():\n"
        "        time.sleep(0.01)\n"
        "    return make(self)\n"
        "run.Daemon._make_bedside = slow\n"
    )
    source = ("--source", f"file:{data / 'short.ogg'}")
    daemon = start_daemon(1, *source, command=script_of(tmp_path, body))
    wait_for(reached.exists, 60.0, "the parts being made")
    assert ended_within(daemon) == 0, daemon.log.read_text()
    assert "Stopped." in daemon.log.read_text()


def test_while_the_microphone_is_opened(start_daemon: Start, tmp_path: Path):
    """A capture process that never says a word is killed with it."""
    pid = tmp_path / "pid"
    body = (
        "from osa_daemon.audio import child\n"
        "start = child.subprocess.Popen\n"
        "def dumb(command, **how):\n"
        "    process = start(['sleep', '3600'], **how)\n"
        f"    Path({str(pid)!r}).write_text(str(process.pid))\n"
        "    return process\n"
        "child.subprocess.Popen = dumb\n"
    )
    daemon = start_daemon(1, command=script_of(tmp_path, body))
    wait_for(pid.exists, 60.0, "a capture process")
    assert ended_within(daemon) == 0, daemon.log.read_text()
    with pytest.raises(ProcessLookupError):
        os.kill(int(pid.read_text()), 0)


def test_in_a_pause_and_while_the_broker_hangs(
    mosquitto: Mosquitto,
    subscribe: Callable[..., Subscriber],
    start_daemon: Start,
    data: Path,
    tmp_path: Path,
):
    """The pause is decided there, `truncated`, and waits in the journal for the broker."""
    subscriber = subscribe(mosquitto.port)
    source = ("--source", f"file:{data / 'short.ogg'}", "--speed", "10")
    quick = "run.STOP_S = 1.5\nbedside.SETTLE_S = 0.5\n"
    daemon = start_daemon(mosquitto.port, *source, command=script_of(tmp_path, quick))
    subscriber.wait_for(lambda: "ON" in subscriber.on("/apnea"), 60.0)
    mosquitto.freeze()
    try:
        assert ended_within(daemon) == 0, daemon.log.read_text()
    finally:
        mosquitto.thaw()
    with sqlite3.connect(daemon.folder / "state" / "journal.sqlite3") as db:
        (payload,) = db.execute("SELECT payload FROM outbox ORDER BY id DESC LIMIT 1").fetchone()
        assert json.loads(payload)["truncated"] is True
        assert db.execute("SELECT count(*) FROM events WHERE truncated = 1").fetchone() == (1,)
    db.close()


def test_a_chain_that_hangs_at_the_end_is_a_stall(start_daemon: Start, data: Path, tmp_path: Path):
    """The exit code tells a stage that could not be ended from a bug; the stacks tell where."""
    reached = tmp_path / "reached"
    body = (
        "run.CHAIN_SILENT_S = 0.2\n"
        "def hang(self, timeout_s):\n"
        f"    Path({str(reached)!r}).touch()\n"
        "    time.sleep(3600)\n"
        "FileSource.read = hang\n"
    )
    source = ("--source", f"file:{data / 'short.ogg'}")
    daemon = start_daemon(1, *source, command=script_of(tmp_path, body))
    wait_for(reached.exists, 60.0, "the chain reading")
    assert ended_within(daemon) == 5, daemon.log.read_text()
    log = daemon.log.read_text()
    assert "The chain does not end; it hangs in reading sound." in log
    assert "in hang" in log


def test_more_than_one_signal_is_no_more_than_one(start_daemon: Start, tmp_path: Path):
    """An impatient person does not cut the end short, nor does SIGHUP then do any harm."""
    state = f"journal:\n  state_dir: {tmp_path / 'state'}\n"
    daemon = start_daemon(1, settings=state + DEAF)
    daemon.wait_until_ready()
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        daemon.process.send_signal(number)
    assert daemon.wait() == 0, daemon.log.read_text()
    assert daemon.log.read_text().count("Stopped.") == 1
