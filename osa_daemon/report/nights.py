"""The nights that a journal holds, with every event in their figures."""

import json
from dataclasses import asdict, replace
from datetime import UTC, datetime, time, timedelta
from itertools import groupby

from osa_daemon.journal.reader import JournalReader
from osa_daemon.journal.rows import NightRow
from osa_daemon.report.recount import at_least, recount
from osa_daemon.scoring.night import NightCounts, figures_of, read_counts, read_figures


def last_nights(journal: JournalReader, limit: int) -> list[NightRow]:
    """Return the last nights whose figures can be read, the latest first.

    An event is committed when it is decided, the figures every five minutes: those of the night
    that goes on are brought up to its events, so that both say the same.
    """
    rows = [row for row in journal.nights(limit) if read_figures(row.figures) is not None]
    if rows:
        rows[0] = _with_events(journal, rows[0])
    return [*_without_figures(journal, rows), *rows][:limit]


def _with_events(journal: JournalReader, row: NightRow) -> NightRow:
    before = read_counts(row.counts) or NightCounts()
    counts = at_least(before, journal.events_of(row.night))
    if counts == before or not _are_of(before, row):
        return row
    return replace(
        row, figures=json.dumps(asdict(figures_of(counts))), counts=json.dumps(asdict(counts))
    )


def _are_of(counts: NightCounts, row: NightRow) -> bool:
    """Return whether these counts made the row's figures; other figures stand as they are."""
    told = read_figures(row.figures)
    made = figures_of(counts)  # the sentence may have had other words
    return told is not None and replace(told, index_reason=made.index_reason) == made


def _without_figures(journal: JournalReader, rows: list[NightRow]) -> list[NightRow]:
    """Return nights that are so new that only their events are there, the latest first."""
    since = datetime.min.replace(tzinfo=UTC)
    if rows:
        since = datetime.combine(rows[0].night + timedelta(days=1), time(12)).astimezone()
    later = journal.events_between(since, datetime.max.replace(tzinfo=UTC))
    return [
        recount(night, tuple(events), journal.minutes_of(night))
        for night, events in groupby(reversed(later), key=lambda event: event.night)
        if not rows or night > rows[0].night
    ]
