"""What is installed and set: versions, models, settings, secrets."""

from pathlib import Path

import pytest

from osa_daemon.detector.model import Metadata
from osa_daemon.errors import ConfigError
from osa_daemon.service.doctor import checks
from osa_daemon.service.doctor.checks import (
    check_models,
    check_secrets,
    check_settings,
    check_versions,
)
from osa_daemon.service.doctor.finding import Verdict, closed_or_bad
from osa_daemon.settings.load import load


def test_versions_are_told() -> None:
    """What is installed stands in one line."""
    finding = check_versions()
    assert finding.verdict is Verdict.GOOD
    assert "onnxruntime 1." in finding.text


def test_a_part_that_is_missing_is_bad(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is named, with the remedy."""
    monkeypatch.setattr(checks, "PARTS", ("numpy", "no-such-part"))
    finding = check_versions()
    assert finding.verdict is Verdict.BAD
    assert finding.text == "no-such-part is missing: install osa-daemon again."


@pytest.mark.parametrize(
    ("program", "says"),
    [
        (
            "import sys; sys.exit('The model file x is damaged: install the package again.')",
            "damaged",
        ),
        (
            "import os, signal; os.kill(os.getpid(), signal.SIGILL)",
            "crashes on this machine (SIGILL)",
        ),
        ("import time; time.sleep(60)", "do not load within"),
    ],
)
def test_models_that_do_not_load_are_bad(
    program: str, says: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Damaged, crashing or hanging: doctor lives on and says which."""
    monkeypatch.setattr(checks, "_LOAD_MODELS", program)
    monkeypatch.setattr(checks, "LOAD_DEADLINE_S", 1.0)
    finding = check_models()
    assert finding.verdict is Verdict.BAD
    assert says in finding.text


def test_models_that_load_are_good() -> None:
    """The shipped models load in a child."""
    assert check_models().verdict is Verdict.GOOD


def test_overrides_that_are_left_out_are_told(tmp_path: Path) -> None:
    """A warning of the loader becomes a note."""
    (tmp_path / "config.yaml").write_text("")
    (tmp_path / "overrides.json").write_text("{")
    loaded = load(tmp_path / "config.yaml", tmp_path / "overrides.json")
    assert check_settings(loaded).verdict is Verdict.DOUBTFUL


def test_secrets_that_everyone_can_read_are_told(tmp_path: Path) -> None:
    """0644 is a note with its remedy, 0640 and 0600 nothing, whoever owns the file."""
    password, key, token = (tmp_path / name for name in ("password", "key.pem", "token"))
    config = tmp_path / "config.yaml"
    config.write_text(
        f"mqtt:\n  username: osa\n  password_file: {password}\n"
        f"  tls:\n    enabled: true\n    cert_file: /c.pem\n    key_file: {key}\n"
        f"ntfy:\n  url: https://ntfy.example.org/bed\n  token_file: {token}\n"
        f"journal:\n  state_dir: {tmp_path}\n"
    )
    config.chmod(0o640)
    loaded = load(config, environ={})
    assert list(check_secrets(loaded)) == []  # what is missing is the broker's finding
    for path in (password, key, token):
        path.write_text("x")
    for path in (password, key, token, config):
        path.chmod(0o644)
    found = list(check_secrets(loaded))
    assert [finding.verdict for finding in found] == 4 * [Verdict.DOUBTFUL]
    assert f"mqtt.password_file {password} can be read by every user" in found[0].text
    assert f"chgrp osa-daemon {key} and then chmod 640 {key}" in found[1].text
    assert "names an ntfy topic" in found[3].text
    for path in (password, key, token, config):
        path.chmod(0o640)
    assert list(check_secrets(loaded)) == []


def test_a_limit_that_the_model_cannot_keep_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The daemon runs on with less than was asked for: a note."""
    events = [{"threshold": 0.9, "recall": 0.8, "false_per_night": 2.0}]
    progress = [{"threshold": 0.9, "told": 0.8, "false_alerts_per_night": 0.1}]
    calibration = {"night_h": 8.0, "events": events, "in_progress": progress}
    metadata = Metadata(75, (1, 2, 3), 384, 12, {"balanced": {}}, "", {}, calibration)
    monkeypatch.setattr(checks, "metadata_of", lambda: metadata)
    config = tmp_path / "config.yaml"
    for limit, verdict in ((1, Verdict.DOUBTFUL), (3, Verdict.GOOD)):
        config.write_text(f"detection: {{max_false_events_per_night: {limit}}}")
        assert check_settings(load(config, tmp_path / "none.json")).verdict is verdict


@pytest.mark.parametrize(("cause", "verdict"), [(PermissionError(), "note"), (OSError(), "BAD")])
def test_what_only_this_user_may_not_read_is_a_note(cause: OSError, verdict: str) -> None:
    """The service may; with sudo doctor could tell."""
    error = ConfigError("mqtt.password_file x cannot be read")
    error.__cause__ = cause
    line = str(closed_or_bad("broker", error))
    assert line.startswith(f"{verdict:<5} broker: mqtt.password_file x cannot be read.")
    assert ("sudo" in line) is (verdict == "note")


def test_a_key_of_clips_that_is_not_there_is_bad(tmp_path: Path) -> None:
    """The daemon would not start with it."""
    config = tmp_path / "config.yaml"
    config.write_text(f"clips:\n  keep: alerts\n  key_file: {tmp_path / 'key'}\n")
    finding = check_settings(load(config, environ={}))
    assert finding.verdict is Verdict.BAD
    assert str(tmp_path / "key") in finding.text
