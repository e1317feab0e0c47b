"""Home Assistant's discovery: one retained payload describes the device and its entities.

What real versions from 2024.11 to 2026.11 do with such payloads decides its form: an unknown key
at the root refuses the whole device, `default_entity_id` and `object_id` together give the right
entity id everywhere without a warning, and availability needs mode `all`.
"""

import json
from typing import Any, TypeAlias

from osa_daemon.publish import topics
from osa_daemon.publish.entities import DROPPED, ENTITIES, Entity
from osa_daemon.publish.mqtt_settings import MqttSettings
from osa_daemon.publish.topics import Topic
from osa_daemon.settings.catalogue import Setting, catalogue

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
    if settings.computer:
        device["hw_version"] = settings.computer
    if settings.serial:
        device["serial_number"] = settings.serial
    if settings.area:
        device["suggested_area"] = settings.area
    if settings.configuration_url:
        device["configuration_url"] = settings.configuration_url
    origin = {"name": NAME}
    if settings.version:
        origin["sw_version"] = settings.version
    return {"device": device, "origin": origin, "components": _components(settings), "qos": 1}


def _components(settings: MqttSettings) -> Document:
    """Every entity of this version, and what removes those of older ones."""
    gone = {key: {"platform": platform} for key, platform in DROPPED.items()}
    return {entity.key: _component(settings, entity) for entity in ENTITIES} | gone


def _component(settings: MqttSettings, entity: Entity) -> Document:
    """One entity as Home Assistant takes it; `object_id` is for versions before 2025.10."""
    object_id = f"{settings.device_id}_{entity.key}"
    component: Document = {
        "platform": entity.platform,
        "unique_id": f"{NAME}_{object_id}",
        "default_entity_id": f"{entity.platform}.{object_id}",
        "object_id": object_id,
        "name": entity.name,
        **_available(settings, NEEDS_HEARING if entity.hears else DAEMON_ONLY),
    }
    if entity.topic is not None:
        component["state_topic"] = settings.topic(entity.topic.suffix)
    if entity.value is not None:
        component["value_template"] = entity.value
    if entity.command is not None:
        component["command_topic"] = f"{settings.root}/set/{entity.command}"
    if entity.platform in ("binary_sensor", "switch"):
        component |= {"payload_on": "ON", "payload_off": "OFF"}
    if entity.platform == "button":
        component["payload_press"] = "PRESS"
    if entity.platform == "select":
        component["options"] = list(_setting(entity).choices)
    if entity.platform == "number":
        component |= dict(zip(("min", "max"), settings.alert_after_range, strict=True))
    return component | {key: _named(settings, value) for key, value in entity.more.items()}


def _setting(entity: Entity) -> Setting:
    """The setting whose choices a select offers: it bears the same name."""
    return next(row for row in catalogue() if row.key.rpartition(".")[2] == entity.command)


def _named(settings: MqttSettings, value: Any) -> Any:
    return settings.topic(value.suffix) if isinstance(value, Topic) else value


def _available(settings: MqttSettings, needed: tuple[Topic, ...]) -> Document:
    """Availability by all of the topics in `needed`; the default mode `latest` would lie."""
    return {
        "availability": [{"topic": settings.topic(topic.suffix)} for topic in needed],
        "availability_mode": "all",
    }
