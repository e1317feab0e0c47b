"""JSON schema (draft 07) of Home Assistant's device payload as this daemon makes it."""

from typing import Any, TypeAlias, get_args

from osa_daemon.publish.discovery import NAME
from osa_daemon.publish.entities import DROPPED, ENTITIES, Platform

Schema: TypeAlias = dict[str, Any]

_TEXT: Schema = {"type": "string", "minLength": 1}
_TEXTS: Schema = {"type": "array", "items": _TEXT, "minItems": 1}
_URL: Schema = {"type": "string", "pattern": "^https?://[^ ]+$"}
_FLAG: Schema = {"type": "boolean"}
_COUNT: Schema = {"type": "integer", "minimum": 0}
_TOPIC: Schema = {"type": "string", "pattern": "^[^#+]+$"}
_ID: Schema = {"type": "string", "pattern": "^[a-z0-9_]+$"}
_TEMPLATE: Schema = {"type": "string", "pattern": r"^\{\{ .+ \}\}$"}


def discovery_schema() -> Schema:
    """The device payload: all entities of this version, by key, and no other."""
    entities = {entity.key: {"$ref": _named("entity")} for entity in ENTITIES}
    gone = {key: {"$ref": _named("removed_entity")} for key in DROPPED}
    return _object(
        "The device and its entities, as Home Assistant's MQTT discovery takes them.",
        {
            "device": _device(),
            "origin": _object("What announces it.", {"name": {"const": NAME}}, sw_version=_TEXT),
            "components": _object("The entities.", entities | gone),
            "qos": {"const": 1},
        },
    )


def entity_schema() -> Schema:
    """One entity. Which keys it has beside those of all depends on its platform."""
    return _object(
        "One entity.",
        {
            "platform": {"type": "string", "enum": list(get_args(Platform))},
            "unique_id": _ID,
            "default_entity_id": {"type": "string", "pattern": r"^[a-z_]+\.[a-z0-9_]+$"},
            "object_id": _ID,
            "name": _TEXT,
            "availability": {
                "type": "array",
                "items": _object("Where `online` or `offline` stands.", {"topic": _TOPIC}),
                "minItems": 1,
            },
            "availability_mode": {"const": "all"},
        },
        **_more(),
    )


def removed_entity_schema() -> Schema:
    """What makes Home Assistant remove an entity of an older version."""
    platforms = {"type": "string", "enum": list(get_args(Platform))}
    return _object("An entity that is removed.", {"platform": platforms})


def _device() -> Schema:
    return _object(
        "The device.",
        {
            "identifiers": {"type": "array", "items": _ID, "minItems": 1},
            "name": _TEXT,
            "manufacturer": {"const": NAME},
            "model": _TEXT,
        },
        sw_version=_TEXT,
        hw_version=_TEXT,
        serial_number=_TEXT,
        suggested_area=_TEXT,
        configuration_url=_URL,
    )


def _more() -> dict[str, Schema]:
    return {
        "state_topic": _TOPIC,
        "value_template": _TEMPLATE,
        "command_topic": _TOPIC,
        "json_attributes_topic": _TOPIC,
        "json_attributes_template": _TEMPLATE,
        "payload_on": {"const": "ON"},
        "payload_off": {"const": "OFF"},
        "payload_press": {"const": "PRESS"},
        "options": _TEXTS,
        "event_types": _TEXTS,
        "min": {"type": "number"},
        "max": {"type": "number"},
        "step": {"type": "number"},
        "mode": {"type": "string", "enum": ["auto", "box", "slider"]},
        "device_class": _TEXT,
        "state_class": {"type": "string", "enum": ["measurement", "total_increasing"]},
        "unit_of_measurement": _TEXT,
        "suggested_display_precision": _COUNT,
        "enabled_by_default": _FLAG,
        "entity_category": {"type": "string", "enum": ["config", "diagnostic"]},
        "icon": {"type": "string", "pattern": "^mdi:[a-z0-9-]+$"},
    }


def _object(about: str, required: dict[str, Schema], **optional: Schema) -> Schema:
    return {
        "type": "object",
        "description": about,
        "required": list(required),
        "additionalProperties": False,
        "properties": required | optional,
    }


def _named(name: str) -> str:
    return f"#/components/schemas/{name}"
