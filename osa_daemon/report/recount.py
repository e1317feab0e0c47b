"""A night counted anew from what the journal holds of it."""

import json
from collections.abc import Sequence
from dataclasses import asdict, replace
from datetime import date, timedelta

from osa_daemon.features.features import FRAME_RATE_HZ
from osa_daemon.journal.rows import EventRow, MinuteRow, NightRow
from osa_daemon.scoring.night import NightCounts, figures_of


def at_least(counts: NightCounts, events: Sequence[EventRow]) -> NightCounts:
    """Return `counts` with no fewer events than there are; some may not have been stored."""
    apneas = [event.duration_s for event in events if event.type == "apnea"]
    return replace(
        counts,
        apneas=max(counts.apneas, len(apneas)),
        hypopneas=max(counts.hypopneas, len(events) - len(apneas)),
        monitorable_events=max(
            counts.monitorable_events, sum(event.monitorable for event in events)
        ),
        longest_apnea_s=max([counts.longest_apnea_s, *apneas]),
    )


def recount(night: date, events: Sequence[EventRow], minutes: Sequence[MinuteRow]) -> NightRow:
    """Return the row of a night that has these events and minutes, and at least one of them."""
    rates = [row.breathing_rate_bpm for row in minutes if row.breathing_rate_bpm is not None]
    seconds = NightCounts(
        heard_frames=_frames([row.heard_s for row in minutes]),
        gap_frames=_frames([row.gap_s for row in minutes]),
        monitorable_frames=_frames([row.monitorable_s for row in minutes]),
        snoring_frames=_frames([row.snoring_s for row in minutes]),
        rate_sum_bpm=sum(rates),
        rate_count=len(rates),
    )
    counts = at_least(seconds, events)
    begun = [event.onset_utc for event in events] + [row.start_utc for row in minutes]
    ended = [event.end_utc for event in events] + [row.start_utc + _lasted(row) for row in minutes]
    return NightRow(
        night,
        min(begun),
        max(ended),
        json.dumps(asdict(figures_of(counts))),
        json.dumps(asdict(counts)),
    )


def _frames(seconds: Sequence[float]) -> int:
    return round(sum(seconds) * FRAME_RATE_HZ)


def _lasted(row: MinuteRow) -> timedelta:
    return timedelta(seconds=row.heard_s + row.gap_s)
