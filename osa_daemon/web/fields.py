"""What is told of a night, in plain values for JSON; times are local."""

from collections.abc import Iterable
from dataclasses import asdict
from datetime import datetime
from typing import Any

from osa_daemon.journal.reader import JournalReader
from osa_daemon.journal.rows import AlertRow, EventRow, MinuteRow, NightRow
from osa_daemon.scoring.night import NightFigures, read_figures

Fields = dict[str, Any]


def night_fields(row: NightRow) -> Fields:
    """Return a night's figures under the names of contract C4, with the index's interval."""
    return {
        "night": row.night.isoformat(),
        "started": local(row.started_utc),
        "updated": local(row.updated_utc),
        **asdict(read_figures(row.figures) or NightFigures()),
        "interval": None,
    }


def event_fields(event: EventRow) -> Fields:
    """Return an event as contract C4 has it."""
    return {
        "v": 1,
        "id": event.id,
        "type": event.type,
        "night": event.night.isoformat(),
        "onset": local(event.onset_utc),
        "end": local(event.end_utc),
        "duration_s": round(event.duration_s, 2),
        "confidence": round(event.confidence, 3),
        "character": event.character,
        "monitorable": event.monitorable,
        "truncated": event.truncated,
    }


def alert_fields(alert: AlertRow) -> Fields:
    """Return an alert as contract C4 names its fields."""
    return {
        "raised": local(alert.raised_utc),
        "ended": None if alert.ended_utc is None else local(alert.ended_utc),
        "kind": alert.kind,
        "level": alert.level,
        "acknowledged": alert.acknowledged,
        "text": alert.text,
    }


def minutes_fields(minutes: Iterable[MinuteRow]) -> Fields:
    """Return minutes as columns of one length."""
    rows = list(minutes)
    names = ("heard_s", "monitorable_s", "snoring_s", "gap_s", "level_dbfs", "noise_dbfs")
    columns: Fields = {"start": [local(row.start_utc) for row in rows]}
    columns |= {name: [round(getattr(row, name), 2) for row in rows] for name in names}
    columns["breathing_rate_bpm"] = [row.breathing_rate_bpm for row in rows]
    return columns


def average_of(rows: Iterable[NightRow]) -> float | None:
    """Return the mean index of those nights that have one."""
    told = [read_figures(row.figures) for row in rows]
    indices = [night.index for night in told if night is not None and night.index is not None]
    return round(sum(indices) / len(indices), 1) if indices else None


def trace_joined(_journal: JournalReader, _event: EventRow) -> Fields | None:
    """Return the course of an event as columns, a value a second; None where none is kept."""
    return None


def local(moment: datetime) -> str:
    """Return a time as ISO 8601 with its offset, to the millisecond."""
    return moment.astimezone().isoformat(timespec="milliseconds")
