"""What is raised of all that holds, and when it is over."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from osa_daemon.errors import ConfigError
from osa_daemon.publish.payloads import DaemonState
from osa_daemon.scoring.event import Alert, AlertLevel, Permission, Progress, Scored
from osa_daemon.scoring.night import night_of
from osa_daemon.service.alerting.board import Board, Standing
from osa_daemon.service.alerting.conditions import Cluster
from osa_daemon.service.alerting.limits import Limits
from osa_daemon.service.alerting.policy import AlertPolicy
from osa_daemon.settings.alerts import Alerts

ELEVEN = datetime(2026, 3, 1, 23, 0).astimezone()
ABSENT: tuple[DaemonState, str] = ("no_microphone", "No microphone named x is connected.")
HEARS: tuple[DaemonState, str] = ("monitoring", "It hears.")


class Bed:
    """A policy, and a time that a test lets pass."""

    def __init__(self, **settings: Any) -> None:
        self.settings = Alerts(**settings)
        self.told: list[Alert] = []
        self.second = 0.0
        board = Board(lambda alert, _since: self.told.append(alert), self)
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
        return ELEVEN + timedelta(seconds=second)

    def passes(
        self,
        seconds: int,
        condition: tuple[DaemonState, str] = HEARS,
        *,
        storage: str | None = None,
        monitorable: bool = True,
    ) -> None:
        """Let seconds pass in a state, with a frame and a tick in each."""
        for _ in range(seconds):
            self.second += 1
            self.policy.step(self.scored(monitorable=monitorable), self.at, self.now)
            self.policy.tick(self.second, self.now, *condition, storage)

    def scored(self, *alerts: Alert, monitorable: bool = True) -> Scored:
        """What a frame led to."""
        progress = Progress.UNKNOWN
        return Scored(0, monitorable, monitorable, progress, None, False, alerts, ())

    def pause(self, level: AlertLevel = AlertLevel.ALERT, since_s: float | None = None) -> None:
        """The ladder raises an alert of a pause that began 30 s ago, or then."""
        since_s = self.second - 30 if since_s is None else since_s
        alert = Alert(True, level, "apnea", since_s, "No breathing sound for 30 s.")
        self.policy.step(self.scored(alert), self.at, self.now)

    def over(self, since_s: float) -> None:
        """The ladder says that the pause is over."""
        alert = Alert(False, AlertLevel.ALERT, "apnea", since_s, "Breathing is heard again.")
        self.policy.step(self.scored(alert), self.at, self.now)

    def sees(self) -> list[tuple[bool, str, str]]:
        """What was told, in order."""
        return [(alert.active, alert.kind, alert.level.value) for alert in self.told]


def test_a_microphone_that_fails_for_long_is_told_of():
    """After two minutes, once; over when sound arrives."""
    bed = Bed()
    bed.passes(119, ABSENT)
    assert bed.told == []
    bed.passes(1200, ABSENT)
    assert bed.sees() == [(True, "technical", "alert")]
    assert bed.told[0].text == ABSENT[1]
    bed.passes(1)
    assert bed.sees()[1:] == [(False, "technical", "alert")]
    assert bed.told[1].text == "Sound arrives again."


def test_a_loose_contact_is_told_of_now_and_then():
    """A microphone that comes and goes raises no more than an alert in ten minutes."""
    bed = Bed()
    for _ in range(20):
        bed.passes(125, ABSENT)
        bed.passes(5)
    assert sum(active for active, _, _ in bed.sees()) == 4  # in 43 minutes


def test_nobody_to_listen_to_is_no_failure():
    """Paused, or starting, the microphone is not missed; nor where the settings say null."""
    bed = Bed()
    bed.passes(600, ("paused", "Nobody is in bed"))
    bed.passes(600, ("starting", "The sound is being opened."))
    silent = Bed(technical_after_s=None)
    silent.passes(600, ABSENT)
    assert bed.told == silent.told == []


def test_an_acknowledged_failure_is_not_told_again_while_it_lasts():
    """The next one is."""
    bed = Bed(repeat_minutes=1)
    bed.passes(130, ABSENT)
    bed.policy.acknowledge(bed.now)
    bed.passes(1200, ABSENT)
    assert [told.acknowledged for told in bed.told] == [False, True]
    bed.passes(1)
    bed.passes(130, ABSENT)
    assert bed.sees()[-1] == (True, "technical", "alert")


def test_breathing_that_is_not_heard_for_long_is_told_of_where_asked():
    """One monitorable moment begins the time anew; off by default."""
    bed = Bed(inaudible_minutes=5)
    bed.passes(299, monitorable=False)
    bed.passes(1)
    bed.passes(300, monitorable=False)
    assert bed.told == []
    bed.passes(1, monitorable=False)
    assert bed.told[0].text == "Breathing could not be heard for 5 min."
    bed.passes(1)
    assert bed.told[1].text == "Breathing can be heard."
    default = Bed()
    default.passes(1000, monitorable=False)
    assert default.told == []


def test_a_cluster_is_told_once_and_is_over_when_it_thins_out():
    """Three events in five minutes."""
    bed = Bed(cluster_events=3, cluster_minutes=5)
    for _ in range(3):
        bed.passes(30)
        bed.policy.event(bed.now)
    bed.passes(230)
    assert bed.sees() == [(True, "cluster", "alert")]
    bed.passes(60)
    assert bed.sees()[1:] == [(False, "cluster", "alert")]


def test_a_cluster_in_the_quiet_hours_waits_for_their_end():
    """It is not lost, if it still holds then."""
    bed = Bed(cluster_events=2, cluster_minutes=60, quiet_hours="22:00-23:10")
    bed.policy.event(bed.now)
    bed.policy.event(bed.now)
    bed.passes(599)
    assert bed.told == []
    bed.passes(2)
    assert bed.sees() == [(True, "cluster", "alert")]


def test_a_high_index_is_told_once_in_a_night():
    """It may fall and rise again."""
    bed = Bed(index_above=10)
    for index in (None, 9.0, 11.0, 12.0, 8.0, 14.0):
        bed.policy.index(index, bed.now)
        bed.passes(3600)
    assert bed.sees() == [(True, "index", "alert"), (False, "index", "alert")]


def test_an_alert_that_nobody_takes_note_of_becomes_urgent():
    """After the time that was set, once; its beginning stays."""
    bed = Bed(escalate_minutes=3)
    bed.passes(30)
    bed.pause()
    bed.passes(179)
    assert bed.sees() == [(True, "apnea", "alert")]
    bed.passes(400)
    assert bed.sees()[1:] == [(True, "apnea", "urgent")]
    assert bed.told[1].text.endswith("Nobody has taken note of it.")


def test_the_last_alert_of_a_night_says_so():
    """Who waits for another must know that none comes but urgent ones."""
    bed = Bed(max_per_night=2)
    for _ in range(3):
        bed.passes(700)
        assert bed.policy.permission(bed.now) is Permission.ALL or len(bed.told) == 4
        if len(bed.told) < 4:
            bed.pause()
            bed.over(bed.second - 30)
    assert bed.policy.permission(bed.now) is Permission.URGENT
    texts = [alert.text for alert in bed.told if alert.active]
    assert [text.endswith("for what is urgent.") for text in texts] == [False, True]


def test_a_latching_alert_stays_over_the_breath():
    """Until somebody takes note; the next pause is an alert of its own."""
    bed = Bed(latching=True)
    bed.passes(30)
    bed.pause(since_s=0.0)
    bed.over(0.0)
    assert bed.sees() == [(True, "apnea", "alert")] * 2
    bed.policy.acknowledge(bed.now)
    assert bed.told[-1].acknowledged
    assert bed.told[-1].active is False


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
    assert bed.told[-1].text == "Breathing is heard again."


def test_breath_ends_no_alert_that_the_ladder_holds():
    """A moment without a pause may be part of it: the ladder says when it is over."""
    bed = Bed()
    bed.passes(30)
    bed.pause()
    bed.policy.heard(bed.now)
    assert bed.sees() == [(True, "apnea", "alert")]


def test_rest_ends_what_is_of_the_sleeper_but_not_a_test():
    """By day somebody tries out who hears of it."""
    bed = Bed()
    bed.passes(30)
    bed.pause()
    bed.policy.rest(bed.now)
    assert bed.sees()[-1] == (False, "apnea", "alert")
    bed.policy.test(bed.second, bed.now)
    bed.policy.rest(bed.now)
    assert bed.told[-1].text == "This is a test."
    bed.passes(10, ("paused", "Nobody is in bed"))
    assert bed.told[-1].text == "The test is over."


def test_a_pause_takes_the_place_of_a_test():
    """And the end of the test does not take it away."""
    bed = Bed()
    bed.passes(30)
    bed.policy.test(bed.second, bed.now)
    bed.pause()
    bed.passes(20)
    assert bed.sees() == [(True, "technical", "alert"), (True, "apnea", "alert")]


def test_a_test_takes_no_alerts_place():
    """It is refused while one is raised, and where alerts are off."""
    bed = Bed()
    bed.passes(30)
    bed.pause()
    with pytest.raises(ConfigError, match="an alert is raised already; acknowledge it first"):
        bed.policy.test(bed.second, bed.now)
    with pytest.raises(ConfigError, match="alerts are switched off"):
        Bed(enabled=False).policy.test(0.0, ELEVEN)


def test_a_disk_that_fails_makes_no_sound():
    """Events still go out: a notice, once, and its end."""
    bed = Bed()
    bed.passes(5, storage="The disk is full.")
    bed.passes(5)
    assert bed.sees() == [(False, "technical", "notice")] * 2
    assert [alert.text for alert in bed.told] == [
        "The disk is full.",
        "Events can be stored again.",
    ]


def test_the_end_leaves_no_alert():
    """Nobody could take back later what was told."""
    bed = Bed(latching=True)
    bed.passes(30)
    bed.pause()
    bed.policy.finish(bed.now)
    assert bed.sees()[-1] == (False, "apnea", "alert")
