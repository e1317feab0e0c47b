"""`osa-daemon nights` and `export-events`: what the journal holds."""

import json
from argparse import Namespace
from datetime import UTC, date, datetime

from osa_daemon.journal.reader import JournalReader
from osa_daemon.journal.rows import NightRow
from osa_daemon.report.fields import event_fields, events_csv, night_fields
from osa_daemon.report.index import AVERAGED_NIGHTS, average_of, interval_of
from osa_daemon.report.nights import last_nights
from osa_daemon.report.words import average_text
from osa_daemon.scoring.night import NightFigures, read_figures
from osa_daemon.settings.load import load

SHOWN_NIGHTS = 30
ALL_NIGHTS = 100_000


def nights_command(arguments: Namespace) -> int:
    """List nights, the latest first; raise StorageError where there is no journal."""
    with _journal(arguments) as journal:
        rows = last_nights(journal, ALL_NIGHTS if arguments.json else SHOWN_NIGHTS)
    average = average_of(rows[:AVERAGED_NIGHTS])
    if arguments.json:
        told = None if average is None else round(average.index, 1)
        nights = [night_fields(row) for row in rows]
        print(json.dumps({"v": 1, "nights": nights, "average_14": told}))
        return 0
    print(
        f"{'night':<11} {'events':>6} {'per hour':>8} {'95 %':>13} {'longest':>8} "
        f"{'monitorable':>16}"
    )
    for row in rows:
        _print_night(row)
    if not rows:
        print("No night yet.")
    else:
        print(f"Average of 14 nights, estimated events per hour: {average_text(average)}.")
    return 0


def export_events_command(arguments: Namespace) -> int:
    """Write events as CSV, or one JSON object a line with --json."""
    with _journal(arguments) as journal:
        if arguments.night:
            events = journal.events_of(date.fromisoformat(arguments.night))
        else:
            first, last = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
            events = journal.events_between(first, last)
    if not arguments.json:
        print(events_csv(events), end="")
        return 0
    for event in events:
        print(json.dumps(event_fields(event)))
    return 0


def index_text(figures: NightFigures) -> str:
    """Return the estimated events per hour, or that they are unknown."""
    return "unknown" if figures.index is None else f"{figures.index:.1f}"


def _print_night(row: NightRow) -> None:
    figures, interval = read_figures(row.figures) or NightFigures(), interval_of(row)
    spread = "" if interval is None else f"{interval[0]:.1f} to {interval[1]:.1f}"
    print(
        f"{row.night.isoformat():<11} {figures.events:>6} {index_text(figures):>8} {spread:>13} "
        f"{figures.longest_apnea_s:>6.0f} s {figures.monitorable_s / 3600:>8.1f} h "
        f"({figures.monitorable_share:>4.0%})"
    )


def _journal(arguments: Namespace) -> JournalReader:
    return JournalReader.open(load(arguments.config).settings.journal.path)
