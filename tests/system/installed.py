"""A throw-away machine with the daemon installed, from an earlier version where there is one."""

import json
import textwrap
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.mosquitto import Mosquitto, Subscriber
from tests.system.booted import BootedMachine

# the last version whose program lay in /opt/osa-daemon/venv; a shallow clone does not have it
EARLIER = "dd9b0ca0140996b7f07d7309d3ff46b470cbb94a"
SERVICE = "osa-daemon.service"
SETTINGS = "/etc/osa-daemon/config.yaml"
INSTALL = "/srv/checkout/scripts/install.sh"
PROGRAMS = "/opt/osa-daemon"
DROP_INS = f"/etc/systemd/system/{SERVICE}.d"
DEADLINE_S = 60.0

RECORD = """
import json
PAYLOAD = json.dumps({"v": 1, "id": "0ld"})
from datetime import UTC, date, datetime
from pathlib import Path
from osa_daemon.journal.journal import Journal
from osa_daemon.journal.rows import EventRow
at = datetime(2026, 1, 2, 1, 0, tzinfo=UTC)
row = EventRow("0ld", "apnea", at, at.replace(second=20), 20.0, 0.9, "silent", True, False,
               date(2026, 1, 1))
Journal.open(Path("/var/lib/osa-daemon/journal.sqlite3")).record_event(row, PAYLOAD, at)
"""


@dataclass(frozen=True, slots=True)
class Kept:
    """What an upgrade must not change."""

    settings: str
    overrides: str
    events: str
    entities: dict[str, str]


@dataclass(frozen=True, slots=True)
class Upgrade:
    """What was there before installing this checkout, and after."""

    before: Kept
    after: Kept


def wait_for(condition: Callable[[], bool], what: str) -> None:
    """Wait until something is so, or fail with its name."""
    give_up = time.monotonic() + DEADLINE_S
    while not condition():
        assert time.monotonic() < give_up, what
        time.sleep(0.2)


def shell(machine: BootedMachine, script: str) -> str:
    """Run a script inside, every command of which must succeed; return what it printed."""
    done = machine.run("bash", "-euc", textwrap.dedent(script))
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def log(machine: BootedMachine) -> str:
    """What the service has written since it was started last."""
    since = machine.show(SERVICE, "InvocationID")
    return machine.run("journalctl", f"_SYSTEMD_INVOCATION_ID={since}", "-o", "cat").stdout


def has_earlier(machine: BootedMachine) -> bool:
    """Whether the checkout's history holds the earlier version."""
    git = ("git", "-c", "safe.directory=*", "-C", "/srv/checkout")
    return machine.run(*git, "cat-file", "-e", f"{EARLIER}^{{commit}}").returncode == 0


def install(machine: BootedMachine) -> None:
    """Install the checkout."""
    installed = machine.run(INSTALL, timeout_s=600)
    assert installed.returncode == 0, installed.stdout + installed.stderr


def upgrade(machine: BootedMachine, folder: Path) -> Upgrade:
    """Install the earlier version, live with it for a while, then install the checkout."""
    broker = Mosquitto(folder).start()  # the machine shares our loopback
    watcher = Subscriber(broker.port)
    try:
        shell(
            machine,
            f"""
            mkdir /srv/earlier /etc/osa-daemon
            git -c safe.directory='*' -C /srv/checkout archive {EARLIER} | tar x -C /srv/earlier
            printf '# mine\\nmqtt:\\n  host: 127.0.0.1\\n  port: {broker.port}\\n' > {SETTINGS}
            /srv/earlier/scripts/install.sh
            """,
        )
        watcher.wait_for(lambda: watcher.last("/settings"), DEADLINE_S)
        shell(machine, f"runuser -u osa-daemon -- {PROGRAMS}/venv/bin/python -c '{RECORD}'")
        watcher.publish("osa_daemon/bedside/set/sensitivity", "high")
        overrides = ("grep", "high", "/var/lib/osa-daemon/overrides.json")
        wait_for(lambda: machine.run(*overrides).returncode == 0, "no override was written")
        before = _kept(machine, watcher)
        watcher.heard.clear()
        install(machine)
        watcher.wait_for(lambda: '"high"' in (watcher.last("/settings") or ""), DEADLINE_S)
        return Upgrade(before, _kept(machine, watcher))
    finally:
        watcher.close()
        broker.stop()


def _kept(machine: BootedMachine, watcher: Subscriber) -> Kept:
    watcher.wait_for(lambda: watcher.last("/config"), DEADLINE_S)
    device = json.loads(watcher.last("/config") or "")
    parts = device.get("cmps") or device["components"]
    entities = {name: part.get("uniq_id") or part["unique_id"] for name, part in parts.items()}
    return Kept(
        settings=shell(machine, f"cat {SETTINGS}"),
        overrides=shell(machine, "cat /var/lib/osa-daemon/overrides.json"),
        events=shell(machine, "osa-daemon export-events --json"),
        entities=entities,
    )
