"""Home Assistant's device payload: what its versions from 2024.11 to 2026.11 ask for."""

import json
import re

import pytest

from osa_daemon.publish.discovery import discovery_document, discovery_payload, discovery_topic
from osa_daemon.publish.mqtt_settings import MqttSettings

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
    """Platform, both forms of the entity id, name, topic, availability with mode `all`."""
    component = COMPONENTS[key]
    assert component["default_entity_id"] == f"{component['platform']}.{component['object_id']}"
    assert re.fullmatch(r"[a-z0-9_]+", component["object_id"])
    assert component["name"][0].isupper()
    assert component["state_topic"].startswith("osa_daemon/bed_1/")
    assert component["availability_mode"] == "all"
    assert {"topic": "osa_daemon/bed_1/availability"} in component["availability"]
    assert "~" not in json.dumps(component)


def test_what_depends_on_hearing_says_so() -> None:
    """A pause cannot be seen by a daemon that hears nothing; an event may still be on its way."""
    hearing = {"topic": "osa_daemon/bed_1/hearing"}
    needs = {key for key, component in COMPONENTS.items() if hearing in component["availability"]}
    assert needs == {"breathing_pause"}


def test_the_microphone_problem_says_why() -> None:
    """Its only attribute is the sentence of the topic that gives its state."""
    problem = COMPONENTS["microphone_problem"]
    assert problem["json_attributes_topic"] == problem["state_topic"]
    assert problem["json_attributes_template"] == "{{ {'text': value_json.text} | tojson }}"


def test_sensors_follow_the_rules_that_are_refused_otherwise() -> None:
    """No `config` category on what only shows, no last_reset, units with state classes."""
    for component in COMPONENTS.values():
        assert component.get("entity_category") in (None, "diagnostic")
        assert "last_reset_value_template" not in component
        if "state_class" in component:
            assert component["unit_of_measurement"]


def test_words_that_a_person_reads() -> None:
    """Names speak of breathing pauses: no alarm, no monitor, no health condition."""
    words = " ".join(component["name"] for component in COMPONENTS.values()).lower()
    for unwanted in ("alarm", "monitor", "apnea", "syndrome", "patient"):
        assert unwanted not in words


def test_same_settings_give_the_same_bytes() -> None:
    """The payload may be sent again at any time without Home Assistant taking it for another."""
    assert discovery_payload(SETTINGS) == discovery_payload(SETTINGS)
    assert discovery_topic(SETTINGS) == "homeassistant/device/bed_1/config"
