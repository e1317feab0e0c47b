"""The systemd unit: valid, in step with the daemon's exit codes, and closed to the rest."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from osa_daemon import errors
from osa_daemon.service import guard, run, tasks, vigil

SYSTEMD = Path(__file__).resolve().parents[2] / "systemd"
needs_systemd = pytest.mark.skipif(
    shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed here"
)


def unit() -> str:
    """The unit's text."""
    return (SYSTEMD / "osa-daemon.service").read_text("utf-8")


@pytest.fixture
def startable(tmp_path: Path) -> Path:
    """The unit with programs that exist on this machine."""
    copy = tmp_path / "osa-daemon.service"
    copy.write_text(re.sub(r"(?m)^(Exec\w+)=.*", r"\1=/bin/true", unit()), "utf-8")
    return copy


@needs_systemd
def test_systemd_understands_every_line(startable: Path) -> None:
    """Verification prints nothing and succeeds."""
    verified = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", "--recursive-errors=no", startable],
        capture_output=True,
        text=True,
        check=False,
    )
    assert verified.returncode == 0, verified.stderr
    assert "osa-daemon" not in verified.stderr


@needs_systemd
def test_the_service_is_exposed_little(startable: Path) -> None:
    """The exposure level is 1.5 of 10 at most."""
    judged = subprocess.run(
        ["systemd-analyze", "security", "--offline=true", "--threshold=15", startable],
        capture_output=True,
        text=True,
        check=False,
    )
    if "unrecognized option" in judged.stderr:
        pytest.skip("this systemd cannot judge a unit that is not loaded")
    assert judged.returncode == 0, judged.stdout.splitlines()[-1:]


@needs_systemd
def test_systemd_understands_the_drop_in_for_credentials(startable: Path) -> None:
    """The example is a valid part of the unit, with each commented directive put in force too."""
    example = (SYSTEMD / "credentials.conf").read_text("utf-8")
    folder = startable.with_name("osa-daemon.service.d")
    folder.mkdir()
    for text in (example, re.sub(r"(?m)^#(LoadC|Env)", r"\1", example)):
        (folder / "credentials.conf").write_text(text, "utf-8")
        verified = subprocess.run(
            ["systemd-analyze", "verify", "--man=no", "--recursive-errors=no", startable],
            capture_output=True,
            text=True,
            check=False,
        )
        assert verified.returncode == 0, verified.stderr
        assert "credentials.conf" not in verified.stderr


@needs_systemd
def test_systemd_understands_the_unit_of_the_store(tmp_path: Path) -> None:
    """config/fleet/store-beds.service is valid, its program aside."""
    text = (SYSTEMD.parent / "config" / "fleet" / "store-beds.service").read_text("utf-8")
    copy = tmp_path / "store-beds.service"
    copy.write_text(text.replace("/opt/store-beds/venv/bin/python", "/bin/true"), "utf-8")
    verified = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", "--recursive-errors=no", copy],
        capture_output=True,
        text=True,
        check=False,
    )
    assert verified.returncode == 0, verified.stderr
    assert "store-beds" not in verified.stderr


def test_only_wrong_settings_end_the_service_for_good() -> None:
    """Every other end is followed by a new start, for ever."""
    lines = unit().splitlines()
    assert f"RestartPreventExitStatus={errors.EXIT_USAGE}" in lines
    assert "Restart=always" in lines
    assert "StartLimitIntervalSec=0" in lines


def test_the_page_gives_way_to_the_daemon() -> None:
    """Its process killed for memory ends nothing else, and it may put itself behind the daemon."""
    lines = unit().splitlines()
    assert "OOMPolicy=continue" in lines
    assert "SystemCallFilter=setpriority" in lines
    assert lines.index("SystemCallFilter=setpriority") > lines.index(
        "SystemCallFilter=~@privileged @resources"
    )


def test_the_daemon_is_watched_and_sends_nothing_home() -> None:
    """The unit has a watchdog, waits for readiness and switches telemetry off."""
    lines = unit().splitlines()
    assert "Type=notify" in lines
    assert "WatchdogSec=60" in lines
    assert "ExecReload=/bin/kill -HUP $MAINPID" in lines
    assert "Environment=ORT_DISABLE_TELEMETRY=1" in lines


def test_the_daemon_finds_what_hangs_before_systemd_does() -> None:
    """Every deadline that counts once it is ready lies below the watchdog's: the log names it."""
    (patience,) = re.findall(r"(?m)^WatchdogSec=(\d+)$", unit())
    (stop,) = re.findall(r"(?m)^TimeoutStopSec=(\d+)$", unit())
    at_work = (tasks.READING, tasks.ENCODING, tasks.DETECTING, tasks.SCORING, tasks.STORING)
    deadlines = [task.deadline_s for task in (*at_work, tasks.SETTINGS)]
    for deadline_s in (*deadlines, run.CHAIN_DEADLINE_S, vigil.MAIN_DEADLINE_S):
        assert deadline_s + guard.LOOK_S + guard.FAREWELL_S < int(patience)
    assert int(patience) > guard.LAST_RESORT_S
    assert tasks.LOADING.deadline_s + tasks.OPENING.deadline_s <= vigil.START_MOST_S
    ending_s = run.CHAIN_STOP_S + run.NTFY_STOP_S + run.STOP_S + 2
    assert ending_s < tasks.ENDING.deadline_s
    assert int(stop) > run.CHAIN_SILENT_S + run.STOP_S + 1


def test_the_daemon_starts_with_the_right_time_where_the_system_waits_for_it() -> None:
    """The unit asks for the point at which the clock is set, and comes after it."""
    lines = unit().splitlines()
    for key in ("Wants", "After"):
        named = " ".join(line.removeprefix(f"{key}=") for line in lines if line.startswith(key))
        assert "time-sync.target" in named.split()
