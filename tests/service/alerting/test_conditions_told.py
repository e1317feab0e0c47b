"""Alerts of the microphone, of clusters, and of the index: when they are told."""

from datetime import timedelta

import pytest

from tests.service.alerting.bed import ABSENT, Bed


def test_a_microphone_that_fails_for_long_is_told_of():
    """After two minutes, once; over when sound has arrived for a while."""
    bed = Bed()
    bed.passes(120, ABSENT)
    assert bed.told == []
    bed.passes(1200, ABSENT)
    assert bed.sees() == [(True, "technical", "alert")]
    assert bed.told[0][1] == bed.at(1), "since it fails"
    bed.passes(30)
    assert len(bed.told) == 1
    bed.passes(1)
    assert bed.sees()[1:] == [(False, "technical", "alert")]
    assert bed.texts() == [ABSENT, "Sound arrives again."]


@pytest.mark.parametrize(("dead_s", "alive_s"), [(110, 10), (125, 5), (20, 25)])
def test_a_loose_contact_is_told_of_once(dead_s: int, alive_s: int):
    """Moments of sound make a microphone no better; nor is it told of again and again."""
    bed = Bed()
    for _ in range(60):
        bed.passes(dead_s, ABSENT)
        bed.passes(alive_s)
    assert bed.sees() == [(True, "technical", "alert")]


def test_nobody_to_listen_to_is_no_failure():
    """Paused, by day, or where the settings say null, the microphone is not missed."""
    paused, by_day, silent = Bed(), Bed(), Bed(technical_after_s=None)
    paused.passes(600, ABSENT, rests=True)
    by_day.is_night = False
    by_day.passes(600, ABSENT)
    silent.passes(600, ABSENT)
    assert paused.told == by_day.told == silent.told == []
    by_day.is_night = True
    by_day.passes(1, ABSENT)
    assert by_day.began() == ["technical"], "what failed by day is told in the evening"
    by_day.is_night = False
    by_day.passes(1, ABSENT)
    assert by_day.texts()[-1] == "The night is over."


def test_a_disk_that_takes_no_events_is_told_of():
    """After two minutes, once, with its sentence; over when it takes them. Listening goes on."""
    bed = Bed()
    bed.passes(120, unstored="The disk is full.")
    assert bed.told == []
    bed.passes(1200, unstored="The disk is full.")
    assert bed.sees() == [(True, "technical", "alert")]
    bed.passes(300)
    bed.passes(130, unstored="The disk is full.")
    bed.passes(600)
    assert len(bed.told) == 1
    bed.passes(1)
    assert bed.sees()[1:] == [(False, "technical", "alert")]
    assert bed.texts() == ["The disk is full.", "Events can be stored again."]


def test_a_disk_that_was_full_for_a_minute_is_not_told_of_later():
    """What went by before its time is no news, and an alert has a sentence."""
    bed = Bed()
    bed.passes(60, unstored="The disk is full.")
    bed.passes(590)
    assert bed.told == []
    bed.passes(1, unstored="The disk is full.")
    assert bed.texts() == ["The disk is full."], "it fails again and again"


def test_a_microphone_outweighs_a_disk():
    """Who hears nothing is told of that first; of the disk once it is over."""
    bed = Bed()
    bed.passes(130, unstored="The disk is full.")
    bed.passes(130, ABSENT, unstored="The disk is full.")
    assert bed.texts()[0] == "The disk is full."
    assert bed.texts()[-1] == ABSENT
    bed.passes(3600, unstored="The disk is full.")
    assert bed.texts()[-1] == "The disk is full."


def test_an_acknowledged_failure_is_not_told_again_while_it_lasts():
    """A moment out of bed does not change that; another night, or another failure, does."""
    bed = Bed()
    bed.passes(130, ABSENT)
    bed.policy.acknowledge(bed.now)
    bed.passes(1200, ABSENT)
    bed.passes(600, ABSENT, rests=True)
    bed.passes(1200, ABSENT)
    assert [alert.acknowledged for alert, _ in bed.told] == [False, True]
    bed.skew = timedelta(days=1)
    bed.passes(1, ABSENT)
    assert bed.began() == ["technical", "technical"]
    bed.policy.acknowledge(bed.now)
    bed.passes(700)
    bed.passes(121, ABSENT)
    assert bed.began() == ["technical"] * 3


def test_breathing_that_is_not_heard_for_long_is_told_of_where_asked():
    """One monitorable moment begins the time anew; off by default."""
    bed = Bed(inaudible_minutes=5, technical_after_s=None)
    bed.passes(299, monitorable=False)
    bed.passes(1)
    bed.passes(150, monitorable=False)
    bed.passes(150, ABSENT)
    assert bed.told == []
    bed.passes(1, monitorable=False)
    assert bed.texts() == ["Breathing could not be heard for 5 min."]
    bed.passes(1)
    assert bed.texts()[1:] == ["Breathing can be heard."]
    default = Bed()
    default.passes(1000, monitorable=False)
    assert default.told == []


def test_a_cluster_is_told_once_and_is_over_when_it_thins_out():
    """Three events in five minutes."""
    bed = Bed(cluster_events=3, cluster_minutes=5)
    for _ in range(3):
        bed.passes(30)
        bed.policy.event(bed.now)
    bed.passes(260)
    assert bed.sees() == [(True, "cluster", "alert")]
    bed.passes(30)
    assert bed.sees()[1:] == [(False, "cluster", "alert")]


def test_a_cluster_in_the_quiet_hours_waits_for_their_end():
    """It is not lost, if it still holds then."""
    bed = Bed(cluster_events=2, cluster_minutes=60, quiet_hours="22:00-23:10")
    bed.cluster()
    bed.passes(598)
    assert bed.told == []
    bed.passes(2)
    assert bed.sees() == [(True, "cluster", "alert")]


def test_a_high_index_is_told_once_in_a_night():
    """It may fall and rise again; who got up is told all the same, and nobody rings for nothing."""
    bed = Bed(index_above=10)
    for index in (None, 9.0, 11.0, 12.0, 8.0, 14.0):
        bed.policy.index(index, bed.now)
        bed.passes(1200, rests=True)
    assert bed.sees() == [(True, "index", "alert"), (False, "index", "alert")]
