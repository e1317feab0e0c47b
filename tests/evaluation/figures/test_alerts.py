"""Alerts: due, late, early, held back."""

import math

import pytest

from osa_daemon.evaluation.figures.alerts import (
    Policy,
    alert_figures,
    dues_of,
    false_alerts,
    verdicts_of,
)
from tests.evaluation.judged import alert, apnea, hypopnea, matched, night

POLICY = Policy()


def test_delay_runs_from_onset_and_threshold():
    """An apnea from 100 s is due at 130 s; an alert at 133 s is 3 s late."""
    (due,) = dues_of(night([apnea(100, 40)], alerts=[alert(133)]), POLICY)
    assert (due.due_s, due.delay_s, due.held_back) == (130.0, 3.0, False)


def test_only_apneas_that_pass_the_threshold_are_due():
    """Not one of exactly 30 s, not a hypopnea, not one that sound cannot find."""
    truth = [apnea(100, 30), hypopnea(200, 50), apnea(400, 50, counts=False)]
    assert dues_of(night(truth), POLICY) == []


def test_an_apnea_without_alert_is_endless():
    """It counts in median and percentile, which then have no value."""
    figures = alert_figures(matched(night([apnea(100, 40)])), POLICY)
    assert (figures["due"], figures["alerted"], figures["share_alerted"]) == (1, 0, 0.0)
    assert (figures["median_s"], figures["percentile_95_s"]) == (None, None)


def test_two_seconds_early_is_still_right():
    """At 2 s before it is due an alert is right, earlier it is false."""
    on_time = night([apnea(100, 40)], alerts=[alert(128)])
    early = night([apnea(100, 40)], alerts=[alert(127.8, 100)])
    assert (verdicts_of(on_time, POLICY), verdicts_of(early, POLICY)) == (["right"], ["early"])
    assert math.isinf(dues_of(early, POLICY)[0].delay_s)
    assert not dues_of(early, POLICY)[0].held_back


def test_what_the_policy_holds_back_is_left_out():
    """Five minutes after an alert the next apnea is no repeat that was due."""
    truth = [apnea(100, 40), apnea(400, 40), apnea(1200, 40)]
    figures = alert_figures(matched(night(truth, alerts=[alert(131), alert(1232)])), POLICY)
    assert (figures["apneas"], figures["held_back"], figures["due"]) == (3, 1, 2)
    assert (figures["alerted"], figures["median_s"], figures["percentile_95_s"]) == (2, 1.0, 2.0)


def test_after_the_pause_of_the_policy_it_is_due_again():
    """An apnea whose alert is due 600 s after the last one is not held back."""
    truth = [apnea(100, 40), apnea(701, 40)]
    dues = dues_of(night(truth, alerts=[alert(131)]), POLICY)
    assert [due.held_back for due in dues] == [False, False]


def test_a_false_alert_holds_back_too():
    """The policy does not know that the alert before was false, and the apnea is left out."""
    (due,) = dues_of(night([apnea(400, 40)], alerts=[alert(200)]), POLICY)
    assert due.held_back


def test_urgent_after_alert_is_no_second_one():
    """The same pause told again is neither right a second time nor false."""
    one = night([apnea(100, 70)], alerts=[alert(131), alert(161, 100, urgent=True)])
    assert verdicts_of(one, POLICY) == ["right", "again"]


def test_false_alerts_say_what_they_lie_on():
    """On a hypopnea, on a short apnea, on nothing; not on one that sound cannot find."""
    truth = [
        hypopnea(100, 40),
        apnea(300, 29),
        apnea(800, 40, counts=False),
    ]
    alerts = [alert(131), alert(329), alert(600), alert(831)]
    one = night(truth, alerts=alerts)
    assert verdicts_of(one, POLICY) == ["other event", "other event", "no event", "uncounted"]
    assert false_alerts(one) == 3


def test_a_late_alert_may_come_after_the_end():
    """An apnea of 31 s is told at 133 s though it ended at 131 s."""
    (due,) = dues_of(night([apnea(100, 31)], alerts=[alert(133)]), POLICY)
    assert due.delay_s == 3.0


def test_the_threshold_is_the_policys():
    """With 20 s, an apnea of 25 s is due at 20 s."""
    (due,) = dues_of(night([apnea(100, 25)], alerts=[alert(121, 100)]), Policy(after_s=20.0))
    assert due.delay_s == pytest.approx(1.0)


def test_no_nights_have_no_delays():
    """Nothing due: no share, no median, no error."""
    figures = alert_figures([], POLICY)
    assert (figures["due"], figures["share_alerted"], figures["median_s"]) == (0, None, None)
