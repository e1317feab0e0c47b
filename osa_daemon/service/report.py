"""`osa-daemon report`: one night, as text, JSON, picture, PDF, CSV or EDF+."""

import json
import sys
from argparse import Namespace
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import date, datetime
from pathlib import Path
from typing import Any

from osa_daemon import __version__
from osa_daemon.clock import SYSTEM_CLOCK
from osa_daemon.detector.model import DIGESTS, read_digests
from osa_daemon.errors import InputError, ModelError
from osa_daemon.journal.reader import JournalReader
from osa_daemon.journal.rows import AlertRow, EventRow
from osa_daemon.report.document import document_of
from osa_daemon.report.edf import check_edf, edf_of
from osa_daemon.report.extra import check_drawing
from osa_daemon.report.fields import events_csv, report_fields
from osa_daemon.report.index import AVERAGED_NIGHTS, COVERS, interval_of
from osa_daemon.report.night import About, Night
from osa_daemon.report.nights import last_nights
from osa_daemon.report.performance import measured
from osa_daemon.report.picture import picture_of
from osa_daemon.report.words import average_text, events_text, longest_text
from osa_daemon.service.models import models_folder
from osa_daemon.service.nights import ALL_NIGHTS, index_text
from osa_daemon.service.outputs import check_outputs, whole_bytes
from osa_daemon.settings.load import load

LAST = "last"
MAKERS: dict[str, Callable[[Night], bytes]] = {
    "picture": picture_of,
    "pdf": document_of,
    "csv": lambda night: events_csv(night.events).encode(),
    "edf": edf_of,
}


def report_command(arguments: Namespace) -> int:
    """Show one night and its events, or write them to files.

    Raises:
        InputError: the journal has no such night.
        ResourceError: what a file needs is not installed; then nothing is written.
    """
    path = load(arguments.config).settings.journal.path
    outputs = _outputs(arguments, path)
    with JournalReader.open(path) as journal:
        night = _read(journal, arguments.night)
    contents = [(target, MAKERS[name](night)) for name, target in outputs.items()]
    for target, content in contents:
        with whole_bytes(target) as file:
            file.write(content)
    if arguments.json:
        average = None if night.average is None else round(night.average.index, 1)
        print(
            json.dumps(report_fields(night.night, night.row, night.events, night.alerts, average))
        )
    elif outputs:
        _say(f"Written: {', '.join(map(str, outputs.values()))}")
    else:
        _print(night)
    return 0


def _outputs(arguments: Namespace, journal: Path) -> dict[str, Path]:
    """Return the files that are asked for; what they need is there, and none is the journal."""
    asked: dict[str, Path | None] = {name: getattr(arguments, name) for name in MAKERS}
    options = [(f"--{name}", path) for name, path in asked.items()]
    check_outputs(journal, options, source_name="the journal")
    for name in ("picture", "pdf"):
        if asked[name] is not None:
            check_drawing(f"--{name}")
    if asked["edf"] is not None:
        check_edf()
    return {name: path for name, path in asked.items() if path is not None}


def _read(journal: JournalReader, asked: str) -> Night:
    rows = last_nights(journal, ALL_NIGHTS)
    if asked == LAST and not rows:
        raise InputError("The journal has no night yet.")
    nights = [row.night for row in rows]
    night = last_of(nights, _today()) if asked == LAST else date.fromisoformat(asked)
    row = next((row for row in rows if row.night == night), None)
    events, alerts = journal.events_of(night), journal.alerts_of(night)
    if row is None and not events and not alerts:
        raise InputError(
            f"The journal has no night {night}: `osa-daemon nights` lists those it has."
        )
    before = [row for row in rows if row.night <= night][:AVERAGED_NIGHTS]
    minutes = journal.minutes_of(night)
    return Night(night, row, events, alerts, minutes, tuple(before), _about())


def last_of(nights: Sequence[date], today: date) -> date:
    """Return of `nights`, the latest first, the last whose evening was before today.

    A night begins at noon: in the afternoon and the evening it is not the one that has begun,
    which nobody slept yet; from midnight on it is the one that goes on. Where there is no other,
    the latest.
    """
    return next((night for night in nights if night < today), nights[0])


def _today() -> date:
    return datetime.fromtimestamp(SYSTEM_CLOCK.wall_s()).astimezone().date()


def _about() -> About:
    """Return what is installed now; a file that is not there is no reason to show no night."""
    folder = models_folder()
    digest = ""
    with suppress(ModelError):
        digest = read_digests(folder / DIGESTS)["detector.onnx"]
    return About(__version__, digest, measured(_figures(folder / "figures.json"), digest))


def _figures(path: Path) -> dict[str, Any] | None:
    try:
        figures = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return figures if isinstance(figures, dict) else None


def _say(text: str) -> None:
    # not on standard output, which may be one of the files
    print(text, file=sys.stderr)


def _print(night: Night) -> None:
    print(f"Night of {night.night}")
    if night.row is not None:
        _print_figures(night)
    for event in night.events:
        _print_event(event)
    for alert in night.alerts:
        _print_alert(alert)


def _print_figures(night: Night) -> None:
    assert night.row is not None
    figures, interval = night.figures, interval_of(night.row)
    assert figures is not None  # `readable`
    rate = figures.breathing_rate_bpm
    print(f"  events: {events_text(figures)}")
    reason = f" ({figures.index_reason})" if figures.index_reason else ""
    print(f"  estimated events per hour: {index_text(figures)}{reason}")
    if interval is not None:
        print(f"    from {interval[0]:.1f} to {interval[1]:.1f}: {COVERS}")
    print(f"  average of 14 nights: {average_text(night.average)}")
    print(f"  longest apnea: {longest_text(figures)}")
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


def _print_alert(alert: AlertRow) -> None:
    ended = "" if alert.ended_utc is None else f" to {alert.ended_utc.astimezone():%H:%M:%S}"
    note = " (acknowledged)" if alert.acknowledged else ""
    print(
        f"  {alert.raised_utc.astimezone():%H:%M:%S}{ended}  alert, {alert.kind}, "
        f"{alert.level}{note}: {alert.text}"
    )
