"""Home Assistant's device payload: what its versions from 2024.11 to 2026.11 ask for."""

import inspect
import json
import re
from datetime import UTC, datetime
from typing import Any

import pytest

from osa_daemon.publish import discovery, payloads, topics
from osa_daemon.publish.discovery import discovery_document, discovery_payload, discovery_topic
from osa_daemon.publish.discovery_schema import discovery_schema
from osa_daemon.publish.entities import DROPPED, ENTITIES, entities_table
from osa_daemon.publish.mqtt_settings import MqttSettings
from osa_daemon.scoring.event import Event
from osa_daemon.service.broker import mqtt_settings
from osa_daemon.settings.catalogue import catalogue
from osa_daemon.settings.model import Alerts, Mqtt

SETTINGS = MqttSettings("localhost", device_id="bed_1", area="Bedroom", version="0.1.0", model="1")
DOCUMENT = discovery_document(SETTINGS)
COMPONENTS = DOCUMENT["components"]
# of Home Assistant's device discovery schema; any other refuses the whole device
ROOT_KEYS = {
    "device",
    "origin",
    "components",
    "availability",
    "availability_mode",
    "availability_template",
    "availability_topic",
    "command_topic",
    "encoding",
    "payload_available",
    "payload_not_available",
    "qos",
    "state_topic",
}


def test_root_has_only_known_keys() -> None:
    """An unknown key at the root refuses the whole device; three are asked for."""
    assert DOCUMENT.keys() <= ROOT_KEYS
    assert {"device", "origin", "components"} <= DOCUMENT.keys()


def test_ids_are_unique_and_bear_the_device() -> None:
    """Two beds on one broker share no id; within one, each entity has its own."""
    other = discovery_document(MqttSettings("localhost", device_id="bed_2"))["components"]
    ids = [component["unique_id"] for component in (*COMPONENTS.values(), *other.values())]
    assert len(set(ids)) == len(ids)


@pytest.mark.parametrize("key", COMPONENTS)
def test_component_is_complete(key: str) -> None:
    """Platform, both forms of the entity id, name, topics, availability with mode `all`."""
    component = COMPONENTS[key]
    assert component["default_entity_id"] == f"{component['platform']}.{component['object_id']}"
    assert re.fullmatch(r"[a-z0-9_]+", component["object_id"])
    assert component["name"][0].isupper()
    assert component["availability_mode"] == "all"
    assert {"topic": "osa_daemon/bed_1/availability"} in component["availability"]
    assert "~" not in json.dumps(component)
    known = {f"osa_daemon/bed_1/{topic.suffix}" for topic in topics.TOPICS}
    commands = {f"osa_daemon/bed_1/set/{key}" for key in topics.COMMANDS}
    assert component.get("state_topic", COMPONENTS["status"]["state_topic"]) in known
    assert component.get("command_topic", "osa_daemon/bed_1/set/alerts") in commands
    assert "state_topic" in component or component["platform"] == "button"


def test_what_can_be_set_can_be_set_from_home_assistant() -> None:
    """Each command has one entity; what it shows comes from where commands are answered."""
    setting = [c for c in COMPONENTS.values() if "command_topic" in c]
    keys = [component["command_topic"].rpartition("/")[2] for component in setting]
    assert sorted(keys) == sorted(topics.COMMANDS)
    for component in setting:
        if component["platform"] != "button":
            assert component["state_topic"] == "osa_daemon/bed_1/settings"


def test_choices_and_ranges_are_those_of_the_settings() -> None:
    """The select offers what the setting allows, the number what fits between notice and urgent."""
    rows = {row.key: row for row in catalogue()}
    assert tuple(COMPONENTS["sensitivity"]["options"]) == rows["detection.sensitivity"].choices
    alerts = Alerts(notice_s=25, after_s=30, urgent_s=50)
    settings = mqtt_settings(Mqtt(), alerts=alerts)
    number = discovery_document(settings)["components"]["alert_after"]
    assert (number["min"], number["max"]) == (26, 49)
    Alerts(notice_s=25, after_s=number["min"], urgent_s=50)
    Alerts(notice_s=25, after_s=number["max"], urgent_s=50)


def test_the_device_names_the_computer_where_it_is_known() -> None:
    """Board and serial; what is not known is left out, never null."""
    known = discovery_document(MqttSettings("x", computer="A board", serial="42"))["device"]
    assert (known["hw_version"], known["serial_number"]) == ("A board", "42")
    unknown = discovery_document(MqttSettings("x"))["device"]
    assert not {"hw_version", "serial_number", "sw_version"} & set(unknown)


def test_the_device_leads_to_the_page_where_it_is_reached() -> None:
    """One link, left out where there is no page for others; the schema knows it."""
    url = "https://192.168.1.5:8321/"
    linked = mqtt_settings(Mqtt(), page_url=url)
    assert discovery_document(linked)["device"]["configuration_url"] == url
    assert "configuration_url" not in DOCUMENT["device"]
    known = discovery_schema()["properties"]["device"]["properties"]["configuration_url"]
    assert re.fullmatch(known["pattern"], url)
    assert not re.fullmatch(known["pattern"], "javascript:alert(1)")


def test_what_depends_on_hearing_says_so() -> None:
    """A pause cannot be seen by a daemon that hears nothing; an event may still be on its way."""
    hearing = {"topic": "osa_daemon/bed_1/hearing"}
    needs = {key for key, component in COMPONENTS.items() if hearing in component["availability"]}
    assert needs == {
        "breathing_pause",
        "breathing_audible",
        "breathing_rate",
        "sound_level",
        "noise_floor",
    }


@pytest.mark.parametrize("key", ["microphone_problem", "configuration_problem", "storage_problem"])
def test_a_problem_says_why(key: str) -> None:
    """Its only attribute is the sentence of the topic that gives its state."""
    problem = COMPONENTS[key]
    assert problem["json_attributes_topic"] == problem["state_topic"]
    assert problem["json_attributes_template"] == "{{ {'text': value_json.text} | tojson }}"


def test_sensors_follow_the_rules_that_are_refused_otherwise() -> None:
    """No `config` category on what only shows, no last_reset, units with counters."""
    for component in COMPONENTS.values():
        allowed = (None, "config") if "command_topic" in component else (None, "diagnostic")
        assert component.get("entity_category") in allowed
        assert "last_reset_value_template" not in component
        if component.get("state_class") == "measurement":
            assert component["unit_of_measurement"]


def test_what_changes_by_the_second_or_not_everywhere_is_known_is_off_until_wanted() -> None:
    """The recorder keeps a row for each value; what only a Pi tells is unknown elsewhere."""
    off = {key for key, c in COMPONENTS.items() if c.get("enabled_by_default") is False}
    level = {key for key, c in COMPONENTS.items() if c.get("state_topic", "").endswith("/level")}
    assert level == {"sound_level", "noise_floor"}
    assert off == level | {"temperature", "slowed_down"}


@pytest.mark.parametrize("key", [key for key, c in COMPONENTS.items() if "value_template" in c])
def test_a_template_takes_what_its_payload_has(key: str) -> None:
    """A template that meets a missing key warns: every field it takes is in every payload."""
    component = COMPONENTS[key]
    suffix = component["state_topic"].removeprefix("osa_daemon/bed_1/")
    templates = component["value_template"] + component.get("json_attributes_template", "")
    fields = set(re.findall(r"value_json\.(\w+)", templates))
    assert fields
    assert fields <= payload_of(suffix).keys()


def payload_of(suffix: str) -> dict[str, Any]:
    """A payload of the topic, of the function that makes all of them."""
    night = dict.fromkeys(inspect.signature(payloads.night_payload).parameters)
    now = datetime(2026, 1, 1, tzinfo=UTC)
    made: dict[str, Any] = {
        "status": payloads.status_payload("monitoring", now, None, "0", None),
        "alert": payloads.alert_payload(None, None),
        "breathing": payloads.breathing_payload(None, is_snoring=False),
        "diagnostics": payloads.diagnostics_payload(
            **dict.fromkeys(inspect.signature(payloads.diagnostics_payload).parameters)
        ),
        "level": payloads.level_payload(None, None),
        "last_event": payloads.event_payload(
            Event("1", "apnea", 0.0, 12.0, 0.9, "silent", monitorable=True, truncated=False),
            now,
            now.date(),
            is_durable=True,
        ),
        "settings": {"v": 1, **dict.fromkeys(key for key in topics.COMMANDS)},
        "clips": payloads.clips_payload(
            is_keeping=False, is_encrypted=False, count=0, size=0, oldest=None, problem=None
        ),
        **dict.fromkeys(
            ("problem/microphone", "problem/configuration", "problem/storage"),
            payloads.problem_payload(None),
        ),
        **dict.fromkeys(("night/current", "night/last"), night),
    }
    return made[suffix]


def test_what_an_older_version_announced_is_removed(monkeypatch: pytest.MonkeyPatch) -> None:
    """A component of its platform alone removes it; leaving it out would keep it."""
    monkeypatch.setattr(discovery, "DROPPED", {"snore_score": "sensor"})
    document = discovery_document(SETTINGS)
    assert document["components"]["snore_score"] == {"platform": "sensor"}
    assert document["components"].keys() == COMPONENTS.keys() | {"snore_score"}
    assert not DROPPED.keys() & COMPONENTS.keys()


def test_words_that_a_person_reads() -> None:
    """Names speak of breathing pauses: no alarm, no monitor, no health condition."""
    words = " ".join(component["name"] for component in COMPONENTS.values()).lower()
    for unwanted in ("alarm", "monitor", "apnea", "syndrome", "patient"):
        assert unwanted not in words


def test_same_settings_give_the_same_bytes() -> None:
    """The payload may be sent again at any time without Home Assistant taking it for another."""
    assert discovery_payload(SETTINGS) == discovery_payload(SETTINGS)
    assert discovery_topic(SETTINGS) == "homeassistant/device/bed_1/config"


def test_the_readme_shows_every_entity() -> None:
    """Its table is made of the same rows."""
    table = entities_table()
    assert all(f"| *{entity.name}* | {entity.text} |" in table for entity in ENTITIES)
