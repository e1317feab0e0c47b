"""The views *nights*, *night* and *event*: the journal is opened, read and closed each time."""

from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final

from osa_daemon.errors import InputError
from osa_daemon.journal.reader import JournalReader
from osa_daemon.report.fields import (
    alert_fields,
    event_fields,
    minutes_fields,
    night_fields,
    trace_fields,
)
from osa_daemon.report.index import AVERAGED_NIGHTS, average_of
from osa_daemon.report.nights import last_nights
from osa_daemon.web.failures import AbsentError

MOST_NIGHTS: Final = 3660  # ten years
LONGEST_ID: Final = 100

Read = Callable[[JournalReader], dict[str, Any]]


def read(path: Path, what: Read) -> dict[str, Any]:
    """Return what `what` finds in the journal.

    Raises:
        StorageError: there is no journal, or it cannot be read.
        AbsentError: it has no such night or event.
    """
    with JournalReader.open(path) as journal:
        return what(journal)


def nights(journal: JournalReader) -> dict[str, Any]:
    """Return all nights, the latest first, and the average of the last of them."""
    rows = last_nights(journal, MOST_NIGHTS)
    average = average_of(rows[:AVERAGED_NIGHTS])
    return {
        "v": 1,
        "nights": [night_fields(row) for row in rows],
        "average_14": None if average is None else round(average.index, 1),
    }


def night(text: str) -> Read:
    """Return what reads the night of this date."""
    wanted = date_of(text)

    def find(journal: JournalReader) -> dict[str, Any]:
        row = next((row for row in last_nights(journal, MOST_NIGHTS) if row.night == wanted), None)
        events, minutes = journal.events_of(wanted), journal.minutes_of(wanted)
        if row is None and not events and not minutes:
            raise AbsentError(f"The journal has no night {wanted}.")
        return {
            "v": 1,
            "night": wanted.isoformat(),
            **({} if row is None else night_fields(row)),
            "minutes": minutes_fields(minutes),
            "event_list": [event_fields(event) for event in events],
            "alert_list": [alert_fields(alert) for alert in journal.alerts_of(wanted)],
        }

    return find


def event(event_id: str) -> Read:
    """Return what reads one event, its course, and which came before and after it."""

    def find(journal: JournalReader) -> dict[str, Any]:
        found = journal.event_named(event_id[:LONGEST_ID])
        if found is None:
            raise AbsentError("The journal has no such event.")
        before, after = journal.beside(found)
        trace = journal.trace_of(found.id)
        return {
            "event": event_fields(found),
            "trace": None if trace is None else trace_fields(found, trace),
            "previous": before,
            "next": after,
        }

    return find


def date_of(text: str) -> date:
    """Return the date that a path names.

    Raises:
        InputError: it is none.
    """
    try:
        return datetime.strptime(text, "%Y-%m-%d").date()  # noqa: DTZ007  # a date has no zone
    except ValueError:
        raise InputError("A night is named by the date of its evening, as 2026-11-29.") from None
