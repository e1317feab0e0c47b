"""The unit's life under a real systemd: start, status, reload, watchdog, restarts, stop."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.mosquitto import wait_for
from tests.system.booted import CHECKOUT, BootedMachine, CannotBootError

pytestmark = pytest.mark.slow
SERVICE = "osa-daemon.service"
UNITS = "/etc/systemd/system"
CONFIG = "/etc/osa-daemon/config.yaml"
RUN = f"{sys.executable} -m osa_daemon run"
DEAF = "microphone:\n  device: name:no such microphone\nmqtt:\n  port: 1\n"
# this machine's Python may lie in somebody's home, and no user is made for a test
PLAIN = f"""[Service]
ExecStartPre=
ExecStartPost=
ExecStart=
ExecStart={{program}} --config {CONFIG}
Environment=PYTHONPATH=/srv/checkout PYTHONDONTWRITEBYTECODE=1
User=root
Group=root
ProtectHome=no
PrivateTmp=no
"""


class Machine:
    """A booted machine with the unit in it."""

    def __init__(self, booted: BootedMachine) -> None:
        self.run = booted.run
        self.write = booted.write
        unit = (CHECKOUT / "systemd" / SERVICE).read_text("utf-8")
        self.write(f"{UNITS}/{SERVICE}", unit)

    def set_up(self, program: str = RUN, more: str = "", settings: str = DEAF) -> None:
        """Let the unit, at rest, run `program` with `more` lines of its section."""
        self.run("systemctl", "stop", SERVICE)
        self.write(CONFIG, settings)
        drop_in = PLAIN.format(program=program) + more
        self.write(f"{UNITS}/{SERVICE}.d/test.conf", drop_in)
        self.run("systemctl", "daemon-reload")
        self.run("systemctl", "reset-failed", SERVICE)

    def start(self) -> None:
        """Start it, and fail with its log where systemd does not count it as started."""
        started = self.run("systemctl", "start", SERVICE)
        assert started.returncode == 0, self.log()

    def show(self, name: str) -> str:
        """One property of the unit."""
        return self.run("systemctl", "show", SERVICE, "-p", name, "--value").stdout.strip()

    def log(self) -> str:
        """What it wrote."""
        return self.run("journalctl", "-u", SERVICE, "-n", "400", "--no-pager").stdout


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    """A machine that knows the unit."""
    try:
        booted = BootedMachine(tmp_path_factory.mktemp("machine"), Path(sys.prefix))
    except CannotBootError as reason:
        pytest.skip(str(reason))
    try:
        yield Machine(booted)
    finally:
        booted.stop()


def test_a_night_in_short(machine: Machine) -> None:
    """Started, with a status for people; reloaded, well and badly; stopped without a failure."""
    machine.set_up()
    machine.start()
    process = machine.show("MainPID")
    wait_for(lambda: "Hearing nothing since" in machine.show("StatusText"), 20.0, "a status")
    assert "no such microphone" in machine.show("StatusText")

    machine.write(CONFIG, DEAF + "alerts:\n  after_s: 500\n")
    assert machine.run("systemctl", "reload", SERVICE).returncode == 0
    told = "the settings file was not taken up"
    wait_for(lambda: told in machine.show("StatusText"), 20.0, told)
    wait_for(lambda: machine.show("SubState") == "running", 20.0, "the end of the reload")
    assert "alerts.after_s is 500, but must be a whole number" in machine.log()

    # root without its capabilities is a user like any other
    machine.run("chmod", "000", CONFIG)
    assert machine.run("systemctl", "reload", SERVICE).returncode == 0
    told_why = f"{CONFIG} cannot be read by this user"
    wait_for(lambda: told_why in machine.log(), 20.0, told_why)

    machine.write(CONFIG, DEAF + "alerts:\n  after_s: 50\n")
    assert machine.run("systemctl", "reload", SERVICE).returncode == 0
    wait_for(lambda: told not in machine.show("StatusText"), 20.0, "a good reload")
    assert (machine.show("MainPID"), machine.show("NRestarts")) == (process, "0")

    assert machine.run("systemctl", "stop", SERVICE).returncode == 0
    assert machine.show("ActiveState") == "inactive"
    assert (machine.show("Result"), machine.show("ExecMainStatus")) == ("success", "0")


def test_what_hangs_is_started_anew(machine: Machine) -> None:
    """A call that hangs: stacks in the journal, exit code 5. All of it (SIGSTOP): by systemd."""
    hanging = (
        "import os, sys, time\n"
        "from osa_daemon.audio.microphone import MicrophoneSource\n"
        "from osa_daemon.cli import main\n"
        "from osa_daemon.service import bedside, tasks\n"
        "bedside.READING = tasks.Task('reading sound', 2.0)\n"
        "read = MicrophoneSource.read\n"
        "def driver(self, timeout_s):\n"
        "    while os.path.exists('/run/osa-hang'): time.sleep(0.1)\n"
        "    return read(self, timeout_s)\n"
        "MicrophoneSource.read = driver\n"
        "sys.exit(main(['run', *sys.argv[1:]]))\n"
    )
    machine.write("/etc/osa-daemon/hanging.py", hanging)
    program = f"{sys.executable} /etc/osa-daemon/hanging.py"
    machine.set_up(program, "WatchdogSec=3\nTimeoutAbortSec=1\nRestartSec=100ms\n")
    machine.start()
    machine.run("touch", "/run/osa-hang")
    wait_for(lambda: "status=5" in machine.log(), 60.0, "exit code 5")
    assert "The stage chain has hung in reading sound for" in machine.log()
    assert "hanging.py" in machine.log().partition("the stacks follow")[2]
    machine.run("rm", "/run/osa-hang")
    wait_for(lambda: machine.show("ActiveState") == "active", 60.0, "the new start")
    before = int(machine.show("NRestarts"))
    assert before >= 1
    process = machine.show("MainPID")
    machine.run("kill", "-STOP", process)
    wait_for(lambda: int(machine.show("NRestarts")) > before, 60.0, "a restart")
    wait_for(lambda: machine.show("ActiveState") == "active", 60.0, "the new start")
    assert machine.show("MainPID") != process
    assert "Watchdog timeout" in machine.log()


def test_a_night_of_failures_locks_nothing_out(machine: Machine) -> None:
    """However often and fast it dies, it is started again; a wrong setting alone ends that."""
    machine.set_up("/bin/false", "RestartSec=1ms\n")
    machine.run("systemctl", "start", SERVICE)
    wait_for(lambda: int(machine.show("NRestarts")) >= 30, 60.0, "thirty restarts")
    machine.set_up(settings="alerts:\n  after_s: 500\n")
    machine.run("systemctl", "start", SERVICE)
    assert machine.show("ActiveState") == "failed"
    assert (machine.show("ExecMainStatus"), machine.show("NRestarts")) == ("2", "0")
    machine.set_up()
    machine.start()
