"""Reading the settings again: what can change live does, all of it or nothing."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from osa_daemon.errors import ConfigError
from osa_daemon.settings.catalogue import catalogue
from osa_daemon.settings.change import change
from osa_daemon.settings.load import Loaded, load
from osa_daemon.settings.reload import reread

Write = Callable[[str], Loaded]


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """The settings file."""
    return tmp_path / "config.yaml"


@pytest.fixture
def first(config: Path, tmp_path: Path) -> Loaded:
    """What the daemon began with."""
    write(config, "alerts:\n  after_s: 40\nmqtt:\n  port: 1884\n")
    return load(config, environ={})


def write(config: Path, text: str) -> None:
    """Put `text` into the file, beside the folder that every test needs."""
    config.write_text(f"journal:\n  state_dir: {config.parent}\n{text}")


def test_what_can_change_live_is_in_force_and_the_rest_waits(first: Loaded, config: Path):
    """A key that is gone has its default again; one that needs a restart keeps its old value."""
    write(config, "detection:\n  sensitivity: high\nmqtt:\n  port: 1885\n  host: broker.lan\n")
    read = reread(first, {})
    assert read.loaded.settings.detection.sensitivity == "high"
    assert read.loaded.settings.alerts.after_s == 30
    assert read.loaded.settings.mqtt.port == 1884
    assert read.loaded.settings.mqtt.host == "localhost"
    assert read.changed == ("detection.sensitivity", "alerts.after_s")
    assert read.waits == ("mqtt.host", "mqtt.port")


def test_what_waits_is_told_again_and_is_over_once_it_is_taken_back(first: Loaded, config: Path):
    """The second reading is held against what is in force, not against the first reading."""
    write(config, "alerts:\n  after_s: 40\nmqtt:\n  port: 1885\n")
    second = reread(first, {})
    assert (second.changed, second.waits) == ((), ("mqtt.port",))
    assert reread(second.loaded, {}).waits == ("mqtt.port",)
    write(config, "alerts:\n  after_s: 40\nmqtt:\n  port: 1884\n")
    assert reread(second.loaded, {}).waits == ()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("alerts:\n  after_s: 500\n", r"after_s is 500, but must be a whole number from 10 to 110"),
        ("alerts:\n  after_s: 15\n", "must be more than alerts.notice_s"),
        ("alerts:\n  after: 15\n", "after"),
        ("alerts: [\n", "not valid YAML"),
        ("mqtt:\n  port: 0\n", "mqtt.port is 0"),
    ],
)
def test_a_file_that_is_wrong_anywhere_changes_nothing(
    first: Loaded, config: Path, text: str, words: str
):
    """The sentence names the file and what is wrong; one value that is right does not count."""
    write(config, f"detection:\n  sensitivity: high\n{text}")
    with pytest.raises(ConfigError, match=words) as refused:
        reread(first, {})
    assert str(config) in str(refused.value)


def test_a_file_that_is_gone_is_no_wish_for_the_defaults(first: Loaded, config: Path):
    """An editor that was caught between two steps must not switch alerts on or off."""
    config.unlink()
    with pytest.raises(ConfigError, match="does not exist"):
        reread(first, {})


def test_overrides_pass_over_the_file_as_ever(first: Loaded, config: Path):
    """What Home Assistant set stays; what was reset in between is the file's again."""
    overridden = change(first, "alerts.after_s", 50)
    write(config, "alerts:\n  after_s: 35\n")
    assert reread(overridden, {}).loaded.settings.alerts.after_s == 50
    overridden.overrides_path.unlink()
    assert reread(overridden, {}).loaded.settings.alerts.after_s == 35


def test_overrides_stay_in_force_where_their_file_was_damaged(first: Loaded, config: Path):
    """A damaged card must not undo what was set; the warning tells of it."""
    overridden = change(first, "alerts.after_s", 50)
    overridden.overrides_path.write_text("{")
    read = reread(overridden, {})
    assert read.loaded.settings.alerts.after_s == 50
    assert "damaged" in " ".join(read.loaded.warnings)


def test_a_reset_beside_a_key_that_nobody_knows_is_a_reset(first: Loaded, config: Path):
    """A warning about another key does not keep what was reset in force."""
    overridden = change(first, "alerts.after_s", 50)
    overridden.overrides_path.write_text(json.dumps({"v": 1, "settings": {"snore.limit": 1}}))
    read = reread(overridden, {})
    assert read.loaded.settings.alerts.after_s == 40
    assert "snore.limit" in " ".join(read.loaded.warnings)


def test_an_override_that_does_not_fit_any_more_is_left_out_with_a_warning(
    first: Loaded, config: Path
):
    """As at a start: the file is valid, so it is taken up."""
    overridden = change(first, "alerts.after_s", 50)
    write(config, "alerts:\n  notice_s: 55\n  after_s: 57\n")
    read = reread(overridden, {})
    assert read.loaded.settings.alerts.after_s == 57
    assert "after_s" in " ".join(read.loaded.warnings)


def test_the_overrides_lie_where_they_lay(first: Loaded, config: Path, tmp_path: Path):
    """Another state folder needs a restart: nothing is looked for in it before."""
    other = tmp_path / "other"
    other.mkdir()
    (other / "overrides.json").write_text(json.dumps({"v": 1, "settings": {"alerts.after_s": 50}}))
    config.write_text(f"journal:\n  state_dir: {other}\n")
    read = reread(first, {})
    assert read.waits == ("mqtt.port", "journal.state_dir")
    assert read.loaded.overrides_path == first.overrides_path
    assert read.loaded.settings.alerts.after_s == 30


def test_the_environment_passes_over_the_file_as_ever(config: Path):
    """A credential of systemd is no change of the settings."""
    environ = {"OSA_MQTT_PASSWORD_FILE": "/run/credentials/mqtt-password"}
    write(config, "mqtt:\n  username: osa\n")
    first = load(config, environ=environ)
    write(config, "mqtt:\n  username: osa\n  password_file: /etc/other\n")
    read = reread(first, environ)
    assert (read.changed, read.waits) == ((), ())


def test_the_readme_names_what_needs_a_restart() -> None:
    """Whole sections but for the one key: who adds a setting there decides anew."""
    fixed = [row.key for row in catalogue() if not row.about.live]
    sections = ("microphone.", "mqtt.", "ntfy.", "clips.", "web.")
    assert [key for key in fixed if not key.startswith(sections)] == ["journal.state_dir"]
    live = [row.key for row in catalogue() if row.about.live]
    assert [key for key in live if key.startswith(sections)] == []
    readme = (Path(__file__).parents[2] / "README.md").read_text("utf-8")
    assert (
        "but `microphone.*`, `mqtt.*`, `ntfy.*`, `clips.*`, `web.*` and `journal.state_dir`"
        in readme
    )
