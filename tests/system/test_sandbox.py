"""The installed service in its sandbox: it hears and reports, and can do nothing else."""

import re
from collections.abc import Iterator

import pytest

from tests.system.booted import BootedMachine
from tests.system.installed import (
    DROP_INS,
    INSTALL,
    PROGRAMS,
    SERVICE,
    SETTINGS,
    log,
    shell,
    wait_for,
)

pytestmark = pytest.mark.slow
ROOM = "/srv/room"
NEAR, FAR = "192.168.7.1", "203.0.113.5"  # RFC 1918, and RFC 5737's for documentation
BROKER = """
listener 1883 {address}
allow_anonymous true
user root
"""


@pytest.fixture
def settings(machine: BootedMachine) -> Iterator[None]:
    """Settings and drop-ins that a test may change."""
    shell(machine, f"cp {SETTINGS} /srv/settings; cp -r {DROP_INS} /srv/drop-ins")
    yield
    shell(
        machine,
        f"cp /srv/settings {SETTINGS}; rm -r {DROP_INS}; mv /srv/drop-ins {DROP_INS}\n"
        f"systemctl daemon-reload; systemctl restart {SERVICE}",
    )


def processes(machine: BootedMachine) -> list[str]:
    """Process ids of the daemon and its children."""
    daemon = machine.show(SERVICE, "MainPID")
    return [daemon, *shell(machine, f"cat /proc/{daemon}/task/*/children").split()]


def test_it_hears_through_a_microphone_and_opens_nothing(
    machine: BootedMachine, settings: None
) -> None:
    """With the unit as it is, sound arrives; nothing listens, no memory is written and run."""
    python = f"{PROGRAMS}/current/bin/python"
    server = f"ALSA_CONFIG_PATH={ROOM}/asound.conf PULSE_SERVER=unix:{ROOM}/native"
    shell(
        machine,
        f"""
        systemd-run -q --unit=room {python} /srv/checkout/tests/system/room.py {ROOM}
        printf 'microphone:\\n  device: osamic\\n' > {SETTINGS}
        printf '[Service]\\nEnvironment={server}\\n' > {DROP_INS}/room.conf
        systemctl daemon-reload
        """,
    )
    wait_for(lambda: machine.run("test", "-S", f"{ROOM}/native").returncode == 0, "no server")
    try:
        shell(machine, f"systemctl restart {SERVICE}")
        wait_for(
            lambda: machine.show(SERVICE, "StatusText").startswith("Listening since"),
            "it hears nothing",
        )
        daemon, child = processes(machine)
        for process in (daemon, child):
            status = shell(machine, f"cat /proc/{process}/status")
            assert "Seccomp:\t2" in status
            assert "NoNewPrivs:\t1" in status
            assert re.search(r"CapBnd:\t0+\n", status)
            assert not re.search(r" .wx. ", shell(machine, f"cat /proc/{process}/maps"))
        sockets = shell(machine, "ss -H -a -n -p -t -u -x -w")
        assert f"pid={child}," in sockets, "ss does not show the way to the sound server"
        ours = [row for row in sockets.splitlines() if re.search(f"pid=({daemon}|{child}),", row)]
        assert not [row for row in ours if "LISTEN" in row or row.startswith(("udp", "raw"))]
    finally:
        shell(machine, "systemctl stop room")


def test_the_loaded_unit_is_exposed_little(machine: BootedMachine) -> None:
    """With its drop-ins, as systemd has read them: 1.5 of 10 at most."""
    judged = machine.run("systemd-analyze", "security", "--no-pager", "--threshold=15", SERVICE)
    assert judged.returncode == 0, judged.stdout.splitlines()[-1:]


@pytest.fixture
def away(machine: BootedMachine, settings: None) -> Iterator[None]:
    """A network of its own for the service, with a broker at a private and at a public address."""
    units = []
    shell(machine, "ip netns add away; ip -n away link set lo up")
    for address in (NEAR, FAR):
        units.append(f"broker-{address}")
        config = BROKER.format(address=address)
        shell(
            machine,
            f"""
            ip -n away addr add {address}/32 dev lo
            printf '{config}' > /srv/{address}.conf
            systemd-run -q --unit={units[-1]} -p NetworkNamespacePath=/run/netns/away \\
                mosquitto -v -c /srv/{address}.conf
            """,
        )
    shell(
        machine,
        f"printf '[Service]\\nNetworkNamespacePath=/run/netns/away\\n' > {DROP_INS}/away.conf",
    )
    yield
    shell(machine, f"systemctl stop {' '.join(units)}; rm {DROP_INS}/away.conf")
    shell(machine, f"systemctl daemon-reload; systemctl stop {SERVICE}; ip netns delete away")


def is_connected(machine: BootedMachine, address: str) -> bool:
    """Whether that broker has taken the daemon's connection."""
    said = machine.run("journalctl", "-u", f"broker-{address}", "-o", "cat").stdout
    return "Sending CONNACK" in said


def test_it_reaches_whom_the_settings_name_and_nobody_else(
    machine: BootedMachine, away: None
) -> None:
    """A private address at once; a public one after install.sh, and until then a sentence says so.

    A connection that systemd forbids is a silent one: only that sentence tells it from a broker
    that is switched off.
    """
    point = f"printf 'mqtt:\\n  host: %s\\n' {{}} > {SETTINGS}; systemctl daemon-reload"
    restart = f"systemctl restart {SERVICE}"
    shell(machine, f"{point.format(NEAR)}; {restart}")
    wait_for(lambda: is_connected(machine, NEAR), "a private address is not reached")
    shell(machine, f"{point.format(FAR)}; {restart}")
    wait_for(lambda: f"the service may not reach {FAR}" in log(machine), "no sentence")
    assert not is_connected(machine, FAR)
    told = machine.run("osa-daemon", "doctor").stdout
    assert f"mqtt.host leads to {FAR}" in told
    shell(machine, INSTALL)
    wait_for(lambda: is_connected(machine, FAR), "the address of the settings is not reached")
    assert "mqtt.host leads to" not in machine.run("osa-daemon", "doctor").stdout
