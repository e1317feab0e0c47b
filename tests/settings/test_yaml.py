"""YAML 1.1's traps, and what a file may look like."""

from collections.abc import Callable
from pathlib import Path

import pytest

from osa_daemon.errors import ConfigError
from osa_daemon.settings.load import Loaded, load
from osa_daemon.settings.yaml_file import MAX_BYTES

LoadText = Callable[..., Loaded]


@pytest.mark.parametrize(
    ("text", "key", "value"),
    [
        ("monitoring: {hours: 22:00-09:00}", "monitoring.hours", "22:00-09:00"),
        ("mqtt: {area: off}", "mqtt.area", "off"),
        ("mqtt: {area: no}", "mqtt.area", "no"),
        ("mqtt: {device_name: 22:00}", "mqtt.device_name", "22:00"),
        ("mqtt: {device_name: 2026-01-02}", "mqtt.device_name", "2026-01-02"),
        ("mqtt: {device_id: 0815}", "mqtt.device_id", "0815"),
        ("mqtt: {device_id: 1_000}", "mqtt.device_id", "1_000"),
        ("mqtt: {host: 1.20}", "mqtt.host", "1.20"),
        ("mqtt: {area: null}", "mqtt.area", None),
        ("mqtt: {area: 'null'}", "mqtt.area", "null"),
        ("alerts: {enabled: off}", "alerts.enabled", False),
        ("alerts: {enabled: No}", "alerts.enabled", False),
        ("alerts: {enabled: YES}", "alerts.enabled", True),
        ("alerts: {after_s: +45}", "alerts.after_s", 45),
        ("detection: {thresholds: {event: .5}}", "detection.thresholds.event", 0.5),
        ("detection: {thresholds: {event: 5e-1}}", "detection.thresholds.event", 0.5),
        ("microphone:\n  device: usb:1-1.2", "microphone.device", "usb:1-1.2"),
    ],
)
def test_a_value_is_read_as_its_key_wants_it(
    load_text: LoadText, text: str, key: str, value: object
) -> None:
    """Where text is wanted the text stands as written; truth values and numbers are plain."""
    found: object = load_text(text).settings
    for name in key.split("."):
        found = getattr(found, name)
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    "text",
    ["", "# only a comment\n", "---\n", "null", "mqtt:\nalerts:\n", "\ufeff---\n", "mqtt: {}\r\n"],
)
def test_an_empty_file_means_the_defaults(load_text: LoadText, text: str) -> None:
    """Nothing in the file, or empty sections, is all defaults."""
    assert load_text(text).base == {}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("alerts: {after_s: 0x20}", "0x20"),
        ("alerts: {after_s: 045}", "without leading zeros"),
        ("alerts: {after_s: 45.0}", "a whole number"),
        ("alerts: {after_s: 1_0}", "a whole number"),
        ("alerts: {after_s: 0:30}", "a time of day is not a number"),
        ("alerts: {after_s: 45 s}", "write 45"),
        ("alerts: {after_s: true}", "a whole number"),
        ("alerts: {after_s: }", "empty"),
        ("alerts: {after_s: ~}", "remove the line"),
        ("alerts: {enabled: 1}", "true or false"),
        ("alerts: {enabled: 'off'}", "without quotes"),
        ("detection: {thresholds: {event: '0,5'}}", "without quotes"),
        ("detection:\n  thresholds:\n    event: 0,5", "0.5"),
        ("detection: {thresholds: {event: .inf}}", "a number from"),
        ("detection: {thresholds: {event: .nan}}", "a number from"),
        ("detection: {sensitivity: Low}", "one of low, balanced, high"),
        ("alerts: {after_s: 99999999999999999999999}", "from 10 to 110"),
        ("mqtt: {host: 'mqtt://pi:1883'}", "without mqtt://"),
        ("mqtt: {host: 'pi:1883'}", "mqtt.port"),
        ("mqtt: {host: ''}", "a host name"),
        (f"mqtt: {{host: {'a' * 64}}}", "a host name"),
        ("mqtt: {host: a..b}", "a host name"),
        ("mqtt: {host: user@pi}", "a host name"),
        ("mqtt: {base_topic: a/#}", "an MQTT topic"),
        ("mqtt: {base_topic: a//b}", "an MQTT topic"),
        ("mqtt: {device_id: Bed 1}", "a-z, 0-9 and _"),
        ("mqtt: {password_file: secret}", "an absolute path"),
        ("journal: {state_dir: ~/x}", "~ is not expanded"),
        ("microphone: {device: 'hw:1,0'}", "card numbers change"),
        ("monitoring: {hours: 22:00-22:00}", "null means all day"),
    ],
)
def test_a_value_that_is_not_allowed_is_named(load_text: LoadText, text: str, says: str) -> None:
    """The sentence says what is allowed or what to write."""
    with pytest.raises(ConfigError) as caught:
        load_text(text)
    assert says in str(caught.value)
    assert "line" in str(caught.value)


def test_all_problems_are_told_in_the_order_of_the_file(load_text: LoadText) -> None:
    """One sentence a line, each with its own line number."""
    with pytest.raises(ConfigError) as caught:
        load_text("alerts:\n  after_s: 300\n  enabled: maybe\nmqqt:\n  port: 0\n")
    lines = str(caught.value).splitlines()
    assert [line.split(",")[1].strip() for line in lines] == ["line 2", "line 3", "line 4"]


def test_many_problems_are_cut_short(load_text: LoadText) -> None:
    """A file of another kind does not fill the screen."""
    with pytest.raises(ConfigError, match="There are 80 more"):
        load_text("".join(f"key{number}: 1\n" for number in range(100)))


def test_a_large_file_is_refused(load_text: LoadText) -> None:
    """More than a settings file can need is not parsed."""
    with pytest.raises(ConfigError, match="larger than"):
        load_text("#" * (MAX_BYTES + 1))


@pytest.mark.parametrize("opening", ["[", "{a: ", "- ", "a:\n" + " " * 3, "? "])
def test_depth_is_bounded(load_text: LoadText, opening: str) -> None:
    """Nesting beyond any settings file ends with a sentence."""
    with pytest.raises(ConfigError):
        load_text("mqtt: " + opening * 20_000)


def test_an_alias_bomb_is_refused(load_text: LoadText) -> None:
    """Aliases are not followed at all."""
    bomb = "a: &a [x]\n" + "".join(f"b{n}: &b{n} [*a, *a]\n" for n in range(30))
    with pytest.raises(ConfigError, match="anchors"):
        load_text(bomb)


def test_what_is_not_a_file_is_refused(tmp_path: Path) -> None:
    """A folder, a missing file and bytes that are not UTF-8 each have their sentence."""
    with pytest.raises(ConfigError, match="does not exist"):
        load(tmp_path / "none.yaml")
    with pytest.raises(ConfigError, match="cannot be read"):
        load(tmp_path)
    (tmp_path / "latin.yaml").write_bytes(b"mqtt:\n  area: K\xfcche\n")
    with pytest.raises(ConfigError, match="line 2: the text is not UTF-8"):
        load(tmp_path / "latin.yaml")
