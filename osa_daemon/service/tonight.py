"""The night that is going on: its figures, kept across restarts, told and rolled over at noon."""

import json
from dataclasses import asdict, replace
from datetime import UTC, date, datetime, timedelta

from osa_daemon.clock import SYSTEM_CLOCK, Clock
from osa_daemon.journal.rows import NightRow
from osa_daemon.publish import topics
from osa_daemon.report.recount import at_least
from osa_daemon.scoring.event import Event
from osa_daemon.scoring.night import (
    NightCounts,
    NightTally,
    figures_of,
    night_of,
    read_counts,
    read_figures,
)
from osa_daemon.scoring.thresholds import ScoringSettings
from osa_daemon.service.bulletin import Bulletin
from osa_daemon.service.chain import Step
from osa_daemon.service.store import Store

SAVE_S = 300.0  # an SD card wears with every write; events that are not counted yet are found again
CALM_S = 3600.0  # without a step of the clock, before old nights are forgotten by what it says


class Tonight:
    """Counts steps and events of the night they fall into."""

    def __init__(
        self,
        store: Store,
        bulletin: Bulletin,
        rules: ScoringSettings,
        keep_days: int,
        now: datetime,
        *,
        clock: Clock = SYSTEM_CLOCK,
    ) -> None:
        self._store = store
        self._clock = clock
        self._bulletin = bulletin
        self._rules = rules
        self._keep_days = keep_days
        self._saved: NightCounts | None = None
        self._saved_s = self._clock.monotonic_s()
        self._forget_s: float | None = self._saved_s + CALM_S
        self.night, self.tally, self._started = self._begin(now)
        self._tell_last()

    def adopt(self, rules: ScoringSettings, keep_days: int) -> None:
        """Go by other settings from now on; what is counted stays."""
        self._rules = rules
        self._keep_days = keep_days
        self.tally.adopt(rules)

    def step(self, step: Step) -> None:
        """Count one frame; its events are given to `add` once they are known to be new."""
        self.tally.push(step.frame, replace(step.scored, events=()))

    def add(self, event: Event, night: date) -> None:
        """Count a committed event in its night, which after noon may be the one before.

        An event of a later night is committed after `roll`: what the new night begins with are
        the events that the journal has, and this one would count twice.
        """
        if night == self.night:
            self.tally.add(event)
        else:
            self._add_late(night)

    def resume(self) -> None:
        """Take what the journal knows of this night, where it could be opened only now."""
        row, _, before = self._known(self.night)
        if before is not None:
            self.tally.resume(before)
        if row is not None:
            self._started = min(self._started, row.started_utc.astimezone())
        self._tell_last()

    def move(self, by: timedelta, now: datetime) -> None:
        """The clock was set: what was counted is of the night in which it truly began.

        A step over noon ends that night; `roll` then begins the next.
        """
        self._started = min(self._started + by, now)
        self.night = night_of(self._started)
        self._saved = None
        self._forget_s = self._clock.monotonic_s() + CALM_S

    def read_again(self, now: datetime) -> None:
        """Take the nights as the journal has them, where their rows were dated anew."""
        breath_clock = self.tally.breath_clock
        self.night, self.tally, self._started = self._begin(now)
        self.tally.breath_clock = breath_clock
        self._tell_last()
        self.tell()

    def roll(self, now: datetime) -> None:
        """Begin a new night where noon has passed."""
        if night_of(now) == self.night:
            return
        self.save()
        self.night, self.tally, self._started = self._begin(now)
        self._tell_last()
        self._forget_s = self._clock.monotonic_s() + CALM_S

    def minute(self) -> None:
        """Tell the figures, and commit them now and then."""
        if self._forget_s is not None and self._clock.monotonic_s() >= self._forget_s:
            self._forget_s = None
            self._store.does(lambda j: j.forget_before(self.night, self._keep_days))
        if self._clock.monotonic_s() - self._saved_s >= SAVE_S:
            self.save()
        else:
            self.tell()

    def save(self) -> None:
        """Commit the figures where they changed, and tell them."""
        self._saved_s = self._clock.monotonic_s()
        counts = self.tally.counts()
        if counts != self._saved:
            row = NightRow(
                self.night,
                self._started.astimezone(UTC),
                self._clock.utc(),
                json.dumps(asdict(self.tally.figures())),
                json.dumps(asdict(counts)),
            )
            if self._store.does(lambda j: j.record_night(row)):
                self._saved = counts
        self.tell()

    def tell(self) -> None:
        """Publish the figures so far."""
        figures = self.tally.figures()
        self._bulletin.night(topics.NIGHT_CURRENT.suffix, self.night, figures, self._started)

    def _add_late(self, night: date) -> None:
        """Let the figures of a night that is over tell of an event that is in the journal now."""
        row, _, counts = self._known(night)
        if row is None or counts is None:
            return
        figures = json.dumps(asdict(figures_of(counts)))
        late = replace(
            row, updated_utc=self._clock.utc(), figures=figures, counts=json.dumps(asdict(counts))
        )
        if self._store.does(lambda j: j.record_night(late)):
            self._tell_last()

    def _begin(self, now: datetime) -> tuple[date, NightTally, datetime]:
        """Go on with the night that the journal knows, or begin one."""
        night = night_of(now)
        row, stored, counts = self._known(night)
        self._saved = NightCounts() if row is None else stored
        if row is None or stored is None:
            return night, NightTally(self._rules, counts), now
        return night, NightTally(self._rules, counts), row.started_utc.astimezone()

    def _known(self, night: date) -> tuple[NightRow | None, NightCounts | None, NightCounts | None]:
        """Return what the journal has of a night: its row, the counts in it, and those that hold.

        A daemon that is killed between an event's commit and that of the figures has decided one
        more than the figures say.
        """
        row = self._store.look(lambda j: j.night(night))
        stored = None if row is None else read_counts(row.counts)
        events = self._store.look(lambda j: j.events_of(night)) or ()
        if not events:
            return row, stored, stored
        return row, stored, at_least(stored or NightCounts(), events)

    def _tell_last(self) -> None:
        rows = self._store.look(lambda j: j.last_nights(2)) or ()
        for row in rows:
            figures = read_figures(row.figures)
            if row.night < self.night and figures is not None:
                started = row.started_utc.astimezone()
                self._bulletin.night(topics.NIGHT_LAST.suffix, row.night, figures, started)
                return
