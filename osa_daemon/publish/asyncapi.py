"""The AsyncAPI 3 document of all topics and payloads, made from what the publisher itself uses.

`send` and `receive` are seen from the daemon.
"""

from collections.abc import Mapping
from typing import Any, TypeAlias

import yaml

from osa_daemon.publish import topics
from osa_daemon.publish.discovery import birth_topic, discovery_topic
from osa_daemon.publish.discovery_schema import (
    discovery_schema,
    entity_schema,
    removed_entity_schema,
)
from osa_daemon.publish.entities import DROPPED
from osa_daemon.publish.mqtt_settings import MqttSettings
from osa_daemon.publish.payload_examples import (
    Examples,
    command_examples,
    discovery_example,
    state_examples,
)
from osa_daemon.publish.payload_schemas import Schema, command_schema, state_schemas
from osa_daemon.publish.topics import Topic
from osa_daemon.settings.catalogue import find_setting

Document: TypeAlias = dict[str, Any]

FILE_NAME = "asyncapi.yaml"
BINDING_VERSION = "0.2.0"  # of the MQTT bindings of AsyncAPI 3.0
# the parameters of addresses; braces are not allowed in a device id: see `_parametric`
_NAMES = MqttSettings(
    host="localhost",
    base_topic="{base}",
    device_id="device_id",
    discovery_prefix="{discovery_prefix}",
)
_HEAD = """\
# All MQTT topics and payloads of osa_daemon, as an AsyncAPI 3 document. Written by
# scripts/generate_config.py from osa_daemon/publish/: change it there.
"""
_ABOUT = (
    "What osa_daemon tells over MQTT, and what it can be told. Payloads are UTF-8. A JSON object "
    "always has all its keys: what is not known is null. Times carry their offset from UTC. The "
    "daemon speaks MQTT 5 and keeps no session at the broker. It hears pauses in breathing sound "
    "and is not intended to diagnose, treat, or aid in the management of sleep apnea; the absence "
    "of a notification does not mean the absence of apnea; not for infants."
)
_ANSWERED = (
    "Answered on `settings` with what is so then, also where nothing changed. Where it is refused, "
    "`problem/configuration` says why in a sentence, for a minute."
)

# topic → message; topics of one form share it
MESSAGE_OF: Mapping[Topic, str] = {
    topics.AVAILABILITY: "availability",
    topics.STATUS: "status",
    topics.HEARING: "availability",
    topics.APNEA: "apnea",
    topics.BREATHING_AUDIBLE: "breathing_audible",
    topics.ALERT: "alert",
    topics.EVENT: "event",
    topics.LAST_EVENT: "event",
    topics.NIGHT_CURRENT: "night",
    topics.NIGHT_LAST: "night",
    topics.BREATHING: "breathing",
    topics.DIAGNOSTICS: "diagnostics",
    topics.LEVEL: "level",
    topics.PROBLEM_MICROPHONE: "problem",
    topics.PROBLEM_CONFIGURATION: "problem",
    topics.PROBLEM_STORAGE: "problem",
    topics.SETTINGS: "settings",
    topics.CLIPS: "clips",
}


def asyncapi_file(version: str, setting_of: Mapping[str, str]) -> str:
    """The document as YAML; arguments as for `asyncapi_document`."""
    document = asyncapi_document(version, setting_of)
    text: str = yaml.dump(
        document, Dumper=_Plain, sort_keys=False, allow_unicode=True, width=98, indent=2
    )
    return _HEAD + text


def asyncapi_document(version: str, setting_of: Mapping[str, str]) -> Document:
    """The document of daemon `version`; `setting_of`: key of a command → what it overrides."""
    told = [topic for topic in topics.TOPICS if topic != topics.SET]
    channels = {_name(topic.suffix): _state_channel(topic) for topic in told}
    channels |= {_command(key): _command_channel(key) for key in topics.COMMANDS}
    operations = {f"send_{_name(topic.suffix)}": _sending(topic) for topic in told}
    operations |= {f"receive_{_command(key)}": _receiving(key) for key in topics.COMMANDS}
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "osa_daemon over MQTT",
            "version": version,
            "description": _ABOUT,
            "license": {"name": "MIT"},
        },
        "defaultContentType": "application/json",
        "servers": {"plain": _server("mqtt", "1883"), "encrypted": _server("mqtts", "8883")},
        "channels": channels | _home_assistant_channels(),
        "operations": operations | _home_assistant_operations(),
        "components": {
            "serverBindings": {"broker": {"mqtt": _session()}},
            "parameters": _parameters(),
            "messages": _messages(version, setting_of),
            "schemas": _schemas(setting_of),
        },
    }


class _Plain(yaml.SafeDumper):
    """Writes what occurs twice twice: not every reader of AsyncAPI knows YAML's anchors."""

    def ignore_aliases(self, data: object) -> bool:  # noqa: ARG002 asked of every value
        """All of them."""
        return True


def _name(suffix: str) -> str:
    return suffix.replace("/", "_")


def _command(key: str) -> str:
    return f"set_{key}"


def _server(protocol: str, port: str) -> Document:
    return {
        "host": "{host}:{port}",
        "protocol": protocol,
        "protocolVersion": "5.0",
        "description": "The broker; user name, password and client certificate where it asks.",
        "variables": {
            "host": {"default": "localhost", "description": "`mqtt.host`"},
            "port": {"default": port, "description": "`mqtt.port`"},
        },
        "bindings": {"$ref": "#/components/serverBindings/broker"},
    }


def _session() -> Document:
    """How the daemon connects, the last will with it."""
    will = topics.AVAILABILITY
    return {
        "clientId": _parametric(_NAMES.client_name),
        "cleanSession": True,
        "keepAlive": find_setting("mqtt.keepalive_s").default,
        "lastWill": {
            "topic": _address(will.suffix),
            "qos": will.qos,
            "message": topics.OFFLINE,
            "retain": will.is_retained,
        },
        "bindingVersion": BINDING_VERSION,
    }


def _parameters() -> Document:
    def of(setting: str) -> Document:
        row = find_setting(setting)
        return {"default": row.default, "description": f"`{setting}`: {row.about.text}"}

    return {
        "base": of("mqtt.base_topic"),
        "device_id": of("mqtt.device_id"),
        "discovery_prefix": of("mqtt.discovery_prefix"),
    }


def _schemas(setting_of: Mapping[str, str]) -> dict[str, Schema]:
    commands = {_command(key): command_schema(key, setting_of) for key in topics.COMMANDS}
    birth = {
        "type": "string",
        "enum": [topics.ONLINE, topics.OFFLINE],
        "description": "Whether Home Assistant runs.",
    }
    gone = {"removed_entity": removed_entity_schema()} if DROPPED else {}
    discovery = {"discovery": discovery_schema(), "entity": entity_schema(), **gone}
    return {**state_schemas(setting_of), **commands, **discovery, "birth": birth}


def _messages(version: str, setting_of: Mapping[str, str]) -> Document:
    schemas = _schemas(setting_of)
    examples: dict[str, Examples] = state_examples(version, setting_of)
    examples |= {_command(key): command_examples(key, setting_of) for key in topics.COMMANDS}
    examples["discovery"] = {"defaults": discovery_example(version)}
    examples["birth"] = {"started": topics.ONLINE, "stopped": topics.OFFLINE}
    return {name: _message(name, schemas[name], made) for name, made in examples.items()}


def _message(name: str, schema: Schema, examples: Examples) -> Document:
    is_text = schema["type"] == "string"
    return {
        "name": name,
        "contentType": "text/plain" if is_text else "application/json",
        "summary": schema["description"],
        "payload": {"$ref": f"#/components/schemas/{name}"},
        "examples": [{"name": key, "payload": made} for key, made in examples.items()],
    }


def _state_channel(topic: Topic) -> Document:
    words = []
    if topic.min_interval_s:
        words.append(f"Changes are told at most every {topic.min_interval_s:.0f} s.")
    if topic.expiry_s is not None:
        words.append(f"Vanishes {topic.expiry_s} s after it was told last.")
    return _channel(_address(topic.suffix), topic.description, MESSAGE_OF[topic], " ".join(words))


def _command_channel(key: str) -> Document:
    address = _address(topics.SET.suffix.replace("+", key))
    return _channel(address, "a command; not to be retained", _command(key))


def _home_assistant_channels() -> Document:
    return {
        "discovery": _channel(
            _parametric(discovery_topic(_NAMES)),
            "the device and its entities, for Home Assistant",
            "discovery",
            "Told on every connection, and again some seconds after Home Assistant has started.",
        ),
        "birth": _channel(
            _parametric(birth_topic(_NAMES)),
            "whether Home Assistant runs",
            "birth",
            "When it has started, everything retained that does not expire is told again.",
        ),
    }


def _channel(address: str, summary: str, message: str, description: str = "") -> Document:
    named = [name for name in ("base", "device_id", "discovery_prefix") if f"{{{name}}}" in address]
    return {
        "address": address,
        "summary": summary,
        **({"description": description} if description else {}),
        "messages": {message: {"$ref": f"#/components/messages/{message}"}},
        "parameters": {name: {"$ref": f"#/components/parameters/{name}"} for name in named},
    }


def _sending(topic: Topic) -> Document:
    return _operation(
        "send",
        _name(topic.suffix),
        MESSAGE_OF[topic],
        qos=topic.qos,
        is_retained=topic.is_retained,
        expiry_s=topic.expiry_s,
    )


def _receiving(key: str) -> Document:
    """A command and its answer."""
    channel = _command(key)
    asked = _operation(
        "receive", channel, channel, qos=topics.SET.qos, is_retained=topics.SET.is_retained
    )
    answered = _name(topics.SETTINGS.suffix)
    shown = {"acknowledge": "alert", "test_alert": "alert", "delete_clips": "clips"}.get(key)
    raised = "" if shown is None else f" What it does shows on `{shown}`."
    return asked | {
        "description": f"{_ANSWERED}{raised}",
        "reply": {
            "channel": {"$ref": f"#/channels/{answered}"},
            "messages": [_message_of(answered, MESSAGE_OF[topics.SETTINGS])],
        },
    }


def _home_assistant_operations() -> Document:
    return {
        "send_discovery": _operation("send", "discovery", "discovery", qos=1, is_retained=True),
        "receive_birth": _operation("receive", "birth", "birth", qos=1, is_retained=False),
    }


def _operation(
    action: str,
    channel: str,
    message: str,
    *,
    qos: int,
    is_retained: bool,
    expiry_s: int | None = None,
) -> Document:
    expiry = {} if expiry_s is None else {"messageExpiryInterval": expiry_s}
    binding = {"qos": qos, "retain": is_retained, **expiry, "bindingVersion": BINDING_VERSION}
    return {
        "action": action,
        "channel": {"$ref": f"#/channels/{channel}"},
        "messages": [_message_of(channel, message)],
        "bindings": {"mqtt": binding},
    }


def _message_of(channel: str, message: str) -> Document:
    return {"$ref": f"#/channels/{channel}/messages/{message}"}


def _address(suffix: str) -> str:
    return _parametric(_NAMES.topic(suffix))


def _parametric(name: str) -> str:
    """A name that was made for `_NAMES`, with the parameter in place of the device."""
    return name.replace(_NAMES.device_id, "{device_id}")
