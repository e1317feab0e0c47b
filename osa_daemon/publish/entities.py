"""What Home Assistant shows of one device: a row for each entity, in the order that people read.

Names speak of breathing pauses; no health condition stands on a screen that others may see.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from osa_daemon.publish import topics
from osa_daemon.publish.payloads import DAEMON_STATES, THROTTLED
from osa_daemon.publish.topics import Topic

Platform = Literal["binary_sensor", "event", "sensor", "select", "number", "switch", "button"]
NOW, TONIGHT, LAST_NIGHT, SET, CARE = "now", "tonight", "last night", "settings", "how it is"


@dataclass(frozen=True, slots=True)
class Entity:
    """One entity. `key` ends its ids, which must never change; `text` is for the README.

    `value`: the template that takes its state out of the topic's JSON, None where the payload is
    the state. `hears`: it means nothing while the daemon hears nothing. `command`: the key of the
    topic that it writes to. `more`: what else Home Assistant is told, as it stands.
    """

    platform: Platform
    key: str
    name: str
    group: str
    text: str
    topic: Topic | None = None
    value: str | None = None
    hears: bool = False
    command: str | None = None
    more: Mapping[str, Any] = field(default_factory=dict)


def _field(name: str) -> str:
    return f"{{{{ value_json.{name} }}}}"


def _share(name: str) -> str:
    """Return a share of 0 to 1 as a percentage, or unknown."""
    value = f"value_json.{name}"
    return f"{{{{ (100 * {value}) | round | int if {value} is not none else none }}}}"


def _hours(name: str) -> str:
    """Return seconds as hours, or unknown."""
    value = f"value_json.{name}"
    return f"{{{{ ({value} / 3600) | round(1) if {value} is not none else none }}}}"


def _on(name: str) -> str:
    return f"{{{{ 'ON' if value_json.{name} else 'OFF' }}}}"


def _text_attribute(topic: Topic) -> Mapping[str, Any]:
    """Return its sentence as the only attribute: no more rows in the recorder than changes."""
    return {
        "json_attributes_topic": topic,
        "json_attributes_template": "{{ {'text': value_json.text} | tojson }}",
    }


def _problem(key: str, name: str, topic: Topic, text: str) -> Entity:
    more = {
        **_text_attribute(topic),
        "device_class": "problem",
        "entity_category": "diagnostic",
    }
    return Entity("binary_sensor", key, name, CARE, text, topic, _field("state"), more=more)


def _night(
    key: str, name: str, value: str, text: str, more: Mapping[str, Any]
) -> tuple[Entity, Entity]:
    """Return the entity of this night and of the last; only the first is counted by the hour."""
    once = {k: v for k, v in more.items() if k != "state_class"}
    tonight = Entity(
        "sensor", f"{key}_tonight", f"{name} tonight", TONIGHT, text, topics.NIGHT_CURRENT, value,
        more=more,
    )  # fmt: skip
    last = Entity(
        "sensor", f"{key}_last_night", f"{name} last night", LAST_NIGHT, text, topics.NIGHT_LAST,
        value, more=once,
    )  # fmt: skip
    return tonight, last


_MEASURED: Mapping[str, Any] = {"state_class": "measurement"}
_SECONDS: Mapping[str, Any] = {
    "device_class": "duration",
    "unit_of_measurement": "s",
    "suggested_display_precision": 0,
}
_PERCENT: Mapping[str, Any] = {"unit_of_measurement": "%"}
_DECIBEL: Mapping[str, Any] = {
    "unit_of_measurement": "dB",
    "suggested_display_precision": 0,
    "enabled_by_default": False,  # a value every 10 s, for who looks for a place for the microphone
    **_MEASURED,
}
_DIAGNOSTIC: Mapping[str, Any] = {"entity_category": "diagnostic"}
_CONFIG: Mapping[str, Any] = {"entity_category": "config"}
_EVENTS_PER_HOUR: Mapping[str, Any] = {
    "unit_of_measurement": "events/h",
    "suggested_display_precision": 1,
    "icon": "mdi:chart-bell-curve",
}

_NIGHTS = (
    _night(
        "events", "Respiratory events", _field("events"),
        "decided events of the night, from noon to noon",
        {"state_class": "total_increasing", "unit_of_measurement": "events", "icon": "mdi:counter"},
    ),
    _night(
        "index", "Estimated events per hour", _field("index"),
        "events per hour in which breathing could be heard; unknown below 2 h of that",
        {**_EVENTS_PER_HOUR, **_MEASURED},
    ),
    _night(
        "longest_pause", "Longest breathing pause", _field("longest_apnea_s"),
        "the longest pause that was decided", {**_SECONDS, **_MEASURED},
    ),
    _night(
        "monitorable", "Time that could be heard", _share("monitorable_share"),
        "share of the time listened, from noon on, in which breathing could be heard: it tells "
        "of the microphone's place where `monitoring.hours` or *In bed* is set",
        {**_PERCENT, **_MEASURED, "icon": "mdi:ear-hearing"},
    ),
    _night(
        "heard", "Breathing heard", _hours("monitorable_s"),
        "hours in which breathing could be heard: where somebody slept and it is below 4, move the "
        "microphone closer, or away from a fan",
        {"device_class": "duration", "unit_of_measurement": "h", **_MEASURED},
    ),
    _night(
        "snoring", "Snoring share", _share("snoring_share"),
        "share of that time with snoring", {**_PERCENT, **_MEASURED, "icon": "mdi:sleep"},
    ),
)  # fmt: skip

ENTITIES: tuple[Entity, ...] = (
    Entity(
        "binary_sensor", "breathing_pause", "Breathing pause in progress", NOW,
        "a pause of at least 10 s is going on now; unknown where breathing cannot be heard",
        topics.APNEA, hears=True, more={"icon": "mdi:pause-circle-outline"},
    ),
    Entity(
        "binary_sensor", "alert", "Alert", NOW,
        "an alert is raised; its attributes say how urgent it is, and in a sentence why",
        topics.ALERT, _on("active"),
        more={
            "json_attributes_topic": topics.ALERT,
            "json_attributes_template": "{{ {'level': value_json.level, 'kind': value_json.kind, "
            "'acknowledged': value_json.acknowledged, 'text': value_json.text} | tojson }}",
            "icon": "mdi:bell-alert-outline",
        },
    ),
    Entity(
        "event", "respiratory_event", "Respiratory event", NOW,
        "a decided event: `apnea` (a pause) or `hypopnea` (clearly reduced breathing sound); which "
        "of the two it is, is often wrong",
        topics.EVENT,
        more={"event_types": ["apnea", "hypopnea"], "icon": "mdi:weather-windy"},
    ),
    Entity(
        "binary_sensor", "breathing_audible", "Breathing audible", NOW,
        "breathing can be heard", topics.BREATHING_AUDIBLE, hears=True,
        more={"icon": "mdi:ear-hearing"},
    ),
    Entity(
        "sensor", "breathing_rate", "Breathing rate", NOW,
        "breaths a minute over the last two minutes; unknown where that is not sure",
        topics.BREATHING, _field("rate_bpm"), hears=True,
        more={
            "unit_of_measurement": "breaths/min",
            "suggested_display_precision": 0,
            "icon": "mdi:lungs",
            **_MEASURED,
        },
    ),
    Entity(
        "sensor", "last_event", "Last event", NOW, "when the last decided event began",
        topics.LAST_EVENT, _field("onset"), more={"device_class": "timestamp"},
    ),
    Entity(
        "sensor", "last_event_duration", "Last event duration", NOW, "how long it lasted",
        topics.LAST_EVENT, _field("duration_s"), more=_SECONDS,
    ),
    Entity(
        "sensor", "events_last_hour", "Events last hour", NOW, "events decided in the last hour",
        topics.DIAGNOSTICS, _field("events_last_hour"),
        more={"unit_of_measurement": "events", "icon": "mdi:counter", **_MEASURED},
    ),
    Entity(
        "sensor", "sound_level", "Sound level", NOW, "of full scale; switched off until wanted",
        topics.LEVEL, _field("level_dbfs"), hears=True,
        more={**_DECIBEL, "icon": "mdi:volume-high"},
    ),
    Entity(
        "sensor", "noise_floor", "Noise floor", NOW, "of full scale; switched off until wanted",
        topics.LEVEL, _field("noise_dbfs"), hears=True, more={**_DECIBEL, "icon": "mdi:volume-low"},
    ),
    *(tonight for tonight, _ in _NIGHTS),
    *(last for _, last in _NIGHTS),
    Entity(
        "sensor", "average_14_nights", "Average of 14 nights", LAST_NIGHT,
        "mean of the estimated events per hour of those of the last 14 nights that have one",
        topics.DIAGNOSTICS, _field("average_14_nights"), more={**_EVENTS_PER_HOUR, **_MEASURED},
    ),
    Entity(
        "select", "sensitivity", "Sensitivity", SET,
        "how readily a pause is reported", topics.SETTINGS, _field("sensitivity"),
        command="sensitivity", more={**_CONFIG, "icon": "mdi:tune-variant"},
    ),
    Entity(
        "number", "alert_after", "Alert after", SET,
        "length of a pause at which an alert is raised", topics.SETTINGS, _field("alert_after_s"),
        command="alert_after_s",
        more={
            **_CONFIG, "device_class": "duration", "unit_of_measurement": "s", "step": 1,
            "mode": "box",
        },
    ),
    Entity(
        "switch", "monitoring", "Listening", SET, "whether to listen at all",
        topics.SETTINGS, _on("monitoring"), command="monitoring",
        more={**_CONFIG, "icon": "mdi:microphone"},
    ),
    Entity(
        "switch", "alerts", "Alerts", SET, "whether alerts are raised",
        topics.SETTINGS, _on("alerts"), command="alerts",
        more={**_CONFIG, "icon": "mdi:bell-outline"},
    ),
    Entity(
        "switch", "in_bed", "In bed", SET,
        "for an automation that knows whether somebody lies in bed: while it is off, nobody "
        "listens; unknown, the bed does not matter",
        topics.SETTINGS,
        "{{ 'None' if value_json.bed_presence is none else "
        "('ON' if value_json.bed_presence else 'OFF') }}",
        command="bed_presence", more={**_CONFIG, "icon": "mdi:bed"},
    ),
    Entity(
        "button", "acknowledge", "Acknowledge alert", SET,
        "ends the alert; the pause that it is of raises no other", command="acknowledge",
        more={"icon": "mdi:bell-check-outline"},
    ),
    Entity(
        "button", "test_alert", "Test alert", SET,
        "raises an alert for 10 s, to see who hears of it", command="test_alert",
        more={**_CONFIG, "icon": "mdi:bell-ring-outline"},
    ),
    Entity(
        "button", "delete_clips", "Delete clips", SET,
        "deletes all sound that was kept, for good", command="delete_clips",
        more={**_CONFIG, "icon": "mdi:delete-outline"},
    ),
    Entity(
        "sensor", "status", "Status", CARE,
        "`monitoring`, or why not: `starting`, `paused` (switched off, outside `monitoring.hours`, "
        "or nobody in bed), `deaf` (no sound, or none that is of use), `no_microphone`, `stopping`",
        topics.STATUS, _field("state"),
        more={**_DIAGNOSTIC, "device_class": "enum", "options": list(DAEMON_STATES)},
    ),
    _problem(
        "microphone_problem", "Microphone problem", topics.PROBLEM_MICROPHONE,
        "sound does not arrive, or is spoilt; the attribute `text` says by what, and the remedy",
    ),
    _problem(
        "configuration_problem", "Configuration problem", topics.PROBLEM_CONFIGURATION,
        "a setting is wrong, a change from here was refused, or messages by ntfy do not get "
        "through; `text` says why",
    ),
    _problem(
        "storage_problem", "Storage problem", topics.PROBLEM_STORAGE,
        "events cannot be stored, or the journal was begun anew; `text` says why",
    ),
    Entity(
        "binary_sensor", "keeps_sound", "Keeps sound", CARE,
        "sound around pauses is kept as files, because `clips.keep` says so",
        topics.CLIPS, _on("keeping"), more={**_DIAGNOSTIC, "icon": "mdi:record-rec"},
    ),
    Entity(
        "sensor", "clips", "Clips kept", CARE,
        "how many such files there are, those of older settings too", topics.CLIPS,
        _field("count"),
        more={**_DIAGNOSTIC, **_MEASURED, "unit_of_measurement": "clips", "icon": "mdi:waveform"},
    ),
    Entity(
        "sensor", "cpu_share", "CPU share", CARE, "of one core", topics.DIAGNOSTICS,
        _share("cpu_share"),
        more={**_DIAGNOSTIC, **_PERCENT, **_MEASURED, "icon": "mdi:chip"},
    ),
    Entity(
        "sensor", "memory", "Memory", CARE, "of the daemon",
        topics.DIAGNOSTICS, _field("memory_mb"),
        more={
            **_DIAGNOSTIC, **_MEASURED, "device_class": "data_size", "unit_of_measurement": "MB",
            "suggested_display_precision": 0,
        },
    ),
    Entity(
        "sensor", "overruns", "Overruns", CARE, "how often sound was lost since the start",
        topics.DIAGNOSTICS, _field("overruns"),
        more={**_DIAGNOSTIC, "state_class": "total_increasing", "icon": "mdi:alert-outline"},
    ),
    Entity(
        "sensor", "outbox", "Outbox length", CARE, "events that the broker has not got yet",
        topics.DIAGNOSTICS, _field("outbox"),
        more={
            **_DIAGNOSTIC, **_MEASURED, "unit_of_measurement": "events", "icon": "mdi:tray-full",
        },
    ),
    Entity(
        "sensor", "temperature", "Processor temperature", CARE,
        "unknown where the computer has no such sensor; switched off until wanted",
        topics.DIAGNOSTICS, _field("temperature_c"),
        more={
            **_DIAGNOSTIC, **_MEASURED, "device_class": "temperature", "unit_of_measurement": "°C",
            "enabled_by_default": False,
        },
    ),
    Entity(
        "sensor", "slowed_down", "Slowed down", CARE,
        "whether a Pi's firmware holds it back now: `no`, `under_voltage` (a weak power supply), "
        "`heat`, `clock`; unknown on other computers; switched off until wanted",
        topics.DIAGNOSTICS, _field("throttled"),
        more={
            **_DIAGNOSTIC, "device_class": "enum", "options": list(THROTTLED),
            "icon": "mdi:flash-alert-outline", "enabled_by_default": False,
        },
    ),
    Entity(
        "sensor", "model_version", "Model version", CARE, "of the detector", topics.DIAGNOSTICS,
        _field("model_version"), more={**_DIAGNOSTIC, "icon": "mdi:tag-outline"},
    ),
)  # fmt: skip

# what an older version announced and this one does not: key → platform; Home Assistant removes it
DROPPED: Mapping[str, str] = {}


def entities_table() -> str:
    """Return the entities as a Markdown table."""
    lines = ["| in Home Assistant | what it means |", "|---|---|"]
    group = ""
    for entity in ENTITIES:
        if entity.group != group:
            group = entity.group
            lines.append(f"| **{group[0].upper()}{group[1:]}** | |")
        lines.append(f"| *{entity.name}* | {entity.text} |")
    return "\n".join(lines) + "\n"
