"""`osa-daemon nights`, `report` and `export-events`: what the journal holds."""

import csv
import json
import sys
from argparse import Namespace
from collections.abc import Iterable
from dataclasses import asdict
from datetime import UTC, date, datetime

from osa_daemon.errors import InputError
from osa_daemon.journal.reader import JournalReader
from osa_daemon.journal.rows import AlertRow, EventRow, NightRow
from osa_daemon.scoring.night import NightFigures, read_figures
from osa_daemon.service.clock import iso
from osa_daemon.settings.load import load

SHOWN_NIGHTS = 30
ALL_NIGHTS = 100_000


def nights_command(arguments: Namespace) -> int:
    """List nights, the latest first; raise StorageError where there is no journal."""
    with _journal(arguments) as journal:
        rows = _readable(journal, ALL_NIGHTS if arguments.json else SHOWN_NIGHTS)
    if arguments.json:
        print(json.dumps({"v": 1, "nights": [_night_fields(row) for row in rows]}))
        return 0
    print(f"{'night':<11} {'events':>6} {'per hour':>8} {'longest':>8} {'monitorable':>16}")
    for row in rows:
        figures = figures_of(row)
        print(
            f"{row.night.isoformat():<11} {figures.events:>6} {_index(figures):>8} "
            f"{figures.longest_apnea_s:>6.0f} s {figures.monitorable_s / 3600:>8.1f} h "
            f"({figures.monitorable_share:>4.0%})"
        )
    if not rows:
        print("No night yet.")
    return 0


def report_command(arguments: Namespace) -> int:
    """Show one night and its events; raise InputError where the journal has no such night."""
    night = date.fromisoformat(arguments.night)
    with _journal(arguments) as journal:
        row = next((row for row in _readable(journal, ALL_NIGHTS) if row.night == night), None)
        events, alerts = journal.events_of(night), journal.alerts_of(night)
    if row is None and not events and not alerts:
        raise InputError(
            f"The journal has no night {night}: `osa-daemon nights` lists those it has."
        )
    if arguments.json:
        fields = {"v": 1, "night": night.isoformat()} | (_night_fields(row) if row else {})
        lists = {
            "event_list": [event_fields(event) for event in events],
            "alert_list": [_alert_fields(alert) for alert in alerts],
        }
        print(json.dumps({**fields, **lists}))
        return 0
    print(f"Night of {night}")
    if row is not None:
        _print_figures(figures_of(row))
    for event in events:
        _print_event(event)
    for alert in alerts:
        _print_alert(alert)
    return 0


def export_events_command(arguments: Namespace) -> int:
    """Write events as CSV, or one JSON object a line with --json."""
    with _journal(arguments) as journal:
        if arguments.night:
            events = journal.events_of(date.fromisoformat(arguments.night))
        else:
            first, last = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
            events = journal.events_between(first, last)
    _export((event_fields(event) for event in events), as_json=arguments.json)
    return 0


def figures_of(row: NightRow) -> NightFigures:
    """Return the figures that are stored with a night; empty ones where they are unreadable."""
    return read_figures(row.figures) or NightFigures()


def event_fields(event: EventRow) -> dict[str, object]:
    """Return an event as contract C4 has it, with local times."""
    return {
        "v": 1,
        "id": event.id,
        "type": event.type,
        "night": event.night.isoformat(),
        "onset": iso(event.onset_utc.astimezone()),
        "end": iso(event.end_utc.astimezone()),
        "duration_s": round(event.duration_s, 2),
        "confidence": round(event.confidence, 3),
        "character": event.character,
        "monitorable": event.monitorable,
        "truncated": event.truncated,
    }


def _journal(arguments: Namespace) -> JournalReader:
    return JournalReader.open(load(arguments.config).settings.journal.path)


def _readable(journal: JournalReader, limit: int) -> list[NightRow]:
    return [row for row in journal.nights(limit) if read_figures(row.figures) is not None]


def _night_fields(row: NightRow) -> dict[str, object]:
    return {
        "night": row.night.isoformat(),
        "started": iso(row.started_utc.astimezone()),
        "updated": iso(row.updated_utc.astimezone()),
        **asdict(figures_of(row)),
    }


def _export(rows: Iterable[dict[str, object]], *, as_json: bool) -> None:
    if as_json:
        for row in rows:
            print(json.dumps(row))
        return
    writer = None
    for row in rows:
        del row["v"]
        if writer is None:
            writer = csv.DictWriter(sys.stdout, fieldnames=list(row), lineterminator="\n")
            writer.writeheader()
        writer.writerow(row)


def _print_figures(figures: NightFigures) -> None:
    rate = figures.breathing_rate_bpm
    print(f"  {figures.events} events: {figures.apneas} apneas, {figures.hypopneas} hypopneas")
    reason = f" ({figures.index_reason})" if figures.index_reason else ""
    print(f"  estimated events per hour: {_index(figures)}{reason}")
    print(f"  longest apnea: {figures.longest_apnea_s:.0f} s")
    print(
        f"  monitorable: {figures.monitorable_s / 3600:.1f} of {figures.listened_s / 3600:.1f} h "
        f"({figures.monitorable_share:.0%}); sound lost: {figures.gap_s:.0f} s"
    )
    print(f"  snoring: {figures.snoring_share:.0%} of it; breaths a minute: {rate or 'unknown'}")


def _print_event(event: EventRow) -> None:
    notes: list[str] = [event.character] if event.character != "unknown" else []
    notes += ["not monitorable"] * (not event.monitorable) + ["truncated"] * event.truncated
    print(
        f"  {event.onset_utc.astimezone():%H:%M:%S}  {event.type:<8}  {event.duration_s:5.1f} s  "
        f"confidence {event.confidence:.2f}  {', '.join(notes)}".rstrip()
    )


def _alert_fields(alert: AlertRow) -> dict[str, object]:
    """Return an alert as contract C4 names its fields, with local times."""
    ended = alert.ended_utc
    return {
        "raised": iso(alert.raised_utc.astimezone()),
        "ended": None if ended is None else iso(ended.astimezone()),
        "kind": alert.kind,
        "level": alert.level,
        "acknowledged": alert.acknowledged,
        "text": alert.text,
    }


def _print_alert(alert: AlertRow) -> None:
    ended = "" if alert.ended_utc is None else f" to {alert.ended_utc.astimezone():%H:%M:%S}"
    note = " (acknowledged)" if alert.acknowledged else ""
    print(
        f"  {alert.raised_utc.astimezone():%H:%M:%S}{ended}  alert, {alert.kind}, "
        f"{alert.level}{note}: {alert.text}"
    )


def _index(figures: NightFigures) -> str:
    return "unknown" if figures.index is None else f"{figures.index:.1f}"
