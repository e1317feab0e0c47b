"""Home Assistant's discovery: one retained payload describes the device and its entities.

What real versions from 2024.11 to 2026.11 do with such payloads decides its form: an unknown key
at the root refuses the whole device, `default_entity_id` and `object_id` together give the right
entity id everywhere without a warning, and availability needs mode `all`.
"""

import json
from typing import Any, TypeAlias

from osa_daemon.publish import topics
from osa_daemon.publish.mqtt_settings import MqttSettings
from osa_daemon.publish.payloads import DAEMON_STATES
from osa_daemon.publish.topics import Topic

Document: TypeAlias = dict[str, Any]

NAME = "osa_daemon"
DAEMON_ONLY = (topics.AVAILABILITY,)
NEEDS_HEARING = (topics.AVAILABILITY, topics.HEARING)


def discovery_topic(settings: MqttSettings) -> str:
    """Where Home Assistant looks for the device."""
    return f"{settings.discovery_prefix}/device/{settings.device_id}/config"


def birth_topic(settings: MqttSettings) -> str:
    """Where Home Assistant says that it has started."""
    return f"{settings.discovery_prefix}/status"


def discovery_payload(settings: MqttSettings) -> str:
    """The device payload as JSON, the same bytes for the same settings."""
    return json.dumps(discovery_document(settings), ensure_ascii=False, separators=(",", ":"))


def discovery_document(settings: MqttSettings) -> Document:
    """The device payload before it is encoded."""
    device: Document = {
        "identifiers": [f"{NAME}_{settings.device_id}"],
        "name": settings.device_name,
        "manufacturer": NAME,
        "model": "Bedside breathing sound",
    }
    if settings.version:
        detector = f" (detector {settings.model})" if settings.model else ""
        device["sw_version"] = f"{settings.version}{detector}"
    if settings.area:
        device["suggested_area"] = settings.area
    origin = {"name": NAME}
    if settings.version:
        origin["sw_version"] = settings.version
    return {"device": device, "origin": origin, "components": _components(settings), "qos": 1}


def _components(settings: MqttSettings) -> Document:
    return {
        "breathing_pause": _pause(settings),
        "respiratory_event": _event(settings),
        "events_tonight": _events_tonight(settings),
        "index_tonight": _index_tonight(settings),
        "last_event_duration": _last_event_duration(settings),
        "microphone_problem": _microphone_problem(settings),
        "status": _status(settings),
    }


def _pause(settings: MqttSettings) -> Document:
    return {
        **_entity(
            settings,
            "binary_sensor",
            "breathing_pause",
            "Breathing pause in progress",
            topics.APNEA,
        ),
        **_available(settings, NEEDS_HEARING),
        "payload_on": "ON",
        "payload_off": "OFF",
        "icon": "mdi:pause-circle-outline",
    }


def _event(settings: MqttSettings) -> Document:
    """Decided 20 to 50 s late: an event may come when hearing has gone, and must not be lost."""
    return {
        **_entity(settings, "event", "respiratory_event", "Respiratory event", topics.EVENT),
        **_available(settings, DAEMON_ONLY),
        "event_types": ["apnea", "hypopnea"],
        "icon": "mdi:weather-windy",
    }


def _events_tonight(settings: MqttSettings) -> Document:
    return {
        **_entity(
            settings,
            "sensor",
            "events_tonight",
            "Respiratory events tonight",
            topics.NIGHT_CURRENT,
        ),
        **_available(settings, DAEMON_ONLY),
        "value_template": "{{ value_json.events }}",
        "state_class": "total_increasing",
        "unit_of_measurement": "events",
        "icon": "mdi:counter",
    }


def _index_tonight(settings: MqttSettings) -> Document:
    return {
        **_entity(
            settings,
            "sensor",
            "index_tonight",
            "Estimated events per hour tonight",
            topics.NIGHT_CURRENT,
        ),
        **_available(settings, DAEMON_ONLY),
        "value_template": "{{ value_json.index }}",
        "state_class": "measurement",
        "unit_of_measurement": "events/h",
        "suggested_display_precision": 1,
        "icon": "mdi:chart-bell-curve",
    }


def _last_event_duration(settings: MqttSettings) -> Document:
    return {
        **_entity(
            settings, "sensor", "last_event_duration", "Last event duration", topics.LAST_EVENT
        ),
        **_available(settings, DAEMON_ONLY),
        "value_template": "{{ value_json.duration_s }}",
        "device_class": "duration",
        "unit_of_measurement": "s",
        "suggested_display_precision": 0,
    }


def _microphone_problem(settings: MqttSettings) -> Document:
    """Its attribute `text` says what to do; no other, so that only a change makes a new row."""
    return {
        **_entity(
            settings,
            "binary_sensor",
            "microphone_problem",
            "Microphone problem",
            topics.PROBLEM_MICROPHONE,
        ),
        **_available(settings, DAEMON_ONLY),
        "value_template": "{{ value_json.state }}",
        "payload_on": "ON",
        "payload_off": "OFF",
        "json_attributes_topic": settings.topic(topics.PROBLEM_MICROPHONE.suffix),
        "json_attributes_template": "{{ {'text': value_json.text} | tojson }}",
        "device_class": "problem",
        "entity_category": "diagnostic",
    }


def _status(settings: MqttSettings) -> Document:
    return {
        **_entity(settings, "sensor", "status", "Status", topics.STATUS),
        **_available(settings, DAEMON_ONLY),
        "value_template": "{{ value_json.state }}",
        "device_class": "enum",
        "options": list(DAEMON_STATES),
        "entity_category": "diagnostic",
    }


def _entity(settings: MqttSettings, platform: str, key: str, name: str, topic: Topic) -> Document:
    """What every component has; `object_id` is for versions before 2025.10."""
    object_id = f"{settings.device_id}_{key}"
    return {
        "platform": platform,
        "unique_id": f"{NAME}_{object_id}",
        "default_entity_id": f"{platform}.{object_id}",
        "object_id": object_id,
        "name": name,
        "state_topic": settings.topic(topic.suffix),
    }


def _available(settings: MqttSettings, needed: tuple[Topic, ...]) -> Document:
    """Availability by all of the topics in `needed`; the default mode `latest` would lie."""
    return {
        "availability": [{"topic": settings.topic(topic.suffix)} for topic in needed],
        "availability_mode": "all",
    }
