"""Alerts of pauses: beside others, left standing, latched, in tests, at the end."""

from datetime import timedelta

import pytest

from osa_daemon.errors import ConfigError
from osa_daemon.scoring.event import Alert, AlertLevel, Permission
from tests.service.alerting.bed import ABSENT, ELEVEN, Bed


def test_a_pause_is_always_seen_to_begin():
    """Whatever stands, however urgent: the house sees its end, and then the pause."""
    for level in AlertLevel.ALERT, AlertLevel.URGENT:
        bed = Bed(cluster_events=2, cluster_minutes=60, escalate_minutes=1, latching=True)
        bed.cluster()
        bed.passes(100)
        assert bed.sees()[-1] == (True, "cluster", "urgent")
        bed.pause(level)
        bed.passes(2)
        bed.over(bed.second - 32)
        bed.passes(700)
        bed.pause(level)
        bed.passes(2)
        assert bed.began() == ["cluster", "apnea", "apnea"]


def test_what_a_pause_replaced_is_not_told_again():
    """The house knows of the cluster; only a new one is told."""
    bed = Bed(cluster_events=2, cluster_minutes=60)
    bed.cluster()
    bed.passes(30)
    bed.pause()
    bed.passes(5)
    bed.over(bed.second - 35)
    bed.passes(900)
    assert bed.began() == ["cluster", "apnea"]


def test_who_takes_note_of_a_pause_learns_that_the_microphone_is_gone():
    """What was hidden behind the alert was never told: it is, once there is room."""
    bed = Bed()
    bed.passes(30)
    bed.pause()
    bed.policy.leave()
    bed.passes(1000, ABSENT)
    assert bed.began() == ["apnea"]
    bed.policy.acknowledge(bed.now)
    bed.passes(1, ABSENT)
    assert bed.began() == ["apnea", "technical"]


def test_a_latched_alert_gives_way_to_one_that_holds():
    """Its cause is over; that nobody listens is not."""
    bed = Bed(latching=True)
    bed.passes(30)
    bed.pause(since_s=0.0)
    bed.over(0.0)
    bed.passes(130, ABSENT)
    assert bed.began() == ["apnea", "technical"]


def test_an_alert_that_nobody_takes_note_of_becomes_urgent():
    """After the time that was set, once; its beginning stays, and clocks do not matter."""
    bed = Bed(escalate_minutes=3)
    bed.passes(30)
    bed.pause(since_s=0.0)
    bed.skew = timedelta(hours=2)
    bed.passes(180)
    assert bed.sees() == [(True, "apnea", "alert")]
    bed.passes(400)
    assert bed.sees()[1:] == [(True, "apnea", "urgent")]
    assert {since for _, since in bed.told} == {ELEVEN}
    assert bed.texts()[1].endswith("Nobody has taken note of it.")


def test_a_latched_alert_becomes_urgent_too():
    """Nobody has seen it, whether breath is heard or not."""
    bed = Bed(escalate_minutes=3, latching=True)
    bed.passes(30)
    bed.pause(since_s=0.0)
    bed.over(0.0)
    bed.passes(181)
    assert bed.sees()[-1] == (True, "apnea", "urgent")


def test_outside_the_active_hours_nothing_becomes_urgent():
    """An alert that was raised before stays as it is."""
    bed = Bed(escalate_minutes=3, active_hours="22:00-23:02")
    bed.passes(30)
    bed.pause()
    bed.passes(600)
    assert bed.sees() == [(True, "apnea", "alert")]


def test_the_last_alert_of_a_night_says_so():
    """Who waits for another must know that none comes but urgent ones."""
    bed = Bed(max_per_night=2)
    for _ in range(2):
        bed.passes(700)
        assert bed.policy.permission(bed.now) is Permission.ALL
        bed.pause()
        bed.over(bed.second - 30)
    bed.passes(700)
    assert bed.policy.permission(bed.now) is Permission.URGENT
    texts = [alert.text for alert, _ in bed.told if alert.active]
    first = "No breathing sound for 30 s."
    last = "No other alert of a pause comes before noon, but for urgent ones."
    assert texts == [first, f"{first} {last}"]


def test_a_pause_after_one_that_was_left_counts_too():
    """Two alerts are two, even where the end of the first was never heard."""
    bed = Bed(max_per_night=2, repeat_minutes=1)
    for _ in range(2):
        bed.passes(100)
        bed.pause()
        bed.policy.leave()
        bed.policy.begin_stream()
    bed.passes(100)
    assert bed.began() == ["apnea", "apnea"]
    assert bed.policy.permission(bed.now) is Permission.URGENT


def test_a_latching_alert_stays_over_the_breath():
    """Until somebody takes note."""
    bed = Bed(latching=True)
    bed.passes(30)
    bed.pause(since_s=0.0)
    bed.over(0.0)
    assert bed.sees() == [(True, "apnea", "alert")] * 2
    bed.policy.acknowledge(bed.now)
    last, _ = bed.told[-1]
    assert (last.active, last.acknowledged) == (False, True)


def test_an_alert_outlives_its_stream_until_breath_is_heard():
    """The end of the stream does not take it back, nor does a notice in the next one."""
    bed = Bed()
    bed.passes(30)
    bed.pause(since_s=0.0)
    bed.policy.leave()
    bed.over(0.0)
    bed.policy.begin_stream()
    notice = Alert(False, AlertLevel.NOTICE, "apnea", 5.0, "No breathing sound for 20 s.")
    bed.policy.step(bed.scored(notice), bed.at, bed.now)
    assert bed.sees() == [(True, "apnea", "alert")]
    bed.policy.heard(bed.now)
    bed.policy.heard(bed.now)
    assert bed.sees()[1:] == [(False, "apnea", "alert")]
    assert bed.texts()[-1] == "Breathing is heard again."


def test_a_notice_is_taken_back_where_its_stream_ends():
    """There is no alert to leave standing."""
    bed = Bed()
    bed.policy.leave()
    bed.over(0.0, AlertLevel.NOTICE)
    assert bed.texts() == ["Breathing is heard again."]


def test_breath_ends_no_alert_that_the_ladder_holds():
    """A moment without a pause may be part of it: the ladder says when it is over."""
    bed = Bed()
    bed.passes(30)
    bed.pause()
    bed.policy.heard(bed.now)
    assert bed.sees() == [(True, "apnea", "alert")]


def test_rest_ends_what_is_of_the_bed_and_begins_nothing():
    """Who has got up is not rung after."""
    bed = Bed(cluster_events=2, cluster_minutes=60, repeat_minutes=1)
    bed.cluster()
    bed.passes(700, rests=True)
    assert bed.sees() == [(True, "cluster", "alert"), (False, "cluster", "alert")]
    assert bed.texts()[-1] == "Listening is over for now."


def test_a_test_can_be_made_by_day():
    """While nobody is listened to, somebody tries out who hears of it."""
    bed = Bed()
    bed.policy.test(bed.second, bed.now)
    bed.passes(9, rests=True)
    assert bed.texts() == ["This is a test."]
    bed.passes(1, rests=True)
    assert bed.texts()[1:] == ["The test is over."]


def test_a_pause_takes_the_place_of_a_test():
    """And the end of the test does not take it away."""
    bed = Bed()
    bed.passes(30)
    bed.policy.test(bed.second, bed.now)
    bed.pause()
    bed.passes(20)
    assert bed.began() == ["technical", "apnea"]
    assert bed.sees()[-1] == (True, "apnea", "alert")


def test_a_test_takes_no_alerts_place():
    """It is refused while one is raised, and where alerts are off."""
    bed = Bed()
    bed.passes(30)
    bed.policy.test(bed.second, bed.now)
    with pytest.raises(ConfigError, match="a test goes on; it ends by itself"):
        bed.policy.test(bed.second, bed.now)
    bed.pause()
    with pytest.raises(ConfigError, match="an alert is raised already; acknowledge it first"):
        bed.policy.test(bed.second, bed.now)
    with pytest.raises(ConfigError, match="alerts are switched off"):
        Bed(enabled=False).policy.test(0.0, ELEVEN)


def test_the_end_leaves_no_alert():
    """Nobody could take back later what was told."""
    bed = Bed(latching=True)
    bed.passes(30)
    bed.pause()
    bed.policy.finish(bed.now)
    assert bed.sees()[-1] == (False, "apnea", "alert")
    bed.policy.finish(bed.now)
    assert len(bed.told) == 2
