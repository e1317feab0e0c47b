"""The nights that a journal holds, with every event in their figures."""

import json
from dataclasses import asdict, replace
from datetime import UTC, datetime
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
    if counts == before or figures_of(before) != read_figures(row.figures):
        return row  # the second: its counts are not those of its figures, which then stand alone
    return replace(
        row, figures=json.dumps(asdict(figures_of(counts))), counts=json.dumps(asdict(counts))
    )


def _without_figures(journal: JournalReader, rows: list[NightRow]) -> list[NightRow]:
    """Return nights that are so new that only their events are there, the latest first."""
    since = rows[0].updated_utc if rows else datetime.min.replace(tzinfo=UTC)
    later = journal.events_between(since, datetime.max.replace(tzinfo=UTC))
    return [
        recount(night, tuple(events), journal.minutes_of(night))
        for night, events in groupby(reversed(later), key=lambda event: event.night)
        if not rows or night > rows[0].night
    ]
