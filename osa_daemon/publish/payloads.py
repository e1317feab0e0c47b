"""Payloads of the topics, built from plain data.

Every JSON object carries `"v": 1` and always the same keys; what is not known is null, because
a Home Assistant template that meets a missing key warns. Wall-clock times are ISO 8601 with the
offset that the given datetimes carry.
"""

import json
import math
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Literal, TypeAlias

from osa_daemon.scoring.event import Alert, Event

VERSION = 1
MAX_TEXT = 500
THROTTLED = ("no", "under_voltage", "heat", "clock")  # why a Pi is slow now
TEST_TEXT = "This is a test."  # of an alert that is raised to see who hears of it

Value: TypeAlias = str | bool | int | float | None
Payload: TypeAlias = dict[str, Value]
DaemonState: TypeAlias = Literal[
    "starting", "monitoring", "paused", "deaf", "no_microphone", "stopping"
]
DAEMON_STATES: tuple[DaemonState, ...] = (
    "starting",
    "monitoring",
    "paused",
    "deaf",
    "no_microphone",
    "stopping",
)


def encode(payload: Mapping[str, Value]) -> str:
    """The payload as one line of JSON that is valid UTF-8 whatever a text in it holds."""
    line = json.dumps(dict(payload), ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return line.encode(errors="replace").decode()


def status_payload(
    state: DaemonState, since: datetime, reason: str | None, version: str, model: str | None
) -> Payload:
    """What the daemon is doing; `model` is the version of the detector."""
    return {
        "v": VERSION,
        "state": state,
        "since": _wall(since),
        "reason": reason,
        "version": version,
        "model": model,
    }


def event_payload(event: Event, onset: datetime, night: date, *, is_durable: bool) -> Payload:
    """A decided event. `onset` is its wall-clock beginning, `night` the date of its evening.

    `is_durable` is False where the event could not be written to the journal.
    """
    return {
        "v": VERSION,
        "id": event.id,
        "event_type": event.type,
        "type": event.type,
        "onset": _wall(onset),
        "end": _wall(onset + timedelta(seconds=event.duration_s)),
        "night": night.isoformat(),
        "onset_s": _rounded(event.onset_s, 2),
        "duration_s": _rounded(event.duration_s, 2),
        "confidence": _rounded(event.confidence, 3),
        "character": event.character,
        "monitorable": event.monitorable,
        "truncated": event.truncated,
        "durable": is_durable,
    }


def alert_payload(
    alert: Alert | None,
    since: datetime | None,
    *,
    event_id: str | None = None,
) -> Payload:
    """The alert that is raised or over, or with None that there is none.

    `since` is the wall-clock time of `alert.since_s`.
    """
    return {
        "v": VERSION,
        "active": alert is not None and alert.active,
        "level": None if alert is None else alert.level.value,
        "kind": None if alert is None else alert.kind,
        "since": None if since is None else _wall(since),
        "acknowledged": alert is not None and alert.acknowledged,
        "event_id": event_id,
        "text": None if alert is None else alert.text[:MAX_TEXT],
    }


def night_payload(
    night: date,
    *,
    events: int,
    apneas: int,
    hypopneas: int,
    index: float | None,
    index_reason: str | None,
    longest_apnea_s: float | None,
    monitorable_s: float,
    monitorable_share: float | None,
    snoring_share: float | None,
    breathing_rate_bpm: float | None,
    started: datetime | None,
    updated: datetime,
) -> Payload:
    """Figures of a night; `index` is events per monitorable hour, shares are 0 to 1."""
    return {
        "v": VERSION,
        "night": night.isoformat(),
        "events": events,
        "apneas": apneas,
        "hypopneas": hypopneas,
        "index": _rounded(index, 1),
        "index_reason": index_reason,
        "longest_apnea_s": _rounded(longest_apnea_s, 1),
        "monitorable_s": _rounded(monitorable_s, 0),
        "monitorable_share": _rounded(monitorable_share, 2),
        "snoring_share": _rounded(snoring_share, 2),
        "breathing_rate_bpm": _rounded(breathing_rate_bpm, 1),
        "started": None if started is None else _wall(started),
        "updated": _wall(updated),
    }


def breathing_payload(rate_bpm: float | None, *, is_snoring: bool) -> Payload:
    """Breathing rate in breaths a minute, and whether there is snoring."""
    return {"v": VERSION, "rate_bpm": _rounded(rate_bpm, 1), "snoring": is_snoring}


def diagnostics_payload(
    *,
    cpu_share: float | None,
    memory_mb: float | None,
    overruns: int | None,
    outbox: int | None,
    temperature_c: float | None,
    throttled: str | None,
    model_version: str | None,
    events_last_hour: int | None,
    average_14_nights: float | None,
) -> Payload:
    """How the daemon itself is: `cpu_share` of one core 0 to 1, `outbox` events not yet sent.

    `throttled`: one of `THROTTLED`, None where the board does not tell.
    """
    return {
        "v": VERSION,
        "cpu_share": _rounded(cpu_share, 3),
        "memory_mb": _rounded(memory_mb, 0),
        "overruns": overruns,
        "outbox": outbox,
        "temperature_c": _rounded(temperature_c, 0),
        "throttled": throttled,
        "model_version": model_version,
        "events_last_hour": events_last_hour,
        "average_14_nights": _rounded(average_14_nights, 1),
    }


def level_payload(level_dbfs: float | None, noise_dbfs: float | None) -> Payload:
    """Sound level and noise floor in dB of full scale."""
    return {
        "v": VERSION,
        "level_dbfs": _rounded(level_dbfs, 0),
        "noise_dbfs": _rounded(noise_dbfs, 0),
    }


def problem_payload(text: str | None) -> Payload:
    """A problem in one sentence, or with None that there is none."""
    return {
        "v": VERSION,
        "state": "OFF" if text is None else "ON",
        "text": None if text is None else text[:MAX_TEXT],
    }


def settings_payload(values: Mapping[str, Value]) -> Payload:
    """The live values of what can be set, by the key of their command."""
    return {"v": VERSION, **values}


def clips_payload(
    *,
    is_keeping: bool,
    is_encrypted: bool,
    count: int,
    size: int,
    oldest: datetime | None,
    problem: str | None,
) -> Payload:
    """Whether sound is being kept, and what is there of it: `size` in bytes.

    `is_encrypted`: of what is kept from now on. `problem`: why the last clip was not kept or
    deleted, in a sentence.
    """
    return {
        "v": VERSION,
        "keeping": is_keeping,
        "encrypted": is_encrypted,
        "count": count,
        "bytes": size,
        "oldest": None if oldest is None else _wall(oldest),
        "problem": None if problem is None else problem[:MAX_TEXT],
    }


def _wall(moment: datetime) -> str:
    if moment.tzinfo is None:
        raise ValueError(f"the time {moment} has no offset from UTC")
    return moment.isoformat(timespec="milliseconds")


def _rounded(value: float | None, digits: int) -> float | None:
    if value is None or not math.isfinite(value):
        return None
    return round(value, digits)
