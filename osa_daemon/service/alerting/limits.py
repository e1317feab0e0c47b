"""How many alerts there may be: the hours, the least time between two, the most in a night."""

from collections import Counter
from collections.abc import Iterable
from datetime import date, datetime, timedelta

from osa_daemon.journal.rows import AlertRow
from osa_daemon.scoring.event import AlertKind, Permission
from osa_daemon.scoring.night import night_of
from osa_daemon.settings.alerts import Alerts


class Limits:
    """Counts the alerts of a night by their kind.

    Technical alerts keep the interval alone: who sleeps by quiet hours, or has had many alerts,
    must know all the same that nobody listens. Times are local, and moved where the clock is set.
    """

    def __init__(self, night: date, known: Iterable[AlertRow] = ()) -> None:
        self._night = night
        self._counts: Counter[AlertKind] = Counter()
        self._last: dict[AlertKind, datetime] = {}
        for row in known:
            self.count(row.kind, row.raised_utc.astimezone())

    def permission(self, alerts: Alerts, kind: AlertKind, now: datetime) -> Permission:
        """Return what of a kind may be raised at the local time `now`."""
        if not self.is_time(alerts, now):
            return Permission.NONE
        quiet = alerts.quiet_span()
        is_quiet = quiet is not None and now.time() in quiet and kind != "technical"
        if is_quiet or self._is_soon(alerts, kind, now) or self.left(alerts, kind, now) == 0:
            return Permission.URGENT
        return Permission.ALL

    @staticmethod
    def is_time(alerts: Alerts, now: datetime) -> bool:
        """Return whether anything may be raised at all."""
        active = alerts.active_span()
        return alerts.enabled and (active is None or now.time() in active)

    def left(self, alerts: Alerts, kind: AlertKind, now: datetime) -> int | None:
        """Return how many of a kind this night still may have; None where there is no limit."""
        self._roll(now)
        if alerts.max_per_night is None or kind == "technical":
            return None
        return max(alerts.max_per_night - self._counts[kind], 0)

    def was_told(self, kind: AlertKind, now: datetime) -> bool:
        """Return whether this night has had an alert of a kind."""
        self._roll(now)
        return self._counts[kind] > 0

    def count(self, kind: AlertKind, now: datetime) -> None:
        """Count an alert that was raised."""
        self._roll(now)
        self._last[kind] = now
        self._counts[kind] += 1

    def move(self, by: timedelta, now: datetime) -> None:
        """The clock was set: the same night goes on, under the name that it has `now`."""
        self._night = night_of(now)
        self._last = {kind: last + by for kind, last in self._last.items()}

    def _is_soon(self, alerts: Alerts, kind: AlertKind, now: datetime) -> bool:
        last = self._last.get(kind)
        pause = timedelta(minutes=alerts.repeat_minutes)
        return last is not None and timedelta() <= now - last < pause

    def _roll(self, now: datetime) -> None:
        if night_of(now) != self._night:
            self._night = night_of(now)
            self._counts.clear()
