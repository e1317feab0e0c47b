"""The night that is going on: its figures, kept across restarts, told and rolled over at noon."""

import json
from dataclasses import asdict
from datetime import UTC, date, datetime

from osa_daemon.journal.rows import NightRow
from osa_daemon.publish import topics
from osa_daemon.scoring.event import Event
from osa_daemon.scoring.night import NightCounts, NightFigures, NightTally, night_of
from osa_daemon.scoring.thresholds import ScoringSettings
from osa_daemon.service.bulletin import Bulletin
from osa_daemon.service.chain import Step
from osa_daemon.service.store import Store


class Tonight:
    """Counts steps and events of the night they fall into."""

    def __init__(
        self,
        store: Store,
        bulletin: Bulletin,
        rules: ScoringSettings,
        keep_days: int,
        now: datetime,
    ) -> None:
        self._store = store
        self._bulletin = bulletin
        self._rules = rules
        self._keep_days = keep_days
        self.night, self.tally, self._started = self._begin(now)
        self._tell_last()

    def step(self, step: Step) -> None:
        """Count one frame with its events."""
        self.tally.push(step.frame, step.scored)

    def add(self, event: Event) -> None:
        """Count an event that came apart from a frame."""
        self.tally.add(event)

    def roll(self, now: datetime) -> None:
        """Begin a new night where noon has passed."""
        if night_of(now) == self.night:
            return
        self.save()
        self.night, self.tally, self._started = self._begin(now)
        self._tell_last()
        self._store.use(lambda j: j.forget_before(self.night, self._keep_days))

    def save(self) -> None:
        """Commit the figures, and tell them."""
        figures = self.tally.figures()
        row = NightRow(
            self.night,
            self._started.astimezone(UTC),
            datetime.now(UTC),
            json.dumps(asdict(figures)),
            json.dumps(asdict(self.tally.counts())),
        )
        self._store.use(lambda j: j.record_night(row))
        self.tell()

    def tell(self) -> None:
        """Publish the figures so far."""
        figures = self.tally.figures()
        self._bulletin.night(topics.NIGHT_CURRENT.suffix, self.night, figures, self._started)

    def _begin(self, now: datetime) -> tuple[date, NightTally, datetime]:
        """Go on with the night that the journal knows, or begin one."""
        night = night_of(now)
        row = self._store.use(lambda j: j.night(night))
        if row is None:
            return night, NightTally(self._rules), now
        counts = NightCounts(**json.loads(row.counts))
        return night, NightTally(self._rules, counts), row.started_utc.astimezone()

    def _tell_last(self) -> None:
        rows = self._store.use(lambda j: j.last_nights(2)) or ()
        for row in rows:
            if row.night < self.night:
                figures = NightFigures(**json.loads(row.figures))
                started = row.started_utc.astimezone()
                self._bulletin.night(topics.NIGHT_LAST.suffix, row.night, figures, started)
                return
