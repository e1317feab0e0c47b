"""Examples of all payloads, built by the functions that build what is sent."""

import json
from collections.abc import Mapping
from datetime import date, datetime, timedelta, timezone
from typing import TypeAlias

from osa_daemon.publish import payloads, topics
from osa_daemon.publish.discovery import Document, discovery_payload
from osa_daemon.publish.mqtt_settings import MqttSettings
from osa_daemon.publish.payloads import Payload, Value
from osa_daemon.scoring.event import Alert, AlertLevel, Event, Progress
from osa_daemon.settings.catalogue import Setting, find_setting

Example: TypeAlias = Payload | Document | str | int | float
Examples: TypeAlias = dict[str, Example]

MODEL = "0123456789ab"
_SUMMER = timezone(timedelta(hours=2))
_ONSET = datetime(2026, 7, 2, 1, 59, 43, 200_000, _SUMMER)
_EVENING = datetime(2026, 7, 1, 22, 30, tzinfo=_SUMMER)
_NIGHT = date(2026, 7, 1)
_EVENT = Event(
    id="6d1c1d0e4c8b4b0f9f0a3c5e7d9b1a2c",
    type="apnea",
    onset_s=12583.2,
    duration_s=24.6,
    confidence=0.914,
    character="silent",
    monitorable=True,
    truncated=False,
)


def state_examples(version: str, setting_of: Mapping[str, str]) -> dict[str, Examples]:
    """The examples of what the daemon tells: message → name of the example → payload."""
    return {
        "availability": {"online": topics.ONLINE, "offline": topics.OFFLINE},
        "status": {
            "listening": payloads.status_payload("monitoring", _EVENING, None, version, MODEL),
            "paused": payloads.status_payload(
                "paused", _EVENING, "Nobody is in bed", version, MODEL
            ),
        },
        "apnea": {state.name.lower(): state.value for state in Progress},
        "breathing_audible": {"on": "ON", "off": "OFF"},
        "alert": _alerts(),
        "event": {
            "apnea": payloads.event_payload(_EVENT, _ONSET, _NIGHT, is_durable=True),
        },
        "night": {"no_index": _night(0.9), "with_index": _night(6.4)},
        "breathing": {
            "known": payloads.breathing_payload(14.2, is_snoring=True),
            "unknown": payloads.breathing_payload(None, is_snoring=False),
        },
        "diagnostics": {"well": _diagnostics()},
        "level": {"quiet_room": payloads.level_payload(-52.0, -61.0)},
        "problem": {
            "none": payloads.problem_payload(None),
            "refused": payloads.problem_payload(
                "bed_presence is 'maybe', but must be ON, OFF or None."
            ),
        },
        "settings": {"defaults": _settings(setting_of)},
        "clips": {"none": _clips(0), "some": _clips(12)},
    }


def discovery_example(version: str) -> Document:
    """The device payload with default settings."""
    settings = MqttSettings(host="localhost", version=version, model=MODEL)
    document: Document = json.loads(discovery_payload(settings))
    return document


def command_examples(key: str, setting_of: Mapping[str, str]) -> Examples:
    """Every value of a choice, the default of a number, and what a button sends.

    Raises:
        KeyError: no such command.
    """
    if key in setting_of:
        return _values(find_setting(setting_of[key]))
    own: dict[str, Examples] = {
        "bed_presence": {"in_bed": "ON", "nobody_in_bed": "OFF", "does_not_matter": "None"},
        "acknowledge": {"pressed": "PRESS"},
        "test_alert": {"pressed": "PRESS"},
        "delete_clips": {"pressed": "PRESS"},
    }
    return own[key]


def _alerts() -> Examples:
    text = "No breathing sound for 30 s."
    raised = Alert(True, AlertLevel.ALERT, "apnea", 12583.2, text)
    over = Alert(False, AlertLevel.ALERT, "apnea", 12583.2, "Breathing is heard again.")
    return {
        "none": payloads.alert_payload(None, None),
        "raised": payloads.alert_payload(raised, _ONSET),
        "over": payloads.alert_payload(over, _ONSET),
    }


def _night(hours: float) -> Payload:
    """A night of so many hours, after which there is an index or not."""
    is_long = hours >= 2
    reason = f"{60 * hours:.0f} min could be judged, an estimate needs 120 min"
    return payloads.night_payload(
        _NIGHT,
        events=21 if is_long else 2,
        apneas=15 if is_long else 1,
        hypopneas=6 if is_long else 1,
        index=21 / hours if is_long else None,
        index_reason=None if is_long else reason,
        longest_apnea_s=41.2 if is_long else 24.6,
        monitorable_s=hours * 3600,
        monitorable_share=0.93,
        snoring_share=0.18,
        breathing_rate_bpm=13.7,
        started=_EVENING,
        updated=_EVENING + timedelta(hours=hours),
    )


def _diagnostics() -> Payload:
    return payloads.diagnostics_payload(
        cpu_share=0.042,
        memory_mb=118.0,
        overruns=0,
        outbox=0,
        temperature_c=51.0,
        throttled="no",
        model_version=MODEL,
        events_last_hour=3,
        average_14_nights=4.8,
    )


def _clips(count: int) -> Payload:
    return payloads.clips_payload(
        is_keeping=count > 0,
        is_encrypted=count > 0,
        count=count,
        size=count * 640_000,
        oldest=_ONSET if count else None,
        problem=None,
    )


def _settings(setting_of: Mapping[str, str]) -> Payload:
    values: dict[str, Value] = {key: find_setting(name).default for key, name in setting_of.items()}
    return payloads.settings_payload({**values, "bed_presence": None})


def _values(setting: Setting) -> Examples:
    if setting.kind == "bool":
        return {"on": "ON", "off": "OFF"}
    if setting.kind == "choice":
        return {choice: choice for choice in setting.choices}
    assert setting.default is not None, "what a command overrides has a default"
    return {"default": setting.default}
