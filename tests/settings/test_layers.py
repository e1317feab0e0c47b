"""Defaults, file, environment and overrides: which one holds, and where it is from."""

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from osa_daemon.errors import ConfigError, StorageError
from osa_daemon.settings import load as load_module
from osa_daemon.settings.change import change, parse_value, reset
from osa_daemon.settings.load import Loaded, load
from osa_daemon.settings.origin import Layer

LoadText = Callable[..., Loaded]


def write_overrides(folder: Path, **values: object) -> None:
    """Write an overrides file as the daemon does; `__` stands for the dot."""
    settings = {key.replace("__", "."): value for key, value in values.items()}
    (folder / "overrides.json").write_text(json.dumps({"v": 1, "settings": settings}))


def test_an_override_passes_over_the_file_and_the_file_over_the_default(
    load_text: LoadText, tmp_path: Path
) -> None:
    """Each value comes from the last layer that gives it, and says so."""
    write_overrides(tmp_path, alerts__after_s=45)
    loaded = load_text("alerts:\n  after_s: 40\n  notice_s: 25\n")
    alerts = loaded.settings.alerts
    assert (alerts.after_s, alerts.notice_s, alerts.urgent_s) == (45, 25, 60)
    origins = loaded.provenance
    assert origins["alerts.after_s"].layer is Layer.OVERRIDE
    assert origins["alerts.after_s"].name == str(tmp_path / "overrides.json")
    file = origins["alerts.notice_s"]
    assert (file.layer, file.name) == (Layer.FILE, str(tmp_path / "config.yaml"))
    assert (file.line, file.column) == (3, 13)
    assert origins["alerts.urgent_s"].layer is Layer.DEFAULT


def test_a_secrets_path_may_come_from_the_environment(load_text: LoadText) -> None:
    """The variable passes over the file; its name is the origin."""
    text = "mqtt:\n  username: osa\n  password_file: /a\n"
    loaded = load_text(text, {"OSA_MQTT_PASSWORD_FILE": "/run/credentials/x"})
    assert loaded.settings.mqtt.password_file == Path("/run/credentials/x")
    assert loaded.provenance["mqtt.password_file"].name == "OSA_MQTT_PASSWORD_FILE"
    with pytest.raises(ConfigError, match=r"^OSA_MQTT_PASSWORD_FILE: mqtt.password_file is …"):
        load_text(text, {"OSA_MQTT_PASSWORD_FILE": "a"})


def test_the_default_file_may_be_missing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Without a path the usual file is read if it is there."""
    usual = tmp_path / "usual.yaml"
    monkeypatch.setattr(load_module, "DEFAULT_CONFIG", usual)
    assert load(None, tmp_path / "o.json", {}).config_path is None
    usual.write_text("alerts: {after_s: 40}")
    loaded = load(None, tmp_path / "o.json", {})
    assert (loaded.config_path, loaded.settings.alerts.after_s) == (usual, 40)


def test_the_overrides_lie_in_the_state_folder(tmp_path: Path) -> None:
    """Where no path is given, the file's own state folder is asked; nothing is made there."""
    config = tmp_path / "config.yaml"
    config.write_text(f"journal:\n  state_dir: {tmp_path / 'state'}\n")
    loaded = load(config, environ={})
    assert loaded.overrides_path == tmp_path / "state" / "overrides.json"
    assert not (tmp_path / "state").exists()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "[" * 100_000,
        '{"v": 1}',
        '{"v": 2, "settings": {}}',
        '{"v": 1, "settings": 3}',
    ],
)
def test_damaged_overrides_do_not_stop_the_daemon(
    load_text: LoadText, tmp_path: Path, text: str
) -> None:
    """They are left out with a warning that names the file."""
    (tmp_path / "overrides.json").write_text(text)
    loaded = load_text("")
    assert loaded.overrides == {}
    assert "overrides.json" in loaded.warnings[0]


def test_an_override_that_is_not_valid_any_more_is_left_out_alone(
    load_text: LoadText, tmp_path: Path
) -> None:
    """Wrong type, range, conflict and unknown keys each cost only themselves."""
    write_overrides(
        tmp_path,
        alerts__after_s=45,
        alerts__urgent_s=40,
        alerts__repeat_minutes="10",
        mqtt__host="evil",
        alerts__gone=1,
        detection__sensitivity=["low"],
        monitoring__hours={"a": 1},
    )
    loaded = load_text("")
    assert loaded.settings.alerts.after_s == 45
    assert list(loaded.overrides) == ["alerts.after_s"]
    assert len(loaded.warnings) == 6


def test_overrides_may_fit_only_together(load_text: LoadText, tmp_path: Path) -> None:
    """Two overrides that are valid together are kept, in any order."""
    write_overrides(tmp_path, alerts__notice_s=35, alerts__after_s=50)
    assert load_text("").settings.alerts.notice_s == 35


def test_a_change_is_kept(load_text: LoadText) -> None:
    """A changed value holds at once and after loading again."""
    changed = change(load_text(""), "alerts.after_s", 45)
    assert changed.settings.alerts.after_s == 45
    assert load_text("").settings == changed.settings


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may give files away")
def test_what_root_changes_stays_the_daemons(load_text: LoadText, tmp_path: Path) -> None:
    """`sudo osa-daemon settings reset` leaves a file that the service's user may read."""
    os.chown(tmp_path, 65534, 65534)
    change(load_text(""), "alerts.after_s", 45)
    assert (tmp_path / "overrides.json").stat().st_uid == 65534


@pytest.mark.parametrize(
    ("key", "value", "says"),
    [
        ("alerts.after_s", 300, "from 10 to 110"),
        ("alerts.after_s", 15, "alerts.notice_s"),
        ("alerts.after_s", "40", "whole number"),
        ("alerts.afters", 40, "did you mean alerts.after_s"),
        ("mqtt.host", "x", "set it in the file"),
    ],
)
def test_a_refused_change_changes_nothing(
    load_text: LoadText, tmp_path: Path, key: str, value: int | str, says: str
) -> None:
    """The sentence says why, and no file is written."""
    with pytest.raises(ConfigError, match=says):
        change(load_text(""), key, value)
    assert not (tmp_path / "overrides.json").exists()


def test_a_change_that_cannot_be_written_is_refused(load_text: LoadText, tmp_path: Path) -> None:
    """What cannot be kept does not hold either, and the old file stays."""
    first = change(load_text(""), "alerts.after_s", 45)
    (tmp_path / "overrides.json.new").mkdir()
    with pytest.raises(StorageError, match="cannot be written"):
        change(first, "alerts.after_s", 50)
    assert load_text("").settings.alerts.after_s == 45


def test_a_reset_gives_the_files_value_back(load_text: LoadText) -> None:
    """Without its override a key has the value of the file again; others stay."""
    text = "alerts: {after_s: 40}"
    loaded = change(load_text(text), "alerts.after_s", 45)
    loaded = change(loaded, "alerts.repeat_minutes", 5)
    assert reset(loaded, "alerts.after_s").settings.alerts.after_s == 40
    assert load_text(text).settings.alerts.repeat_minutes == 5


def test_a_reset_that_others_forbid_is_refused(load_text: LoadText) -> None:
    """An override that the others need is not removed."""
    loaded = change(load_text(""), "alerts.after_s", 50)
    loaded = change(loaded, "alerts.notice_s", 40)
    with pytest.raises(ConfigError, match=r"Without the override of alerts\.after_s"):
        reset(loaded, "alerts.after_s")


def test_reset_all_removes_even_a_damaged_file(load_text: LoadText, tmp_path: Path) -> None:
    """Resetting all needs nothing of what is in the file."""
    (tmp_path / "overrides.json").write_text("{")
    assert reset(load_text(""), "all").warnings == ()
    assert not (tmp_path / "overrides.json").exists()


def test_the_text_of_a_command_is_read_as_the_key_wants_it() -> None:
    """A payload becomes a value of the key's kind, or a sentence."""
    assert parse_value("alerts.after_s", "45") == 45
    assert parse_value("alerts.enabled", "OFF") is False
    assert parse_value("detection.sensitivity", "low") == "low"
    with pytest.raises(ConfigError, match=r"alerts\.after_s is x"):
        parse_value("alerts.after_s", "x\n")
