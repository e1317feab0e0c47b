"""How sure a night's estimated events per hour are, and their average over nights."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from osa_daemon.journal.rows import NightRow
from osa_daemon.poisson import interval
from osa_daemon.scoring.night import NightFigures, read_counts, read_figures

AVERAGED_NIGHTS: Final = 14
COVERS: Final = (
    "95 % interval of a Poisson rate (Garwood's exact one): the error of counting alone. That "
    "the detector misses events and tells of false ones, and that pauses come in clusters, makes "
    "the true uncertainty larger."
)


@dataclass(frozen=True, slots=True)
class Average:
    """The mean index of the nights, among the last `AVERAGED_NIGHTS`, that have one."""

    index: float
    nights: int
    least: float
    most: float


def interval_of(row: NightRow) -> tuple[float, float] | None:
    """Return the 95 % interval of a night's index, events per hour; None where it has no index."""
    figures, counts = read_figures(row.figures), read_counts(row.counts)
    if figures is None or figures.index is None or figures.monitorable_s <= 0:
        return None
    hours = figures.monitorable_s / 3600
    is_counted = counts is not None and counts.monitorable_frames > 0
    events = counts.monitorable_events if counts and is_counted else round(figures.index * hours)
    low, high = interval(events)
    return round(low / hours, 1), round(high / hours, 1)


def average_of(rows: Iterable[NightRow]) -> Average | None:
    """Return the average over nights, of which no more than `AVERAGED_NIGHTS` are given."""
    return average([read_figures(row.figures) for row in rows])


def average(nights: Sequence[NightFigures | None]) -> Average | None:
    """Return the average of those that have an index; None where none has."""
    told = [night.index for night in nights if night is not None and night.index is not None]
    return Average(sum(told) / len(told), len(told), min(told), max(told)) if told else None
