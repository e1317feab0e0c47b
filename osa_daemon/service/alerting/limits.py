"""How many alerts there may be: the hours, the least time between two, the most in a night."""

from collections import Counter
from collections.abc import Iterable
from datetime import date, datetime, timedelta

from osa_daemon.journal.rows import AlertRow
from osa_daemon.scoring.event import AlertKind, AlertLevel, Permission
from osa_daemon.scoring.night import night_of
from osa_daemon.settings.alerts import Alerts

LAST_ONE = " It is the last one in this night, but for what is urgent."


class Limits:
    """Counts the alerts of a night by their kind; an alert that begins as urgent is not counted.

    Times are local; a clock that was set back does not hold anything up.
    """

    def __init__(self, night: date, known: Iterable[AlertRow] = ()) -> None:
        self._night = night
        self._counts: Counter[AlertKind] = Counter()
        self._last: dict[AlertKind, datetime] = {}
        for row in known:
            self.count(row.kind, row.raised_utc.astimezone())

    def permission(self, alerts: Alerts, kind: AlertKind, now: datetime) -> Permission:
        """Return what of a kind may be raised at the local time `now`."""
        active, quiet = alerts.active_span(), alerts.quiet_span()
        if not alerts.enabled or (active is not None and now.time() not in active):
            return Permission.NONE
        if quiet is not None and now.time() in quiet:
            return Permission.URGENT
        if self._is_soon(alerts, kind, now) or self.left(alerts, kind, now) == 0:
            return Permission.URGENT
        return Permission.ALL

    def left(self, alerts: Alerts, kind: AlertKind, now: datetime) -> int | None:
        """Return how many of a kind this night still may have; None where there is no limit."""
        self._roll(now)
        if alerts.max_per_night is None:
            return None
        return max(alerts.max_per_night - self._counts[kind], 0)

    def was_told(self, kind: AlertKind, now: datetime) -> bool:
        """Whether this night has had an alert of a kind."""
        self._roll(now)
        return self._counts[kind] > 0

    def count(self, kind: AlertKind, now: datetime, level: AlertLevel = AlertLevel.ALERT) -> None:
        """Count an alert that was raised."""
        self._roll(now)
        self._last[kind] = now
        if level is AlertLevel.ALERT:
            self._counts[kind] += 1

    def _is_soon(self, alerts: Alerts, kind: AlertKind, now: datetime) -> bool:
        last = self._last.get(kind)
        pause = timedelta(minutes=alerts.repeat_minutes)
        return last is not None and timedelta() <= now - last < pause

    def _roll(self, now: datetime) -> None:
        if night_of(now) != self._night:
            self._night = night_of(now)
            self._counts.clear()
