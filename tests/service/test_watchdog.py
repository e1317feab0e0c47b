"""What hangs is named, with all stacks, and ends the process; a thread that dies does too."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.daemon import DaemonProcess, script_of
from tests.mosquitto import Mosquitto, wait_for

Start = Callable[..., DaemonProcess]
QUICK = "guard.LOOK_S = 0.1\n"
SHORT_READING = "bedside.READING = tasks.Task('reading sound', 1.0)\n"
SHORT_SETTINGS = "bedside.SETTINGS = tasks.Task('reading the settings again', 1.0)\n"
SLEEP = "lambda *_, **__: time.sleep(3600)\n"


def of_file(data: Path) -> tuple[str, ...]:
    """A sound file in the place of the microphone, in real time."""
    return ("--source", f"file:{data / 'short.ogg'}")


@pytest.mark.parametrize(
    ("hang", "named"),
    [
        (
            SHORT_READING + "FileSource.read = " + SLEEP,
            "The stage chain has hung in reading sound for",
        ),
        (
            "run.OPENING = tasks.Task('opening and checking the journal', 1.0)\n"
            "run.Journal.open = " + SLEEP,
            "The stage chain has hung in opening and checking",
        ),
        (
            "run.LOADING = tasks.Task('loading the models', 1.0)\nrun.load_models = " + SLEEP,
            "The stage start has hung in loading the models for",
        ),
        (
            "run.PUBLISH_DEADLINE_S = 1.0\nfrom osa_daemon.publish import mqtt\n"
            "mqtt.read_password = lambda _: (time.sleep(3600)\n"
            "    if threading.current_thread().name == 'osa-publish' else None)\n",
            "The stage MQTT has given no sign of life for",
        ),
        (
            "vigil.MAIN_DEADLINE_S = 1.0\nrun.Herald.tell = " + SLEEP,
            "The stage main thread has given no sign of life for",
        ),
    ],
    ids=["sound", "journal", "models", "MQTT", "main thread"],
)
def test_what_hangs_is_named_with_all_stacks(
    start_daemon: Start, data: Path, tmp_path: Path, hang: str, named: str
):
    """Exit code 5, which systemd answers with a new start; the log says where it hung."""
    daemon = start_daemon(1, *of_file(data), command=script_of(tmp_path, QUICK + hang))
    assert daemon.wait() == 5, daemon.log.read_text()
    log = daemon.log.read_text()
    assert named in log
    assert log.count("\nThread 0x") + log.count("\nCurrent thread 0x") >= 3
    assert "in sleep" in log or "replaced.py" in log
    wait_for(lambda: any("STATUS=The stage" in line for line in daemon.notified))


def test_a_settings_file_that_blocks_is_a_hang(start_daemon: Start, tmp_path: Path):
    """A fifo in its place, that nobody writes to: a call of the kernel that never returns."""
    settings = f"microphone:\n  device: name:none\njournal:\n  state_dir: {tmp_path}/state\n"
    daemon = start_daemon(1, settings=settings, command=script_of(tmp_path, QUICK + SHORT_SETTINGS))
    daemon.wait_until_ready()
    daemon.config.unlink()
    os.mkfifo(daemon.config)
    daemon.process.send_signal(signal.SIGHUP)
    assert daemon.wait() == 5, daemon.log.read_text()
    log = daemon.log.read_text()
    assert "The stage chain has hung in reading the settings again" in log
    assert "yaml_file.py" in log


@pytest.mark.slow
def test_a_log_that_blocks_does_not_keep_it(start_daemon: Start, data: Path, tmp_path: Path):
    """Where journald hangs with what it reads from, the process ends all the same."""
    reader, writer = os.pipe()
    body = (
        f"{QUICK}{SHORT_READING}guard.FAREWELL_S = 0.5\n"
        "def fill():\n"
        "    os.set_blocking(2, False)\n"
        "    try:\n"
        "        while True: os.write(2, b'x' * 4096)\n"
        "    except BlockingIOError:\n"
        "        os.set_blocking(2, True)\n"
        "def hang(self, timeout_s):\n    fill()\n    time.sleep(3600)\n"
        "FileSource.read = hang\n"
    )
    script = script_of(tmp_path, body)
    config = tmp_path / "config.yaml"
    config.write_text(f"mqtt:\n  port: 1\njournal:\n  state_dir: {tmp_path / 'state'}\n")
    command = [sys.executable, *script, "--config", str(config), *of_file(data)]
    with subprocess.Popen(command, stderr=writer) as process:
        try:
            assert process.wait(60) == 5
        finally:
            process.kill()
            os.close(writer)
            os.close(reader)


def test_a_call_that_keeps_the_interpreter_is_ended_from_below_it(
    start_daemon: Start, data: Path, tmp_path: Path
):
    """Where no thread of Python runs any more, the timer in C leaves the stacks and ends it."""
    body = (
        "import ctypes\nguard.ARM_EVERY_S = 0.2\nguard.LAST_RESORT_S = 1.5\n"
        "FileSource.read = lambda self, timeout_s: ctypes.PyDLL(None).sleep(3600)\n"
    )
    daemon = start_daemon(1, *of_file(data), command=script_of(tmp_path, QUICK + body))
    assert daemon.wait() == 1
    log = daemon.log.read_text()
    assert "Timeout (0:00:01" in log
    assert 'replaced.py"' in log


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ("FileSource.read = lambda self, timeout_s: sys.exit(0)\n", "osa-chain ended by SystemEx"),
        (
            "from osa_daemon.publish import mqtt\nmqtt.Session.step = lambda self, now_s: 1 / 0\n",
            "osa-publish ended by ZeroDivisionError",
        ),
    ],
    ids=["chain", "publisher"],
)
def test_a_thread_that_dies_ends_the_process(
    start_daemon: Start, data: Path, tmp_path: Path, fault: str, words: str
):
    """By a bug or by sys.exit: exit code 1, for systemd to start anew, and where it was."""
    daemon = start_daemon(1, *of_file(data), command=script_of(tmp_path, fault))
    assert daemon.wait() == 1, daemon.log.read_text()
    log = daemon.log.read_text()
    assert f"The thread {words}" in log
    assert "Traceback" in log


@pytest.mark.slow
def test_what_is_away_or_stopped_restarts_nothing(
    mosquitto: Mosquitto, start_daemon: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """No microphone, a network thread that dies, a broker that hangs, SIGSTOP: none is a hang."""
    monkeypatch.setenv("WATCHDOG_USEC", "400000")  # so that it is fed every 0.1 s
    body = (
        f"{QUICK}run.CHAIN_DEADLINE_S = run.PUBLISH_DEADLINE_S = vigil.MAIN_DEADLINE_S = 4.0\n"
        "bedside.READING = tasks.Task('reading sound', 4.0)\n"
        "from osa_daemon.service import heartbeat\nheartbeat.STANDSTILL_S = 1.0\n"
        "from osa_daemon.publish import connection\n"
        "subscribe = connection.Connection.subscribe\n"
        "def once(self, topics):\n"
        "    connection.Connection.subscribe = subscribe\n"
        "    self._client._packet_handle = lambda: 1 / 0\n"
        "    subscribe(self, topics)\n"
        "connection.Connection.subscribe = once\n"
    )
    settings = f"microphone:\n  device: name:none\njournal:\n  state_dir: {tmp_path}/state\n"
    daemon = start_daemon(mosquitto.port, settings=settings, command=script_of(tmp_path, body))

    def is_fed(times: int) -> None:
        before = daemon.notified.count("WATCHDOG=1")
        wait_for(lambda: daemon.notified.count("WATCHDOG=1") > before + times, 60.0, "feeding")

    daemon.wait_until_ready()
    daemon.wait_for_log("The network thread of MQTT ended by ZeroDivisionError")
    mosquitto.freeze()
    is_fed(42)  # at least 4.2 s: longer than every deadline
    daemon.process.send_signal(signal.SIGSTOP)
    stopped_s = time.monotonic()
    wait_for(lambda: time.monotonic() - stopped_s > 4.5, what="a standstill")
    daemon.process.send_signal(signal.SIGCONT)
    is_fed(5)
    mosquitto.thaw()
    assert daemon.end() == 0, daemon.log.read_text()
