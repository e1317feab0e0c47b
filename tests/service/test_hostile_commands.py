"""Payloads from the broker are a stranger's: nothing changes, and one plain sentence tells why.

Home Assistant does not evaluate what arrives: its templates stand in our discovery payload, and
a text is only ever a value in them. So a template in a command is text there, and here.
"""

import json
import re
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from osa_daemon.audio.source import SourceState
from osa_daemon.publish.discovery import discovery_document
from osa_daemon.publish.mqtt_settings import MqttSettings
from osa_daemon.publish.payloads import MAX_TEXT
from osa_daemon.publish.topics import COMMANDS
from osa_daemon.service.commands import Commands
from tests.daemon import DaemonProcess
from tests.mosquitto import Mosquitto, Subscriber
from tests.service.at_bedside import Failing, Wire, live_settings, make

ESCAPE = "\x1b]0;owned\x07\x1b[2J"
HOSTILE: tuple[tuple[str, bytes], ...] = (
    ("sensitivity", b"\xff\xfe\x00"),
    ("sensitivity", b"high\x00"),
    ("sensitivity", b"high\nWARNING urgent on: Nobody breathes."),
    ("sensitivity", "low\r\u2028\u202efake".encode()),
    ("sensitivity", ESCAPE.encode()),
    ("alert_after_s", b"{{ 7 * 7 }}"),
    ("alert_after_s", b"{% for i in range(10**9) %}x{% endfor %}"),
    ("alert_after_s", b'{"v":1,"state":"ON"}'),
    ("alert_after_s", b"9" * 250),
    ("alert_after_s", b"1e308"),
    ("alerts", b"OFF;reboot"),
    ("monitoring", b"${jndi:ldap://x/y}"),
    ("bed_presence", b"{{ states('person.a') }}"),
    ("{{ 7 * 7 }}", b"1"),
    ("k" * 10_000, b"1"),
    ("../settings", b"high"),
)
PLAIN = re.compile(r"(DEBUG|INFO|WARNING) [^\x00-\x08\x0b-\x1f\x7f-\x9f]*")


def is_plain(text: str) -> bool:
    """Bounded, and nothing in it that a terminal or a log would obey."""
    return len(text) <= MAX_TEXT and text.isprintable()


def test_hostile_commands_change_nothing_and_forge_nothing(
    mosquitto: Mosquitto,
    subscribe: Callable[..., Subscriber],
    start_daemon: Callable[..., DaemonProcess],
    data: Path,
) -> None:
    """The whole way, publisher and daemon: the same settings again, one sentence, a clean log."""
    told = subscribe(mosquitto.port, "osa_daemon/bedside/problem/configuration")
    values = subscribe(mosquitto.port, "osa_daemon/bedside/settings")
    daemon = start_daemon(mosquitto.port, "--source", f"file:{data / 'short.ogg'}")
    daemon.wait_until_ready()
    values.wait_for(lambda: len(values.heard) == 1)
    for number, (key, payload) in enumerate(HOSTILE, 1):
        topic = f"osa_daemon/bedside/set/{key.rpartition('/')[2]}"
        values.client.publish(topic, payload, 1).wait_for_publish(10)
        values.wait_for(lambda: len(values.heard) == 1 + number, what=f"an answer to {key:.20}")  # noqa: B023
    # too long for a command, not one level, nothing: none of them is answered
    for suffix, payload in (("alerts", b"x" * 300), ("a/b", b"1"), ("alerts", b"")):
        values.client.publish(f"osa_daemon/bedside/set/{suffix}", payload, 1).wait_for_publish(10)
    assert daemon.end() == 0
    assert len({heard.payload for heard in values.heard}) == 1
    texts = [json.loads(heard.payload)["text"] for heard in told.heard]
    assert sum(text is not None for text in texts) >= len(HOSTILE) - 1  # equal ones are told once
    assert all(text is None or is_plain(text) for text in texts)
    assert not (daemon.folder / "state" / "overrides.json").exists()
    lines = daemon.log.read_text().splitlines()
    assert all(PLAIN.fullmatch(line) for line in lines), lines
    assert sum("is not" in line or "must be" in line for line in lines) <= 3  # in as many seconds


def test_a_retained_command_is_not_obeyed_later(
    mosquitto: Mosquitto,
    subscribe: Callable[..., Subscriber],
    start_daemon: Callable[..., DaemonProcess],
    data: Path,
) -> None:
    """What was left on the broker for whoever comes is no command for now."""
    values = subscribe(mosquitto.port, "osa_daemon/bedside/settings")
    values.publish("osa_daemon/bedside/set/sensitivity", "high", is_retained=True)
    daemon = start_daemon(mosquitto.port, "--source", f"file:{data / 'short.ogg'}")
    daemon.wait_until_ready()
    values.wait_for(lambda: values.heard)
    values.publish("osa_daemon/bedside/set/alert_after_s", "31")
    values.wait_for(lambda: len(values.heard) == 2)
    assert daemon.end() == 0
    assert {json.loads(heard.payload)["sensitivity"] for heard in values.heard} == {"balanced"}


@given(
    key=st.one_of(st.sampled_from(COMMANDS), st.text(max_size=60)),
    payload=st.one_of(st.binary(min_size=1, max_size=256), st.text(min_size=1).map(str.encode)),
)
@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow])
def test_whatever_is_sent_is_answered_plainly(key: str, payload: bytes) -> None:
    """Any key and payload: a sentence that is bounded and printable, or none."""
    with tempfile.TemporaryDirectory() as folder:
        wire, commands, live = Wire(), Commands(), live_settings(Path(folder))
        commands.put(key, payload)
        make(Path(folder), wire, Failing(SourceState.ABSENT), live, commands=commands).run()
    texts = [problem["text"] for problem in wire.all("problem/configuration")]
    assert all(text is None or is_plain(text) for text in texts)
    if key not in COMMANDS:
        assert wire.all("settings") == 2 * [{"v": 1, **live.values}]


def test_a_flood_of_refused_commands_is_one_line(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Each is answered on the broker; the log gets one line in ten seconds."""
    wire, commands = Wire(), Commands()
    for number in range(20):
        commands.put("alert_after_s", str(number + 200).encode())
    make(tmp_path, wire, Failing(SourceState.ABSENT, most=20), commands=commands).run()
    assert len([text for text in wire.all("problem/configuration") if text["text"]]) == 20
    assert sum("alerts.after_s is" in record.getMessage() for record in caplog.records) == 1


def test_home_assistant_gets_a_problem_as_a_value_only() -> None:
    """The text is an attribute that our template passes through as JSON, and no entity's state."""
    document = discovery_document(MqttSettings("localhost"))
    seen = 0
    for component in document["components"].values():
        topics = (component.get("state_topic", ""), component.get("json_attributes_topic", ""))
        if not any("/problem/" in topic for topic in topics):
            continue
        seen += 1
        assert "text" not in component["value_template"]
        assert component["json_attributes_template"] == "{{ {'text': value_json.text} | tojson }}"
    assert seen == 3
