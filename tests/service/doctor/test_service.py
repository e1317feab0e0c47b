"""The service as systemd has it: parsed, judged, its last end put into words."""

from pathlib import Path

import pytest

from osa_daemon.service.doctor.finding import Verdict
from osa_daemon.service.doctor.programs import answer
from osa_daemon.service.doctor.service import check_service
from osa_daemon.service.doctor.unit import Unit, parse_unit, read_unit

CONFIG = Path("/etc/osa-daemon/config.yaml")
RUNS = {
    "LoadState": "loaded",
    "ActiveState": "active",
    "SubState": "running",
    "UnitFileState": "enabled",
    "StatusText": "Hearing through Snowball.",
    "NRestarts": "0",
    "Result": "success",
    "ExecMainCode": "0",
    "ExecMainStatus": "0",
    "User": "osa-daemon",
    "SupplementaryGroups": "audio",
    "Environment": 'HOME=/var/lib/osa-daemon "OSA_MQTT_PASSWORD_FILE=/run/x y"',
    "ExecStart": "{ path=/x ; argv[]=/x run --config /etc/osa-daemon/config.yaml ; pid=0 }",
    "MemoryCurrent": str(120 * 2**20),
}


def unit(**changes: str) -> Unit:
    """A unit that runs, but for these properties."""
    parsed = parse_unit("\n".join(f"{key}={value}" for key, value in (RUNS | changes).items()))
    assert parsed is not None
    return parsed


def test_what_systemd_shows_is_read() -> None:
    """User, groups, variables, settings file and memory come out of one `systemctl show`."""
    told = unit()
    assert (told.user, told.groups, told.config) == ("osa-daemon", ("audio",), CONFIG)
    assert told.environment["OSA_MQTT_PASSWORD_FILE"] == "/run/x y"
    assert told.memory_mb == 120
    assert unit(MemoryCurrent="18446744073709551615").memory_mb is None
    assert unit(MemoryCurrent="[not set]").memory_mb is None


def test_a_machine_without_systemd_or_unit_has_none() -> None:
    """No answer and an unknown unit are the same."""
    assert read_unit(lambda _command: None) is None
    assert read_unit(lambda _command: "LoadState=not-found\nActiveState=inactive\n") is None
    (finding,) = check_service(None, CONFIG)
    assert finding.verdict is Verdict.DOUBTFUL
    assert "scripts/install.sh" in finding.text


@pytest.mark.parametrize(
    ("changes", "verdict", "says"),
    [
        ({}, Verdict.GOOD, "it runs: Hearing through Snowball"),
        ({"NRestarts": "3"}, Verdict.DOUBTFUL, "started anew 3 times"),
        (
            {"ActiveState": "activating", "SubState": "auto-restart", "ExecMainStatus": "243"},
            Verdict.BAD,
            "LoadCredential",
        ),
        ({"ActiveState": "failed", "ExecMainStatus": "2"}, Verdict.BAD, "check-config"),
        ({"ActiveState": "failed", "ExecMainStatus": "5"}, Verdict.BAD, "something hung"),
        ({"ActiveState": "failed", "Result": "oom-kill"}, Verdict.BAD, "lack of memory"),
        (
            {"ActiveState": "failed", "ExecMainCode": "2", "ExecMainStatus": "6", "Result": "x"},
            Verdict.BAD,
            "SIGABRT, the watchdog",
        ),
        ({"ActiveState": "inactive"}, Verdict.BAD, "sudo systemctl start osa-daemon"),
        ({"ActiveState": "activating", "SubState": "start"}, Verdict.DOUBTFUL, "in a minute"),
    ],
)
def test_each_state_has_its_words(changes: dict[str, str], verdict: Verdict, says: str) -> None:
    """What the last exit code or signal means is said, with the remedy."""
    (finding,) = check_service(unit(**changes), CONFIG)
    assert finding.verdict is verdict
    assert says in finding.text


def test_a_service_that_does_not_start_with_the_machine_is_told() -> None:
    """And one that reads other settings than those that were looked at."""
    _, disabled = check_service(unit(UnitFileState="disabled"), CONFIG)
    assert "systemctl enable" in disabled.text
    _, other = check_service(unit(), Path("/home/x/config.yaml"))
    assert "--config /etc/osa-daemon/config.yaml" in other.text


def test_programs_that_fail_or_hang_give_no_answer() -> None:
    """A missing one, a failing one, one that never ends."""
    assert answer(["echo", "x"]) == "x\n"
    assert answer(["osa-no-such-program"]) is None
    assert answer(["false"]) is None
    assert answer(["sleep", "60"], timeout_s=0.1) is None
