"""What `check-config` says of settings of detection that meet, and of what a model cannot keep."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from osa_daemon import cli
from osa_daemon.detector.model import Metadata
from osa_daemon.service import check_config

Check = Callable[..., tuple[int, str, str]]
LIMIT = "  max_false_events_per_night: 0.5\n"


@pytest.fixture
def check(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Check:
    """Checks settings of detection beside a model with at least 2 false events in a night."""
    events = [{"threshold": 0.9, "recall": 0.8, "false_per_night": 2.0}]
    progress = [{"threshold": 0.9, "told": 0.8, "false_alerts_per_night": 0.1}]
    calibration = {"night_h": 8.0, "events": events, "in_progress": progress}
    thresholds = {"balanced": {"event": 0.9, "in_progress": 0.9}}
    metadata = Metadata(75, (1, 2, 3), 384, 12, thresholds, "", {}, calibration)
    monkeypatch.setattr(check_config, "metadata_of", lambda: metadata)
    config = tmp_path / "config.yaml"

    def run(detection: str, *options: str) -> tuple[int, str, str]:
        config.write_text(f"journal:\n  state_dir: {tmp_path}\ndetection:\n{detection}")
        code = cli.main(["check-config", str(config), *options])
        return (code, *capsys.readouterr())

    return run


def test_a_limit_out_of_reach_is_a_warning(check: Check) -> None:
    """The daemon would run, so the file is valid; what falls short is told in a sentence."""
    code, out, err = check(LIMIT)
    assert code == 0
    assert "is valid." in out
    assert "about 2.0 false events" in out
    assert err.count("\n") == 1
    assert "is 0.5, but this model can be expected to keep to 2 at best" in err


def test_settings_that_meet_get_one_sentence(check: Check) -> None:
    """It stands behind what they lead to."""
    code, out, _ = check(LIMIT + "  sensitivity: balanced\n")
    assert code == 0
    assert out.splitlines()[-1].startswith("Events go by detection.max_false_events_per_night (not")


def test_settings_that_do_not_meet_get_none(check: Check) -> None:
    """Nor does the sensitivity that nobody set."""
    assert "go by" not in check(LIMIT)[1]
    assert "go by" not in check("  sensitivity: balanced\n")[1]


def test_programs_are_told_too(check: Check) -> None:
    """Notes, warnings, and the range in which thresholds were measured."""
    told = json.loads(check(LIMIT + "  sensitivity: balanced\n", "--json")[1])
    assert len(told["notes"]) == len(told["warnings"]) == 1
    assert told["expected"]["event_measured"] == [0.9, 0.9]


@pytest.mark.parametrize(("content", "words"), [(None, "no such file"), ("\n", "is empty")])
def test_a_password_that_run_would_end_at_is_told(
    check: Check, tmp_path: Path, content: str | None, words: str
) -> None:
    """The settings are valid, and may be meant for another machine: a warning."""
    secret = tmp_path / "password"
    if content is not None:
        secret.write_text(content)
    code, _, err = check(LIMIT + f"mqtt:\n  username: osa\n  password_file: {secret}\n")
    assert code == 0
    assert f"mqtt.password_file {secret}" in err
    assert words in err


def test_a_certificate_that_run_would_end_at_is_told(check: Check, tmp_path: Path) -> None:
    """As for the password: what the daemon opens at its start is opened here, too."""
    broker = f"mqtt:\n  tls:\n    enabled: true\n    ca_file: {tmp_path}/ca.pem\n"
    code, _, err = check(LIMIT + broker)
    assert code == 0
    assert f"mqtt.tls.ca_file {tmp_path}/ca.pem" in err


def test_a_password_that_is_there_is_not_mentioned(check: Check, tmp_path: Path) -> None:
    """Nor is its content."""
    (tmp_path / "password").write_text("secret")
    (tmp_path / "password").chmod(0o600)
    detection = (
        f"  sensitivity: low\nmqtt:\n  username: osa\n  password_file: {tmp_path}/password\n"
    )
    _, out, err = check(detection)
    assert "secret" not in out + err
    assert err == ""


def test_a_password_that_everyone_can_read_is_told(check: Check, tmp_path: Path) -> None:
    """A warning with its remedy, beside that of a key; the settings are valid all the same."""
    (tmp_path / "password").write_text("secret")
    (tmp_path / "password").chmod(0o644)
    broker = f"mqtt:\n  username: osa\n  password_file: {tmp_path}/password\n"
    code, _, err = check(LIMIT.replace("0.5", "3") + broker)
    assert code == 0
    assert err == (
        f"mqtt.password_file {tmp_path}/password can be read by every user of this machine: "
        f"as root, chgrp osa-daemon {tmp_path}/password and then chmod 640 {tmp_path}/password.\n"
    )
