"""The alert policy as the daemon begins with it: from the settings and what the journal knows."""

from collections.abc import Callable
from datetime import datetime, timedelta

from osa_daemon.scoring.night import night_of
from osa_daemon.service.alerting.board import Board, Tell
from osa_daemon.service.alerting.conditions import Cluster
from osa_daemon.service.alerting.limits import Limits
from osa_daemon.service.alerting.policy import AlertPolicy
from osa_daemon.service.alerting.record import Record
from osa_daemon.service.store import Store
from osa_daemon.settings.alerts import MOST_CLUSTER_MINUTES, Alerts

LONGEST_CLUSTER = timedelta(minutes=MOST_CLUSTER_MINUTES)


def alert_policy(
    store: Store, tell: Tell, settings: Callable[[], Alerts], now: datetime
) -> AlertPolicy:
    """Return a policy that counts what was raised and decided before a restart."""
    night = night_of(now)
    told = store.look(lambda j: j.alerts_of(night)) or ()
    events = store.look(lambda j: j.events_between(now - LONGEST_CLUSTER, now)) or ()
    cluster = Cluster(event.end_utc.astimezone() for event in events)
    return AlertPolicy(Board(tell, Record(store)), Limits(night, told), cluster, settings)
