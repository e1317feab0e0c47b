"""The plain data that enters this room: what is known of a night."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import chain

from osa_daemon.journal.rows import AlertRow, EventRow, MinuteRow, NightRow
from osa_daemon.report.index import Average, average_of
from osa_daemon.scoring.night import NightFigures, read_figures


@dataclass(frozen=True, slots=True)
class About:
    """What made the report: version, digest of the detector's file, and how good that is.

    `measured` is a sentence with its source, of `performance.measured`.
    """

    version: str
    model_sha256: str
    measured: str


@dataclass(frozen=True, slots=True)
class Night:
    """A night as the journal has it; something is known of it.

    `row` is None where no figures were written; `before` are the rows of the nights up to this
    one, at most 14, the latest first, this one among them.
    """

    night: date
    row: NightRow | None
    events: tuple[EventRow, ...]
    alerts: tuple[AlertRow, ...]
    minutes: tuple[MinuteRow, ...]
    before: tuple[NightRow, ...]
    about: About

    @property
    def figures(self) -> NightFigures | None:
        """The night's figures, None where there are none, or none that can be read."""
        return None if self.row is None else read_figures(self.row.figures)

    @property
    def average(self) -> Average | None:
        """The average of the nights up to this one."""
        return average_of(self.before)

    @property
    def began_utc(self) -> datetime:
        """When the first of what was heard of it began; whole seconds.

        Its figures begin at noon where listening rests in the day: they count only where nothing
        else is known.
        """
        starts = chain(
            (event.onset_utc for event in self.events),
            (minute.start_utc for minute in self.minutes),
            (alert.raised_utc for alert in self.alerts),
        )
        begun = [*starts] or [row.started_utc for row in (self.row,) if row is not None]
        return min(begun).replace(microsecond=0)

    @property
    def ended_utc(self) -> datetime:
        """When the last of what was heard of it ended."""
        ends = chain(
            (event.end_utc for event in self.events),
            (minute.start_utc + _lasted(minute) for minute in self.minutes),
            (alert.ended_utc or alert.raised_utc for alert in self.alerts),
        )
        return max([*ends] or [row.updated_utc for row in (self.row,) if row is not None])


def _lasted(minute: MinuteRow) -> timedelta:
    return timedelta(seconds=minute.heard_s + minute.gap_s)
