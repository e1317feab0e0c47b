"""The broker of install.sh --with-broker: what it writes lets the daemon in, and Home Assistant."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from osa_daemon.publish.mqtt import MqttPublisher
from osa_daemon.service.broker import mqtt_settings
from osa_daemon.settings.load import load
from tests.mosquitto import Mosquitto, wait_for

REPOSITORY = Path(__file__).resolve().parents[2]
# the files' groups are those of a machine with the service installed
SETUP = """
set -euo pipefail
source "$1/scripts/environment.sh"
source "$1/scripts/broker.sh"
BROKER=$2/mosquitto CONFIG=$2/daemon VENV=$2/venv
BROKER_FILES=("$BROKER/conf.d/osa-daemon.conf" "$BROKER/osa-daemon.passwd" "$BROKER/osa-daemon.acl")
step() { say "* $*"; }
run() { "$@"; }
chgrp() { :; }
install() { command install -m 0640 "${@: -2}"; }
systemctl() { say "systemctl $*"; }
"""


@pytest.fixture
def machine(tmp_path: Path) -> Path:
    """Where the two folders under /etc and the program are."""
    (tmp_path / "mosquitto" / "conf.d").mkdir(parents=True)
    for folder in ("daemon", "venv/bin"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "venv/bin/python").symlink_to(sys.executable)
    command = tmp_path / "venv/bin/osa-daemon"
    command.write_text(f'#!/bin/sh\nexec {sys.executable} -m osa_daemon "$@"\n')
    command.chmod(0o755)
    return tmp_path


def run_install(machine: Path, also: str = "") -> subprocess.CompletedProcess[str]:
    """Run the setting up, in a shell in which `also` was defined."""
    return subprocess.run(
        [
            "bash",
            "-c",
            f"{SETUP}{also}\ninstall_broker",
            "install.sh",
            str(REPOSITORY),
            str(machine),
        ],
        env={**os.environ, "TMPDIR": str(machine)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def install_broker(machine: Path) -> str:
    """Set it up; what it said."""
    done = run_install(machine)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def problem_of(machine: Path, mosquitto: Mosquitto) -> str | None:
    """Send an event as the settings say, through the broker that was set up: what is wrong."""
    broker = mosquitto.with_config((machine / "mosquitto/conf.d/osa-daemon.conf").read_text())
    broker.start()
    mqtt = load(machine / "daemon/config.yaml", machine / "none.json", {}).settings.mqtt
    acknowledged: list[str] = []
    reached = mqtt.model_copy(update={"host": "127.0.0.1", "port": broker.port})
    publisher = MqttPublisher(mqtt_settings(reached), acknowledged.append)
    publisher.start()
    publisher.send_event("a", {"v": 1, "id": "a"})
    wait_for(lambda: acknowledged == ["a"] or publisher.problem, what="PUBACK")
    problem = publisher.problem
    publisher.stop(2.0)
    return problem


def settings_file(machine: Path, changed: str = "") -> Path:
    """The settings as they are installed, or changed by their user."""
    path = machine / "daemon" / "config.yaml"
    path.write_text(changed or (REPOSITORY / "config" / "osa-daemon.yaml").read_text("utf-8"))
    return path


def test_the_daemon_gets_in_with_the_settings_that_are_written(
    machine: Path, make_mosquitto: Callable[[], Mosquitto]
) -> None:
    """User, password and access list fit: discovery and an event are taken."""
    path = settings_file(machine)
    install_broker(machine)
    settings = load(path, machine / "none.json", {}).settings
    assert settings.mqtt.username == settings.mqtt.device_id
    assert settings.web.password_file is None
    assert problem_of(machine, make_mosquitto()) is None
    assert (machine / "daemon/mqtt-password").stat().st_mode & 0o007 == 0


def test_a_second_time_nothing_changes(machine: Path) -> None:
    """Passwords and settings stay."""
    path = settings_file(machine)
    install_broker(machine)
    files = [path, *(machine / "mosquitto").rglob("*.*"), machine / "daemon/mqtt-password"]
    before = {file: file.read_bytes() for file in files if file.is_file()}
    assert "already" in install_broker(machine)
    assert {file: file.read_bytes() for file in before} == before


def test_a_bed_that_is_called_something_else_gets_a_user_of_that_name(
    machine: Path, make_mosquitto: Callable[[], Mosquitto]
) -> None:
    """Else the access list would refuse all it writes; others' users and the password stay."""
    settings_file(machine, "mqtt:\n  device_id: bed_7\n")
    install_broker(machine)
    before = (machine / "mosquitto/osa-daemon.passwd").read_text()
    (machine / "mosquitto/osa-daemon.passwd").write_text(before.rstrip())  # by somebody's editor
    keys = f"  username: bed_8\n  password_file: {machine}/daemon/mqtt-password\n"
    settings_file(machine, f"mqtt:\n  device_id: bed_8\n{keys}")
    said = install_broker(machine)
    assert "one more user, bed_8," in said
    assert "systemctl restart mosquitto.service" in said  # which reads its users only then
    after = (machine / "mosquitto/osa-daemon.passwd").read_text()
    assert after.startswith(before)
    assert [line.split(":")[0] for line in after.splitlines()] == [
        "bed_7",
        "homeassistant",
        "bed_8",
    ]
    said = install_broker(machine)
    assert "already" in said
    assert "systemctl" not in said
    assert problem_of(machine, make_mosquitto()) is None


def test_broken_settings_leave_the_broker_as_it_is(machine: Path) -> None:
    """What is wrong with them is said by the check that follows; no advice is made up."""
    settings_file(machine)
    install_broker(machine)
    before = (machine / "mosquitto/osa-daemon.passwd").read_bytes()
    settings_file(machine, "mqtt: [")
    said = install_broker(machine)
    assert "already" in said
    assert "mqtt.username" not in said
    assert (machine / "mosquitto/osa-daemon.passwd").read_bytes() == before


@pytest.mark.parametrize("is_first", [True, False])
def test_no_bed_has_the_name_of_home_assistants_user(machine: Path, is_first: bool) -> None:
    """One of the two could not sign in. Nothing is written before it is said."""
    if not is_first:
        settings_file(machine)
        install_broker(machine)
    files = {
        path: path.read_bytes() for path in (machine / "mosquitto").rglob("*.*") if path.is_file()
    }
    settings_file(machine, "mqtt:\n  device_id: homeassistant\n")
    done = run_install(machine)
    assert done.returncode == 2
    assert "choose another one" in done.stderr
    after = {
        path: path.read_bytes() for path in (machine / "mosquitto").rglob("*.*") if path.is_file()
    }
    assert after == files


def test_a_tool_that_fails_leaves_the_users_and_no_password(machine: Path) -> None:
    """The file of users holds other beds', too."""
    settings_file(machine)
    install_broker(machine)
    before = (machine / "mosquitto/osa-daemon.passwd").read_bytes()
    settings_file(machine, "mqtt:\n  device_id: bed_8\n")
    done = run_install(machine, "mosquitto_passwd() { return 1; }")
    assert done.returncode != 0
    assert (machine / "mosquitto/osa-daemon.passwd").read_bytes() == before
    assert list(machine.glob("tmp.*")) == []


def test_settings_of_the_user_are_left_and_the_keys_named(machine: Path) -> None:
    """The user is named as the device that stands there."""
    path = settings_file(machine, "mqtt:\n  device_id: bed_7\n")
    said = install_broker(machine)
    assert path.read_text() == "mqtt:\n  device_id: bed_7\n"
    assert "set mqtt.username: bed_7 and mqtt.password_file:" in said
    passwords = (machine / "mosquitto/osa-daemon.passwd").read_text()
    assert [line.split(":")[0] for line in passwords.splitlines()] == ["bed_7", "homeassistant"]
