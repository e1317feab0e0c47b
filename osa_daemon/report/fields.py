"""What is told of a night to programs, in plain values for JSON and CSV; times are local."""

import csv
import io
from collections.abc import Iterable
from dataclasses import asdict
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Any, Final

from osa_daemon.journal.rows import AlertRow, EventRow, MinuteRow, NightRow, TraceRow
from osa_daemon.journal.trace import CHANCES, COLUMNS
from osa_daemon.report.index import interval_of
from osa_daemon.scoring.night import NightFigures, read_figures

Fields = dict[str, Any]
CSV_COLUMNS: Final = (
    "id",
    "type",
    "night",
    "onset",
    "end",
    "duration_s",
    "confidence",
    "character",
    "monitorable",
    "truncated",
)


def night_fields(row: NightRow) -> Fields:
    """Return a night's figures under the names of contract C4, with the index's interval."""
    return {
        "night": row.night.isoformat(),
        "started": local(row.started_utc),
        "updated": local(row.updated_utc),
        **asdict(read_figures(row.figures) or NightFigures()),
        "interval": interval_of(row),
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
    """Return minutes as columns of one length; levels of one without any sound are None."""
    rows = list(minutes)
    columns: Fields = {"start": [local(row.start_utc) for row in rows]}
    for name in ("heard_s", "monitorable_s", "snoring_s", "gap_s"):
        columns[name] = [round(getattr(row, name), 2) for row in rows]
    for name in ("level_dbfs", "noise_dbfs"):
        columns[name] = [round(getattr(row, name), 2) if row.heard_s else None for row in rows]
    columns["breathing_rate_bpm"] = [row.breathing_rate_bpm for row in rows]
    return columns


def trace_fields(event: EventRow, trace: TraceRow) -> Fields:
    """Return the course of an event as columns of one length, a value a second.

    Where sound was lost nothing was judged: levels and probabilities are None, not 0.
    """
    start = event.onset_utc - timedelta(seconds=trace.before_s)
    columns: Fields = {name: list(getattr(trace, name)) for name in COLUMNS}
    for name in CHANCES:
        pairs = zip(columns[name], trace.level_dbfs, strict=True)
        columns[name] = [None if level is None else chance for chance, level in pairs]
    columns["audible"] = [int(each) for each in trace.audible]
    return {"start": local(start), "step_s": 1, **columns}


def report_fields(
    night: date,
    row: NightRow | None,
    events: Iterable[EventRow],
    alerts: Iterable[AlertRow],
    average_14: float | None,
) -> Fields:
    """Return what `report --json` prints."""
    return {
        "v": 1,
        "night": night.isoformat(),
        **({} if row is None else night_fields(row)),
        "average_14": average_14,
        "event_list": [event_fields(event) for event in events],
        "alert_list": [alert_fields(alert) for alert in alerts],
    }


def events_csv(events: Iterable[EventRow]) -> str:
    """Return events as CSV, a header and a row each."""
    text = io.StringIO()
    writer = csv.DictWriter(text, CSV_COLUMNS, extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    writer.writerows(map(event_fields, events))
    return text.getvalue()


def local(moment: datetime, zone: tzinfo | None = None) -> str:
    """Return a time as ISO 8601 with its offset, to the millisecond; by default of this place."""
    return moment.astimezone(UTC).astimezone(zone).isoformat(timespec="milliseconds")
