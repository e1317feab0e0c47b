"""The ladder of alerts: notice, alert, urgent; how often, and when it is over."""

from dataclasses import replace

import pytest

from osa_daemon.scoring.event import AlertLevel, Permission, Progress
from osa_daemon.scoring.ladder import Ladder
from osa_daemon.scoring.thresholds import ScoringSettings

NOTICE, ALERT, URGENT = AlertLevel.NOTICE, AlertLevel.ALERT, AlertLevel.URGENT


class Night:
    """A ladder, and the pauses that it is told of."""

    def __init__(self, **settings):
        self.ladder = Ladder(ScoringSettings(**settings))
        self.alerts = []

    def pause(self, onset_s, length_s, after=Progress.OFF, from_s=10):
        """Play a pause from its tenth second, and the state after it."""
        for tenth in range(from_s * 10, round(length_s * 10)):
            self.tell(onset_s + tenth / 10, Progress.ON, onset_s)
        self.tell(onset_s + length_s, after, None)

    def tell(self, now_s, state, onset_s=None, *, breath_heard=True):
        """Tell the state at one moment."""
        alerts = self.ladder.push(now_s, state, onset_s, breath_heard=breath_heard)
        self.alerts += [(now_s, alert) for alert in alerts]

    def rungs(self):
        """Return what was told: active and level."""
        return [(alert.active, alert.level) for _, alert in self.alerts]


def test_below_twenty_seconds_nothing_is_told():
    """A pause of 10 s is a matter for the log."""
    night = Night()
    night.pause(100, 19.9)
    assert night.alerts == []


def test_a_notice_comes_at_twenty_seconds_without_alert():
    """A notice is told with `active` false."""
    night = Night()
    night.pause(100, 25, after=Progress.UNKNOWN)
    assert [(round(at, 1), alert.active, alert.level) for at, alert in night.alerts] == [
        (120.0, False, NOTICE)
    ]


def test_where_only_urgent_is_permitted_an_alert_waits():
    """In quiet hours a pause is told of at 60 s; the notice makes no sound anyway."""
    night = Night()
    night.ladder.permission = Permission.URGENT
    night.pause(100, 70)
    assert night.rungs() == [(False, NOTICE), (True, URGENT), (False, URGENT)]


def test_what_was_not_permitted_holds_nothing_up():
    """A pause that could not be told of does not count as an alert for the interval."""
    night = Night()
    night.ladder.permission = Permission.URGENT
    night.pause(100, 40)
    night.ladder.permission = Permission.ALL
    night.pause(200, 40)
    assert (True, ALERT) in night.rungs()


def test_where_nothing_is_permitted_nothing_is_raised():
    """An alert that waited comes as soon as it may, while its pause lasts."""
    night = Night()
    night.ladder.permission = Permission.NONE
    night.pause(100, 70, after=Progress.ON)
    assert night.rungs() == [(False, NOTICE)]
    night.ladder.permission = Permission.ALL
    night.tell(171, Progress.ON, 100)
    assert night.rungs()[1:] == [(True, URGENT)]


def test_a_notice_is_taken_back_with_breath():
    """What stays to be read after the pause says that it is over, once."""
    night = Night()
    night.pause(100, 25)
    night.tell(126, Progress.OFF)
    assert [(alert.level, alert.text) for _, alert in night.alerts] == [
        (NOTICE, "No breathing sound for 20 s."),
        (NOTICE, "Breathing is heard again."),
    ]
    assert {alert.since_s for _, alert in night.alerts} == {100}


def test_finishing_takes_a_notice_back():
    """When listening ends a notice is over too."""
    night = Night()
    night.pause(100, 25, after=Progress.UNKNOWN)
    (alert,) = night.ladder.finish()
    assert (alert.active, alert.level) == (False, NOTICE)
    assert alert.text == "Listening ended before breathing was heard again."
    assert night.ladder.finish() == ()


def test_a_moment_off_without_breath_ends_nothing():
    """The same pause goes on after 2 s: its alert stands, and urgent comes in its time."""
    night = Night()
    night.pause(100, 40, after=Progress.ON)
    for tenth in range(400, 420):
        night.tell(100 + tenth / 10, Progress.OFF, breath_heard=False)
    night.pause(100, 70, from_s=42)
    assert night.rungs() == [(False, NOTICE), (True, ALERT), (True, URGENT), (False, URGENT)]


def test_a_moment_off_without_breath_leaves_the_pause_silenced():
    """An alert that someone took note of is not raised again by the same pause."""
    night = Night()
    night.pause(100, 40, after=Progress.ON)
    night.ladder.acknowledge()
    night.tell(140, Progress.OFF, breath_heard=False)
    night.pause(100, 80, from_s=42)
    assert night.rungs() == [(False, NOTICE), (True, ALERT)]


def test_off_without_breath_is_over_after_the_merging_gap():
    """Longer than 3 s: the alert ends, and does not speak of a breath that nobody heard."""
    night = Night()
    night.pause(100, 40, after=Progress.ON)
    for second in (140, 143, 143.2):
        night.tell(second, Progress.OFF, breath_heard=False)
    at, alert = night.alerts[-1]
    assert (at, alert.active, alert.level) == (143.2, False, ALERT)
    assert alert.text == "The pause in breathing sound is no longer heard."


def test_an_alert_comes_after_its_time_and_ends_with_breath():
    """At `alert_after_s` the alert is raised, with the first breath it is over."""
    night = Night()
    night.pause(100, 40)
    assert night.rungs() == [(False, NOTICE), (True, ALERT), (False, ALERT)]
    assert night.alerts[1][0] == pytest.approx(130.0)
    assert night.alerts[2][0] == pytest.approx(140.0)


def test_an_alert_tells_of_its_pause():
    """It names the onset and how long no breathing sound has been heard."""
    night = Night()
    night.pause(100, 40)
    alert = night.alerts[1][1]
    assert (alert.kind, alert.since_s, alert.text) == ("apnea", 100, "No breathing sound for 30 s.")


def test_the_alert_time_is_a_setting():
    """`alert_after_s` moves the alert; a notice that would come later is left out."""
    night = Night(alert_after_s=15.0)
    night.pause(100, 25)
    assert night.rungs() == [(True, ALERT), (False, ALERT)]


def test_urgent_comes_at_a_minute():
    """At 60 s the alert becomes urgent."""
    night = Night()
    night.pause(100, 70)
    assert night.rungs()[1:] == [(True, ALERT), (True, URGENT), (False, URGENT)]


def test_urgent_never_comes_before_the_alert_time():
    """With a later alert time urgent waits as long."""
    night = Night(alert_after_s=90.0)
    night.pause(100, 80, after=Progress.UNKNOWN)
    assert night.rungs() == [(False, NOTICE)]


def test_alerts_keep_their_distance():
    """Within 10 minutes of an alert the next pause raises only a notice."""
    night = Night()
    night.pause(100, 40)
    night.pause(300, 40)
    night.pause(900, 40)
    raised = [alert.since_s for _, alert in night.alerts if alert.active]
    assert raised == [100, 900]


def test_urgent_passes_the_distance():
    """A pause of a minute alerts however lately another did."""
    night = Night()
    night.pause(100, 40)
    night.pause(200, 70)
    assert night.rungs()[3:] == [(False, NOTICE), (True, URGENT), (False, URGENT)]


def test_an_unknown_state_leaves_the_alert_standing():
    """Once sent, an alert stays until breath is heard."""
    night = Night()
    night.pause(100, 40, after=Progress.UNKNOWN)
    assert night.ladder.active is ALERT
    night.tell(150, Progress.OFF)
    assert night.rungs()[-1] == (False, ALERT)


def test_acknowledging_ends_the_alert():
    """Someone took note: the alert is over and says why; the rest of the pause is silent."""
    night = Night()
    night.pause(100, 40, after=Progress.ON)
    (alert,) = night.ladder.acknowledge()
    assert (alert.active, alert.acknowledged) == (False, True)
    night.pause(100, 80)
    assert night.rungs() == [(False, NOTICE), (True, ALERT)]


def test_the_next_pause_is_not_silenced():
    """Acknowledging holds for one pause only."""
    night = Night()
    night.pause(100, 40, after=Progress.UNKNOWN)
    night.ladder.acknowledge()
    night.tell(150, Progress.OFF)
    night.pause(2000, 40)
    assert (True, ALERT) in night.rungs()[2:]


def test_acknowledging_nothing_tells_nothing():
    """Without an alert there is nothing to take note of."""
    assert Ladder(ScoringSettings()).acknowledge() == ()


def test_alerts_can_be_off():
    """With alerts off nothing is raised."""
    night = Night(alerts=False)
    night.pause(100, 90)
    assert night.alerts == []


def test_finishing_ends_the_alert():
    """When listening ends the alert is taken back: nobody could do so later."""
    night = Night()
    night.pause(100, 40, after=Progress.UNKNOWN)
    (alert,) = night.ladder.finish()
    assert not alert.active
    assert night.ladder.finish() == ()


def test_the_alert_stays_when_the_pause_becomes_unknown(play):
    """At 120 s the state is unknown and the alert stands until breath is heard."""
    told = play("breathing 60, apnea 200, breathing 30")
    assert told.steps[200 * 5].alert_active
    assert not told.steps[-1].alert_active
    assert [(a.active, a.level) for a in told.alerts] == [
        (False, NOTICE),
        (True, ALERT),
        (True, URGENT),
        (False, URGENT),
    ]


def test_a_dip_of_the_reading_does_not_end_the_alert(script_frames, score_frames):
    """2 s of a lower reading without a breath: off, on with the same onset, the alert stands."""
    frames, rest = script_frames("breathing 60, apnea 80, breathing 30")
    dip = range(105 * 5, 107 * 5)
    told = score_frames([replace(f, apnea=0.05) if f.index in dip else f for f in frames], rest)
    assert told.state_at(107.0) is Progress.OFF
    onsets = {s.progress_onset_s for s in told.steps if s.progress is Progress.ON}
    assert len(onsets) == 1
    assert [(a.active, a.level) for a in told.alerts] == [
        (False, NOTICE),
        (True, ALERT),
        (True, URGENT),
        (False, URGENT),
    ]
    assert told.alerts[-1].text == "Breathing is heard again."


def test_a_breath_soon_after_the_dip_ends_the_alert(script_frames, score_frames):
    """The reading falls before the breath is sure of: the alert ends with it, not 3 s later."""
    frames, rest = script_frames("breathing 60, apnea 50, hold 2, breathing 30")
    told = score_frames(frames, rest)
    over = [s for s in told.steps if any(not a.active and a.level is ALERT for a in s.alerts)]
    assert 112.0 <= over[0].index / 5 <= 113.6
    assert over[0].alerts[0].text == "Breathing is heard again."
