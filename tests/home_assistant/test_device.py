"""The device payload in Home Assistant: every entity, with a valid state, and no complaint."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml
from homeassistant.const import STATE_UNAVAILABLE, STATE_UNKNOWN
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry, entity_registry
from pytest_homeassistant_custom_component.common import async_fire_mqtt_message

from osa_daemon.publish import discovery, payloads, topics
from osa_daemon.publish.discovery import discovery_document, discovery_topic
from osa_daemon.publish.entities import ENTITIES
from osa_daemon.scoring.event import Event
from tests.home_assistant.conftest import SETTINGS, Tell

NOW = datetime(2026, 3, 1, 23, 0, tzinfo=UTC)
DASHBOARD = Path(__file__).parents[2] / "config" / "home_assistant" / "dashboard.yaml"
IDS = {entity.key: f"{entity.platform}.bedside_{entity.key}" for entity in ENTITIES}
VALUES = {"sensitivity": "high", "alert_after_s": 35, "alerts": True, "monitoring": False}
NIGHT = {
    "v": 1, "night": "2026-03-01", "events": 7, "apneas": 5, "hypopneas": 2, "index": 3.5,
    "index_reason": None, "longest_apnea_s": 24.5, "monitorable_s": 7300, "monitorable_share": 0.55,
    "snoring_share": 0.1, "breathing_rate_bpm": 14.0, "started": NOW.isoformat(),
    "updated": NOW.isoformat(),
}  # fmt: skip
DIAGNOSTICS = {
    "v": 1, "cpu_share": 0.021, "memory_mb": 118, "overruns": 0, "outbox": 0, "temperature_c": 50,
    "throttled": "no", "model_version": "0123", "events_last_hour": 2, "average_14_nights": 4.2,
}  # fmt: skip
CLIPS = payloads.clips_payload(
    is_keeping=True, is_encrypted=True, count=3, size=1_900_000, oldest=NOW, problem=None
)

OFF = ("sound_level", "noise_floor", "temperature", "slowed_down")  # until they are wanted

pytestmark = pytest.mark.usefixtures("device")


def event_payload() -> dict[str, Any]:
    """A decided event."""
    event = Event("id-1", "apnea", 1.0, 24.5, 0.9, "silent", monitorable=True, truncated=False)
    return payloads.event_payload(event, NOW, NOW.date(), is_durable=True)


async def tell_everything(tell: Tell) -> None:
    """A value for every topic."""
    await tell("apnea", "OFF")
    await tell("breathing_audible", "ON")
    await tell("alert", payloads.alert_payload(None, None))
    await tell("event", event_payload())
    await tell("last_event", event_payload())
    await tell("breathing", payloads.breathing_payload(14.2, is_snoring=False))
    await tell("night/current", NIGHT)
    await tell("night/last", NIGHT)
    await tell("diagnostics", DIAGNOSTICS)
    await tell("settings", {"v": 1, **VALUES, "bed_presence": None})
    await tell("clips", CLIPS)
    await tell("status", payloads.status_payload("monitoring", NOW, None, "0.1.0", "0123"))
    for name in ("microphone", "configuration", "storage"):
        await tell(f"problem/{name}", payloads.problem_payload(None))


def state(hass: HomeAssistant, key: str) -> str:
    """The state of an entity by the key of its row."""
    found = hass.states.get(IDS[key])
    assert found is not None, key
    return found.state


async def test_every_entity_appears_under_its_name(hass: HomeAssistant):
    """One device, an entity for each row under the id that stands in it, two of them off."""
    registry = entity_registry.async_get(hass)
    (device,) = device_registry.async_get(hass).devices.values()
    assert (device.name, device.sw_version) == ("Bedside", "0.1.0 (detector 0123)")
    assert (device.hw_version, device.serial_number) == ("Pi", "42")
    assert device.configuration_url == "https://192.168.1.5:8321/"  # of the daemon's own page
    entries = entity_registry.async_entries_for_device(registry, device.id, True)
    assert sorted(entry.entity_id for entry in entries) == sorted(IDS.values())
    off = {entry.entity_id for entry in entries if entry.disabled_by is not None}
    assert off == {IDS[key] for key in OFF}


async def test_every_entity_has_a_valid_state(
    hass: HomeAssistant, tell: Tell, caplog: pytest.LogCaptureFixture
):
    """None is unavailable or unknown once everything was told, and nothing is complained of."""
    await tell_everything(tell)
    silent = {*OFF, "acknowledge", "test_alert", "delete_clips", "in_bed"}
    for key in IDS.keys() - silent:
        assert state(hass, key) not in (STATE_UNAVAILABLE, STATE_UNKNOWN), key
    assert state(hass, "in_bed") == STATE_UNKNOWN
    told = {
        "breathing_pause": "off", "events_tonight": "7", "index_tonight": "3.5",
        "monitorable_tonight": "55", "snoring_last_night": "10", "cpu_share": "2",
        "last_event": NOW.isoformat(), "last_event_duration": "24.5", "sensitivity": "high",
        "alert_after": "35", "alerts": "on", "monitoring": "off", "status": "monitoring",
        "microphone_problem": "off", "average_14_nights": "4.2", "breathing_rate": "14.2",
        "keeps_sound": "on", "clips": "3",
    }  # fmt: skip
    assert {key: state(hass, key) for key in told} == told
    assert complaints(caplog) == []


async def test_what_is_not_known_is_unknown(
    hass: HomeAssistant, tell: Tell, caplog: pytest.LogCaptureFixture
):
    """Null in any field, or a pause that cannot be told, is unknown and no error."""
    await tell_everything(tell)
    await tell("apnea", "None")
    await tell("night/current", NIGHT | dict.fromkeys(("index", "monitorable_share"), None))
    await tell("breathing", payloads.breathing_payload(None, is_snoring=False))
    await tell("diagnostics", dict.fromkeys(DIAGNOSTICS))
    for key in ("breathing_pause", "index_tonight", "monitorable_tonight", "breathing_rate",
                "cpu_share", "memory", "average_14_nights"):  # fmt: skip
        assert state(hass, key) == STATE_UNKNOWN, key
    assert complaints(caplog) == []


def complaints(caplog: pytest.LogCaptureFixture) -> list[str]:
    """Warnings and errors that speak of MQTT or of the device."""
    return [
        record.getMessage()
        for record in caplog.records
        if record.levelname in ("WARNING", "ERROR")
        and ("mqtt" in record.name or "bedside" in record.getMessage())
    ]


async def test_a_deaf_daemon_is_not_taken_for_a_quiet_sleeper(hass: HomeAssistant, tell: Tell):
    """What depends on hearing goes; the microphone problem stays, and says why."""
    await tell_everything(tell)
    await tell("hearing", "offline")
    await tell("problem/microphone", payloads.problem_payload("It is gone."))
    for key in ("breathing_pause", "breathing_audible", "breathing_rate"):
        assert state(hass, key) == STATE_UNAVAILABLE
    assert state(hass, "microphone_problem") == "on"
    problem = hass.states.get(IDS["microphone_problem"])
    assert problem is not None
    assert problem.attributes["text"] == "It is gone."
    assert state(hass, "events_tonight") == "7"


async def test_a_stranger_s_text_is_not_evaluated(hass: HomeAssistant, tell: Tell):
    """A refused command is quoted in the problem's text: templates in it are shown, not run."""
    text = "alerts.after_s is {{ 7 * 7 }} {% raw %} ' \" }} , but must be a whole number."
    await tell("problem/configuration", payloads.problem_payload(text))
    found = hass.states.get(IDS["configuration_problem"])
    assert found is not None
    assert (found.state, found.attributes["text"]) == ("on", text)


async def test_a_daemon_that_ends_takes_everything_with_it(hass: HomeAssistant, tell: Tell):
    """`offline`, the last will, makes every entity unavailable though hearing says online."""
    await tell_everything(tell)
    await tell("availability", "offline")
    shown = [hass.states.get(entity_id) for entity_id in IDS.values()]
    assert {found.state for found in shown if found is not None} == {STATE_UNAVAILABLE}


async def test_an_event_is_told_with_its_times(hass: HomeAssistant, tell: Tell):
    """Type and own times are attributes of the event entity."""
    await tell("event", event_payload())
    found = hass.states.get(IDS["respiratory_event"])
    assert found is not None
    assert found.attributes["event_type"] == "apnea"
    assert found.attributes["id"] == "id-1"
    assert found.attributes["onset"] == event_payload()["onset"]


@pytest.mark.parametrize(
    ("key", "service", "data", "payload"),
    [
        ("sensitivity", "select_option", {"option": "low"}, "low"),
        ("alert_after", "set_value", {"value": 40}, "40"),
        ("monitoring", "turn_on", {}, "ON"),
        ("alerts", "turn_off", {}, "OFF"),
        ("in_bed", "turn_on", {}, "ON"),
        ("acknowledge", "press", {}, "PRESS"),
        ("test_alert", "press", {}, "PRESS"),
        ("delete_clips", "press", {}, "PRESS"),
    ],
)
async def test_a_change_from_bed_becomes_a_command(
    hass: HomeAssistant,
    tell: Tell,
    mqtt_mock: Any,
    key: str,
    service: str,
    data: dict[str, Any],
    payload: str,
):
    """What is pressed or chosen is sent as the daemon takes it; the state waits for the echo."""
    await tell_everything(tell)
    (entity,) = [entity for entity in ENTITIES if entity.key == key]
    before = state(hass, key)
    mqtt_mock.async_publish.reset_mock()
    call = {"entity_id": IDS[key], **data}
    await hass.services.async_call(entity.platform, service, call, blocking=True)
    (sent,) = mqtt_mock.async_publish.call_args_list
    assert sent.args[:2] == (SETTINGS.topic(f"set/{entity.command}"), payload)
    assert sent.args[3] is False, "a retained command would come again with every connection"
    assert entity.platform == "button" or state(hass, key) == before


async def test_bed_presence_is_shown_as_it_is(hass: HomeAssistant, tell: Tell):
    """On, off, and unknown again."""
    for value, shown in ((True, "on"), (False, "off"), (None, STATE_UNKNOWN)):
        await tell("settings", {"v": 1, **VALUES, "bed_presence": value})
        assert state(hass, "in_bed") == shown


async def test_an_entity_that_a_new_version_drops_goes(
    hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch
):
    """Sent with its platform alone, it is taken off; the others stay."""
    document = discovery_document(SETTINGS)
    del document["components"]["overruns"]
    monkeypatch.setattr(discovery, "DROPPED", {"overruns": "sensor"})
    document["components"]["overruns"] = {"platform": "sensor"}
    async_fire_mqtt_message(hass, discovery_topic(SETTINGS), json.dumps(document))
    await hass.async_block_till_done()
    assert hass.states.get(IDS["overruns"]) is None
    assert hass.states.get(IDS["status"]) is not None


def test_the_dashboard_shows_entities_that_there_are():
    """Each entity id in it is that of a row, and each topic's main figures are on it."""
    shown = set(_entities_in(yaml.safe_load(DASHBOARD.read_text())))
    assert shown <= set(IDS.values())
    for key in ("breathing_pause", "alert", "events_tonight", "index_tonight", "acknowledge"):
        assert IDS[key] in shown
    assert topics.ALERT in {entity.topic for entity in ENTITIES}


def _entities_in(part: Any) -> list[str]:
    """Every entity id in a part of a dashboard."""
    if isinstance(part, str):
        return [part] if part.partition(".")[0] in {e.platform for e in ENTITIES} else []
    if isinstance(part, dict):
        inside = [v for k, v in part.items() if k in ("views", "cards", "card", "conditions",
                                                       "entities", "entity")]  # fmt: skip
        return [found for value in inside for found in _entities_in(value)]
    return [found for value in part for found in _entities_in(value)] if part else []
