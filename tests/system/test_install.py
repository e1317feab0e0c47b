"""install.sh and uninstall.sh in a real systemd, on a throw-away copy of this machine."""

from collections.abc import Callable

import pytest

from tests.mosquitto import PASSWORD, USER, Mosquitto
from tests.system.booted import BootedMachine
from tests.system.installed import PROGRAMS, SERVICE, SETTINGS, install, shell, wait_for

pytestmark = pytest.mark.slow


def test_the_service_runs_after_installation(machine: BootedMachine) -> None:
    """It is active and enabled, as its own user, and says in its status what it does."""
    assert machine.show(SERVICE, "ActiveState") == "active"
    assert machine.show(SERVICE, "UnitFileState") == "enabled"
    assert machine.run("stat", "-c", "%U %a", "/var/lib/osa-daemon").stdout == "osa-daemon 750\n"
    assert machine.show(SERVICE, "StatusText")


def test_the_command_is_found(machine: BootedMachine) -> None:
    """`osa-daemon` is a command, and answers from the settings and the journal of the service."""
    assert machine.run("osa-daemon", "version").returncode == 0
    checked = machine.run("osa-daemon", "check-config")
    assert checked.returncode == 0, checked.stderr
    wait_for(lambda: machine.run("osa-daemon", "nights").returncode == 0, "no journal to list")


def test_installing_again_disturbs_nothing(machine: BootedMachine) -> None:
    """The same checkout a second time keeps settings and the running process."""
    machine.run("sh", "-c", f"echo '# mine' >> {SETTINGS}")
    before = machine.show(SERVICE, "MainPID")
    again = machine.run("/srv/checkout/scripts/install.sh")
    assert again.returncode == 0, again.stderr
    assert machine.show(SERVICE, "MainPID") == before
    assert "# mine" in machine.run("cat", SETTINGS).stdout


def test_a_killed_daemon_comes_back(machine: BootedMachine) -> None:
    """After SIGKILL systemd starts a new process that becomes ready."""
    before = machine.show(SERVICE, "MainPID")
    machine.run("systemctl", "kill", "--kill-whom=main", "--signal=KILL", SERVICE)
    wait_for(
        lambda: (
            machine.show(SERVICE, "ActiveState") == "active"
            and machine.show(SERVICE, "MainPID") not in {before, "0"}
        ),
        "no new process",
    )


def test_the_password_may_be_a_credential_of_systemd(
    machine: BootedMachine, make_mosquitto: Callable[[], Mosquitto]
) -> None:
    """With the drop-in and a file for root alone the daemon gets in, and finds nothing exposed."""
    broker = make_mosquitto().with_password().start()  # the machine shares our loopback
    given = f"mqtt:\n  host: 127.0.0.1\n  port: {broker.port}\n  username: {USER}\n"
    secret, drop_in = "/etc/osa-daemon/mqtt-password", f"/etc/systemd/system/{SERVICE}.d"
    steps = (
        f"umask 077 && printf %s {PASSWORD} > {secret}",
        f"cp {SETTINGS} /etc/osa-daemon/kept && printf '{given}' > {SETTINGS}",
        f"install -D -m 644 /srv/checkout/systemd/credentials.conf {drop_in}/credentials.conf",
        f"systemctl daemon-reload && systemctl restart {SERVICE}",
    )
    for step in steps:
        done = machine.run("sh", "-c", step)
        assert done.returncode == 0, done.stderr
    wait_for(lambda: f"u'{USER}'" in broker.log.read_text(), "the broker let nobody in")
    since = machine.show(SERVICE, "InvocationID")
    log = machine.run("journalctl", f"_SYSTEMD_INVOCATION_ID={since}", "-o", "cat").stdout
    undo = f"rm -r {secret} {drop_in}/credentials.conf && cp /etc/osa-daemon/kept {SETTINGS}"
    machine.run("sh", "-c", f"{undo} && systemctl daemon-reload && systemctl restart {SERVICE}")
    assert "can be read by every user" not in log
    assert PASSWORD not in log
    assert machine.show(SERVICE, "ActiveState") == "active"


def test_wrong_settings_are_not_tried_again(machine: BootedMachine) -> None:
    """With settings that only a person can put right, the service ends and stays down."""
    machine.run("cp", SETTINGS, "/etc/osa-daemon/kept")
    machine.run("sh", "-c", f"echo 'no_such_section: 1' >> {SETTINGS}")
    machine.run("systemctl", "restart", SERVICE)
    wait_for(lambda: machine.show(SERVICE, "ActiveState") == "failed", "still tried")
    log = machine.run("journalctl", "-u", SERVICE, "-o", "cat", "--no-pager").stdout
    machine.run("cp", "/etc/osa-daemon/kept", SETTINGS)
    machine.run("systemctl", "restart", SERVICE)
    assert "no_such_section" in log
    assert machine.show(SERVICE, "ActiveState") == "active"


def test_purging_leaves_nothing(machine: BootedMachine) -> None:
    """uninstall.sh keeps settings and journal, --purge removes them and the user too."""
    kept = ("/etc/osa-daemon", "/var/lib/osa-daemon")
    removed = (
        "/opt/osa-daemon",
        "/usr/local/bin/osa-daemon",
        "/etc/systemd/system/osa-daemon.service",
    )
    # the program that takes long to make, for the installation at the end
    program = shell(machine, f"readlink -f {PROGRAMS}/current").strip()
    shell(machine, f"cp -a {program} /srv/program")
    machine.run("/srv/checkout/scripts/uninstall.sh")
    assert machine.run("ls", "-d", *kept).returncode == 0
    assert machine.run("ls", "-d", *removed).stdout == ""
    machine.run("/srv/checkout/scripts/uninstall.sh", "--purge")
    assert machine.run("ls", "-d", *kept).stdout == ""
    assert machine.run("id", "osa-daemon").returncode != 0
    # as the other tests found it; a first installation, which is on no trial
    shell(machine, f"mkdir {PROGRAMS} && mv /srv/program {program}")
    install(machine)
    assert machine.run("ls", "-d", f"{PROGRAMS}/previous", f"{PROGRAMS}/trial").stdout == ""
