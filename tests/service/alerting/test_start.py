"""What a policy knows when the daemon begins: what the journal knows."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from osa_daemon.journal.journal import Journal
from osa_daemon.journal.rows import AlertRow, EventRow
from osa_daemon.scoring.event import Alert, Permission
from osa_daemon.scoring.night import night_of
from osa_daemon.service.alerting.policy import Moment
from osa_daemon.service.alerting.start import alert_policy
from osa_daemon.service.store import Store
from osa_daemon.settings.alerts import Alerts

NOW = datetime(2026, 3, 1, 23, 0).astimezone()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """A store over a new journal."""
    made = Store(lambda: Journal.open(tmp_path / "journal.sqlite3"), lambda _problem: None)
    yield made
    made.close()


def event(name: str, minutes_ago: float) -> EventRow:
    """An event of 20 s that ended so long ago."""
    end = (NOW - timedelta(minutes=minutes_ago)).astimezone(UTC)
    onset = end - timedelta(seconds=20)
    return EventRow(name, "apnea", onset, end, 20.0, 0.9, "silent", True, False, night_of(NOW))


def test_events_before_the_start_count_for_a_cluster(store: Store):
    """One before, one after: two in half an hour."""
    for row in (event("a", 20), event("b", 50)):
        store.does(lambda j, row=row: j.record_event(row, "{}", NOW))  # type: ignore[misc]
    settings, told = Alerts(cluster_events=2), list[Alert]()
    policy = alert_policy(store, lambda alert, _since: told.append(alert), lambda: settings, NOW)
    policy.tick(Moment(0.0, NOW, None, rests=False, is_night=True))
    assert told == []
    policy.event(NOW)
    policy.tick(Moment(1.0, NOW, None, rests=False, is_night=True))
    assert [(alert.active, alert.kind) for alert in told] == [(True, "cluster")]


def test_alerts_before_the_start_count(store: Store):
    """The interval to the next one, and the cap."""
    raised = (NOW - timedelta(minutes=5)).astimezone(UTC)
    row = AlertRow(raised, None, night_of(NOW), "apnea", "alert", "A pause.", acknowledged=False)
    store.does(lambda j: j.record_alert(row))
    policy = alert_policy(store, lambda *_: None, Alerts, NOW)
    assert policy.permission(NOW) is Permission.URGENT
    assert policy.permission(NOW + timedelta(minutes=6)) is Permission.ALL


def test_without_a_journal_it_begins_with_nothing(tmp_path: Path):
    """A disk that cannot be used keeps no alert back."""
    (tmp_path / "file").write_text("")
    broken = Store(lambda: Journal.open(tmp_path / "file" / "journal"), lambda _problem: None)
    assert broken.problem is not None
    policy = alert_policy(broken, lambda *_: None, Alerts, NOW)
    assert policy.permission(NOW) is Permission.ALL
