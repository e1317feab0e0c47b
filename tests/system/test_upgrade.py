"""Upgrades by install.sh in a real systemd: what is kept, and the way back."""

import pytest

from tests.system.booted import BootedMachine
from tests.system.installed import (
    INSTALL,
    PROGRAMS,
    SERVICE,
    Upgrade,
    log,
    shell,
    wait_for,
)

pytestmark = pytest.mark.slow

CHECKOUT = """
rm -rf /srv/variant && mkdir /srv/variant
cd /srv/checkout && cp -r --parents scripts systemd config osa_daemon pyproject.toml README.md \\
    LICENSE /srv/variant
cd /srv/variant
{changes}
"""
# The program of that checkout as install.sh would have built it: a copy of the one that runs,
# which is quicker. Its files are links, so that a change must replace them.
PROGRAM = """
cd /srv/variant
source scripts/environment.sh
UNITS=/etc/systemd/system dry=no source scripts/program.sh
variant={programs}/$(program_name /usr/bin/python3)
rm -rf "$variant"
cp -al {programs}/"$(readlink {programs}/current)" "$variant"
sed -i "1s|.*|#!$variant/bin/python|" "$variant/bin/osa-daemon"
cd "$variant"/lib/python3*/site-packages
{changes}
echo "$variant"
"""
# it brings the journal to a version of its own, and ends in place of becoming ready
BROKEN = r"""
sed -i 's/notify.ready(line)/raise SystemError("of no use")/' osa_daemon/service/herald.py
added='MIGRATIONS = (*MIGRATIONS, ("ALTER TABLE events ADD COLUMN x TEXT",))'
sed -i "s/^LATEST: Final/$added\n&/" osa_daemon/journal/schema.py
"""
OTHER = "sed -i '$ a # another' osa_daemon/service/run.py"


def make_checkout(machine: BootedMachine, changes: str) -> None:
    """Make a checkout with changes at /srv/variant."""
    shell(machine, CHECKOUT.format(changes=changes))


def make_variant(machine: BootedMachine, changes: str) -> str:
    """Make a checkout with another program; return where that waits to be installed."""
    make_checkout(machine, changes)
    made = shell(machine, PROGRAM.format(changes=changes, programs=PROGRAMS))
    return made.splitlines()[-1]


def current(machine: BootedMachine) -> str:
    """The program that is installed."""
    return f"{PROGRAMS}/" + shell(machine, f"readlink {PROGRAMS}/current").strip()


def running(machine: BootedMachine) -> str:
    """The program whose process runs."""
    pid = machine.show(SERVICE, "MainPID")
    return shell(machine, f"tr '\\0' '\\n' < /proc/{pid}/cmdline | head -1").rpartition("/bin/")[0]


def test_an_upgrade_keeps_what_there_was(upgraded: tuple[BootedMachine, Upgrade | None]) -> None:
    """Settings, overrides, events, and the ids that Home Assistant knows the entities by."""
    _, upgrade = upgraded
    if upgrade is None:
        pytest.skip("the clone is shallow: the earlier version is not in its history")
    assert "# mine" in upgrade.before.settings
    assert '"0ld"' in upgrade.before.events
    assert upgrade.after.settings == upgrade.before.settings
    assert upgrade.after.overrides == upgrade.before.overrides
    assert upgrade.after.events == upgrade.before.events
    assert upgrade.before.entities.items() <= upgrade.after.entities.items()


def test_a_version_that_does_not_start_makes_way(machine: BootedMachine) -> None:
    """The one before runs again with its journal; install.sh fails and shows the log."""
    before, events = current(machine), shell(machine, "osa-daemon export-events --json")
    broken = make_variant(machine, BROKEN)
    done = machine.run("/srv/variant/scripts/install.sh")
    assert done.returncode == 1, done.stdout + done.stderr
    assert "the version before runs again" in done.stderr
    assert "SystemError: of no use" in done.stderr
    assert current(machine) == running(machine) == before != broken
    assert machine.show(SERVICE, "ActiveState") == "active"
    assert "could not be" not in log(machine)
    assert shell(machine, "osa-daemon export-events --json") == events
    kept = shell(machine, "ls /var/lib/osa-daemon")
    assert kept.count("journal.sqlite3.newer-") == 1


def test_a_good_version_takes_over_and_can_be_taken_back(machine: BootedMachine) -> None:
    """By --roll-back; one version beside the running one is kept, and no more."""
    before = current(machine)
    other = make_variant(machine, OTHER)
    shell(machine, "/srv/variant/scripts/install.sh")
    assert current(machine) == running(machine) == other
    shell(machine, f"{INSTALL} --roll-back")
    assert current(machine) == running(machine) == before
    shell(machine, INSTALL)
    kept = shell(machine, f"ls -d {PROGRAMS}/program-* {PROGRAMS}/venv 2>/dev/null || true")
    assert sorted(kept.split()) == sorted([before, other])


def test_wrong_settings_stop_an_upgrade_before_it_changes_anything(
    machine: BootedMachine,
) -> None:
    """The running version goes on with what it has read; the sentence names the key."""
    before, process = current(machine), machine.show(SERVICE, "MainPID")
    make_variant(machine, OTHER)
    shell(
        machine,
        "cp /etc/osa-daemon/config.yaml /srv/kept; echo 'no_such: 1' >> "
        "/etc/osa-daemon/config.yaml",
    )
    done = machine.run("/srv/variant/scripts/install.sh")
    shell(machine, "cp /srv/kept /etc/osa-daemon/config.yaml")
    assert done.returncode == 2
    assert "no_such" in done.stderr
    assert current(machine) == before
    assert machine.show(SERVICE, "MainPID") == process


@pytest.mark.parametrize("after_s", [0.5, 4])
def test_a_killed_upgrade_leaves_the_running_version(
    machine: BootedMachine, after_s: float
) -> None:
    """Whatever it was at; a later installation clears away what it had begun."""
    shell(machine, INSTALL)  # clears away what an upgrade before has left
    before, process = current(machine), machine.show(SERVICE, "MainPID")
    programs = shell(machine, f"ls {PROGRAMS}")
    make_checkout(machine, f"sed -i '$ a # after {after_s} s' osa_daemon/service/run.py")
    done = machine.run("timeout", "-s", "KILL", str(after_s), "/srv/variant/scripts/install.sh")
    assert done.returncode != 0
    assert current(machine) == before
    assert machine.show(SERVICE, "MainPID") == process
    shell(machine, INSTALL)
    assert shell(machine, f"ls {PROGRAMS}") == programs


def test_models_that_were_tampered_with_are_not_installed(machine: BootedMachine) -> None:
    """install.sh names the file; the version that runs goes on."""
    before = current(machine)
    make_checkout(machine, "printf x >> osa_daemon/models/detector.onnx")
    done = machine.run("/srv/variant/scripts/install.sh")
    assert done.returncode == 1
    assert "detector.onnx" in done.stderr + done.stdout
    assert "model files are not what they should be" in done.stderr
    assert running(machine) == before


def test_models_that_change_after_installation_are_not_used(machine: BootedMachine) -> None:
    """At its next start the daemon refuses them with a sentence; restored, they serve again."""
    found = shell(
        machine, f"ls {current(machine)}/lib/python3*/site-packages/osa_daemon/models/detector.onnx"
    )
    model = found.strip()
    shell(machine, f"cp {model} /srv/model; rm {model}; (cat /srv/model; echo) > {model}")
    machine.run("systemctl", "restart", SERVICE)
    wait_for(lambda: "is damaged or of another version" in log(machine), "no word of the model")
    shell(machine, f"cp /srv/model {model}")
    wait_for(lambda: machine.show(SERVICE, "ActiveState") == "active", "it does not come back")
