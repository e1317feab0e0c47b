"""A policy, and a time that a test lets pass."""

from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

from osa_daemon.scoring.event import Alert, AlertLevel, Progress, Scored
from osa_daemon.scoring.night import night_of
from osa_daemon.service.alerting.board import Board, Standing
from osa_daemon.service.alerting.conditions import Cluster
from osa_daemon.service.alerting.limits import Limits
from osa_daemon.service.alerting.policy import AlertPolicy, Moment
from osa_daemon.settings.alerts import Alerts

ELEVEN = datetime(2026, 3, 1, 23, 0).astimezone()
ABSENT = "No microphone named x is connected."


class Bed:
    """A policy, and a time that a test lets pass."""

    def __init__(self, **settings: Any) -> None:
        self.settings = Alerts(**settings)
        self.told: list[tuple[Alert, datetime]] = []
        self.second = 0.0
        self.is_night = True
        self.skew = timedelta()
        board = Board(lambda alert, since: self.told.append((alert, since)), self)
        limits = Limits(night_of(ELEVEN))
        self.policy = AlertPolicy(board, limits, Cluster(), lambda: self.settings)

    def raised(self, standing: Standing) -> None:
        """The log is tried elsewhere."""

    def ended(self, standing: Standing, now: datetime, *, acknowledged: bool) -> None:
        """The log is tried elsewhere."""

    @property
    def now(self) -> datetime:
        """The wall clock."""
        return self.at(self.second)

    def at(self, second: float) -> datetime:
        """The wall clock at a second of the stream."""
        return ELEVEN + self.skew + timedelta(seconds=second)

    def passes(
        self,
        seconds: int,
        lost: str | None = None,
        *,
        rests: bool = False,
        monitorable: bool = True,
        unstored: str | None = None,
    ) -> None:
        """Let seconds pass in a state, with a tick in each, and a frame where it listens."""
        for _ in range(seconds):
            self.second += 1
            if lost is None and not rests:
                self.policy.step(self.scored(monitorable=monitorable), self.at, self.now)
            lost = None if rests else lost
            moment = Moment(self.second, self.now, lost, rests, self.is_night, unstored)
            self.policy.tick(moment)

    def scored(self, *alerts: Alert, monitorable: bool = True) -> Scored:
        """What a frame led to."""
        progress = Progress.UNKNOWN
        return Scored(0, monitorable, monitorable, progress, None, False, alerts, ())

    def pause(self, level: AlertLevel = AlertLevel.ALERT, since_s: float | None = None) -> None:
        """The ladder raises an alert of a pause that began 30 s ago, or then."""
        since_s = self.second - 30 if since_s is None else since_s
        alert = Alert(True, level, "apnea", since_s, "No breathing sound for 30 s.")
        self.policy.step(self.scored(alert), self.at, self.now)

    def over(self, since_s: float, level: AlertLevel = AlertLevel.ALERT) -> None:
        """The ladder says that the pause is over."""
        alert = Alert(False, level, "apnea", since_s, "Breathing is heard again.")
        self.policy.step(self.scored(alert), self.at, self.now)

    def cluster(self, count: int = 2) -> None:
        """So many events end now."""
        for _ in range(count):
            self.policy.event(self.now)
        self.passes(1)

    def sees(self) -> list[tuple[bool, str, str]]:
        """What was told, in order."""
        return [(alert.active, alert.kind, alert.level.value) for alert, _ in self.told]

    def texts(self) -> list[str]:
        """The sentences that were told, in order."""
        return [alert.text for alert, _ in self.told]

    def began(self) -> list[str]:
        """The kind of each alert that the house saw begin, as an automation does: off, then on."""
        states = [(False, "", ""), *self.sees()]
        return [kind for (was, _, _), (is_on, kind, _) in pairwise(states) if is_on and not was]
