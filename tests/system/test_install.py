"""install.sh and uninstall.sh in a real systemd, on a throw-away copy of this machine."""

import json
from collections.abc import Callable

import pytest

from tests.mosquitto import PASSWORD, USER, Mosquitto
from tests.system.booted import BootedMachine
from tests.system.installed import PROGRAMS, SERVICE, SETTINGS, install, shell, wait_for

pytestmark = pytest.mark.slow
VENV_PYTHON = "/opt/osa-daemon/current/bin/python"


def findings(machine: BootedMachine, *arguments: str) -> dict[str, dict[str, str]]:
    """What doctor finds there, by name."""
    told = machine.run("osa-daemon", "doctor", "--json", *arguments)
    assert told.stderr == ""
    return {found["name"]: found for found in json.loads(told.stdout)["findings"]}


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


def test_a_reload_is_taken_up_by_the_same_process(machine: BootedMachine) -> None:
    """As its own user, within all that the unit forbids."""
    before = machine.show(SERVICE, "MainPID")
    assert machine.run("systemctl", "reload", SERVICE).returncode == 0
    told = "The settings were read again."
    wait_for(lambda: told in machine.run("journalctl", "-u", SERVICE).stdout, told)
    wait_for(lambda: machine.show(SERVICE, "SubState") == "running", "the end of the reload")
    assert machine.show(SERVICE, "MainPID") == before


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
    found = findings(machine)
    undo = f"rm -r {secret} {drop_in}/credentials.conf && cp /etc/osa-daemon/kept {SETTINGS}"
    machine.run("sh", "-c", f"{undo} && systemctl daemon-reload && systemctl restart {SERVICE}")
    assert found["broker"]["verdict"] == "good"  # doctor, as root, takes the credential too
    assert "can be read by every user" not in log
    assert PASSWORD not in log
    assert machine.show(SERVICE, "ActiveState") == "active"


def test_doctor_looks_with_the_eyes_of_the_service(machine: BootedMachine) -> None:
    """As root it judges for the service's user, and knows how systemd has the service."""
    wait_for(lambda: machine.show(SERVICE, "ActiveState") == "active", "it does not run")
    found = findings(machine)
    assert "it runs" in found["service"]["text"]
    assert found["permissions"]["verdict"] == "good"
    assert found["state folder"]["text"].endswith("can be written by osa-daemon")
    machine.run("chmod", "700", "/etc/osa-daemon")
    closed = findings(machine)
    machine.run("chmod", "755", "/etc/osa-daemon")
    assert closed["permissions"]["verdict"] == "bad"
    assert "closed to that user" in closed["permissions"]["text"]
    nobody = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups")
    asked = machine.run(*nobody, "osa-daemon", "doctor")
    assert "note  user: run it with sudo" in asked.stdout
    assert "note  journal: " in asked.stdout
    assert "ok    permissions: " in asked.stdout


def test_a_bundle_has_log_and_unit_of_the_service(machine: BootedMachine) -> None:
    """What a helper asks for first: the real log, and the unit as it is."""
    assert machine.run("osa-daemon", "doctor", "--bundle", "/tmp/b.tar.gz").returncode == 0
    held = machine.run("tar", "-xzOf", "/tmp/b.tar.gz").stdout
    assert "INFO" in held
    assert "ExecStart=/opt/osa-daemon/current/bin/osa-daemon run" in held
    assert '"events": ' in held, "how many there are, and no more of them"


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


def test_the_watchdog_s_kill_leaves_no_sound(machine: BootedMachine) -> None:
    """A daemon that hangs over a night is ended by systemd: no file of the machine holds sound.

    Cores are allowed, and its working folder would take them: the process itself forbids them.
    """
    python, night, drop_in = (
        VENV_PYTHON,
        "/root-night/night.wav",
        f"/etc/systemd/system/{SERVICE}.d",
    )
    tool = ("env", "PYTHONPATH=/srv/checkout", python, "-m", "tests.system.signature")
    started = machine.run("date", "+%s").stdout.strip()
    made = machine.run(*tool, "write", night, "/srv/checkout/tests/data/short.ogg")
    assert made.returncode == 0, made.stderr
    command = (
        f"/opt/osa-daemon/current/bin/osa-daemon run --config {SETTINGS} --source file:{night}"
    )
    lines = (
        "[Service]", "ExecStart=", f"ExecStart={command} --speed 4", "WatchdogSec=10",
        "LimitCORE=infinity", "WorkingDirectory=/var/lib/osa-daemon",
    )  # fmt: skip
    text = "\\n".join(lines)
    machine.run("sh", "-c", f"mkdir -p {drop_in}; printf '{text}\\n' > {drop_in}/night.conf")
    machine.run("systemctl", "daemon-reload")
    machine.run("systemctl", "restart", SERVICE)
    try:
        events = ("osa-daemon", "export-events", "--json")
        wait_for(lambda: machine.run(*events).stdout != "", "no event is decided")
        pid = machine.show(SERVICE, "MainPID")
        machine.run("systemctl", "kill", "--kill-whom=main", "--signal=STOP", SERVICE)
        wait_for(lambda: machine.show(SERVICE, "MainPID") not in {pid, "0"}, "no watchdog")
        log = machine.run("journalctl", f"_PID={pid}", "-u", SERVICE, "-o", "cat").stdout
        found = machine.run(
            *tool, "find", night, started, "/var", "/run", "/tmp", "/dev/shm", "/etc"
        )
    finally:
        machine.run("sh", "-c", f"rm -r {drop_in}/night.conf; systemctl daemon-reload")
        machine.run("systemctl", "restart", SERVICE)
    assert "Fatal Python error: Aborted" in log
    assert (found.returncode, found.stdout) == (0, ""), found.stderr
    cores = machine.run(
        "find", "/", "-xdev", "-name", "core*", "-newermt", f"@{started}", "-type", "f"
    )
    assert cores.stdout == ""


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
