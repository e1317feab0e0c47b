"""How many alerts there may be, and at what hours."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from osa_daemon.journal.rows import AlertRow
from osa_daemon.scoring.event import Permission
from osa_daemon.scoring.night import night_of
from osa_daemon.service.alerting.limits import Limits
from osa_daemon.settings.alerts import Alerts

ELEVEN = datetime(2026, 3, 1, 23, 0).astimezone()
ALL, URGENT, NONE = Permission.ALL, Permission.URGENT, Permission.NONE


@pytest.fixture
def limits() -> Limits:
    """Limits of a night without alerts."""
    return Limits(night_of(ELEVEN))


@pytest.mark.parametrize(
    ("hour", "permission"), [(21, NONE), (22, URGENT), (23, URGENT), (2, ALL), (8, ALL), (9, NONE)]
)
def test_the_hours_rule(limits: Limits, hour: int, permission: Permission):
    """Outside the active hours nothing, in the quiet ones only what is urgent."""
    alerts = Alerts(active_hours="22:00-09:00", quiet_hours="22:00-02:00")
    assert limits.permission(alerts, "apnea", ELEVEN.replace(hour=hour)) is permission


def test_without_alerts_nothing_may_be_raised(limits: Limits):
    """The switch passes over everything."""
    assert limits.permission(Alerts(enabled=False), "technical", ELEVEN) is NONE


def test_after_an_alert_the_next_of_its_kind_waits(limits: Limits):
    """Ten minutes by default, what is urgent not; other kinds do not wait for it."""
    limits.count("apnea", ELEVEN)
    soon, later = ELEVEN + timedelta(minutes=9, seconds=59), ELEVEN + timedelta(minutes=10)
    assert limits.permission(Alerts(), "apnea", soon) is URGENT
    assert limits.permission(Alerts(), "technical", soon) is ALL
    assert limits.permission(Alerts(), "apnea", later) is ALL


def test_a_clock_that_was_set_back_holds_nothing_up(limits: Limits):
    """An alert in the future says nothing of now."""
    limits.count("apnea", ELEVEN)
    assert limits.permission(Alerts(), "apnea", ELEVEN - timedelta(hours=1)) is ALL


def test_the_cap_holds_until_noon(limits: Limits):
    """It counts each kind by itself, and anew in the next night."""
    alerts = Alerts(max_per_night=2, repeat_minutes=1)
    for minute in (2, 4):
        at = ELEVEN + timedelta(minutes=minute)
        assert limits.permission(alerts, "apnea", at) is ALL
        limits.count("apnea", at)
    late = ELEVEN + timedelta(hours=5)
    assert limits.permission(alerts, "apnea", late) is URGENT
    assert limits.permission(alerts, "cluster", late) is ALL
    assert limits.left(alerts, "apnea", late) == 0
    assert limits.permission(alerts, "apnea", ELEVEN + timedelta(hours=13)) is ALL
    assert limits.left(Alerts(max_per_night=None), "apnea", late) is None


def test_technical_alerts_have_neither_cap_nor_quiet_hours(limits: Limits):
    """Who sleeps by quiet hours must know all the same that nobody listens."""
    alerts = Alerts(max_per_night=1, repeat_minutes=1, quiet_hours="22:00-07:00")
    for minute in range(0, 30, 3):
        limits.count("technical", ELEVEN + timedelta(minutes=minute))
    assert limits.permission(alerts, "technical", ELEVEN + timedelta(hours=1)) is ALL
    off = Alerts(active_hours="07:00-22:00")
    assert limits.permission(off, "technical", ELEVEN + timedelta(hours=1)) is NONE


def test_what_was_raised_before_a_restart_counts():
    """A daemon that is started again and again does not raise more."""
    row = AlertRow(ELEVEN.astimezone(UTC), None, night_of(ELEVEN), "apnea", "alert", "t", False)
    limits = Limits(night_of(ELEVEN), [row])
    assert limits.was_told("apnea", ELEVEN)
    assert limits.left(Alerts(max_per_night=1), "apnea", ELEVEN) == 0


@given(st.lists(st.integers(1, 3600), max_size=60), st.integers(1, 5), st.integers(1, 60))
def test_never_more_than_the_settings_say(pauses_s: list[int], most: int, repeat: int):
    """However alerts are asked for: no two too close, and no more than the cap in a night."""
    alerts, limits = Alerts(max_per_night=most, repeat_minutes=repeat), Limits(night_of(ELEVEN))
    now, raised = ELEVEN, []
    for pause_s in pauses_s:
        now += timedelta(seconds=pause_s)
        if limits.permission(alerts, "apnea", now) is ALL:
            limits.count("apnea", now)
            raised.append(now)
    gaps = [b - a for a, b in pairwise(raised)]
    assert all(gap >= timedelta(minutes=repeat) for gap in gaps)
    nights = [night_of(at) for at in raised]
    assert all(nights.count(night) <= most for night in nights)
