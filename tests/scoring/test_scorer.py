"""The scorer as a whole: live changes, acknowledging, finishing, late readings."""

from dataclasses import replace

from osa_daemon.scoring.event import Progress
from osa_daemon.scoring.thresholds import ScoringSettings, Thresholds


def test_settings_change_live(script_frames, new_scorer):
    """A shorter alert time holds from the next frame on."""
    frames, _ = script_frames("breathing 60, apnea 40")
    scoring = new_scorer()
    for frame in frames[: 75 * 5]:
        scoring.push(frame)
    scoring.adopt(replace(ScoringSettings(), alert_after_s=15.0))
    assert scoring.push(frames[75 * 5]).alert_active


def test_a_less_sensitive_setting_finds_less(play):
    """Thresholds over the readings find nothing."""
    script = "breathing 60, apnea 40, breathing 60"
    told = play(script, thresholds=Thresholds(event=0.97, in_progress=0.97))
    assert told.events == []
    assert Progress.ON not in {state for _, state in told.states()}


def test_acknowledging_tells_of_it(script_frames, new_scorer):
    """The alert ends at once and the state stays on."""
    frames, _ = script_frames("breathing 60, apnea 40")
    scoring = new_scorer()
    for frame in frames:
        scoring.push(frame)
    told = scoring.acknowledge()
    assert [alert.acknowledged for alert in told.alerts] == [True]
    assert not told.alert_active
    assert told.progress is Progress.ON


def test_finishing_takes_the_late_readings(script_frames, new_scorer):
    """Events in the last seconds need the delayed readings that come at the end."""
    frames, rest = script_frames("breathing 60, apnea 12, breathing 10")
    scoring = new_scorer()
    for frame in frames:
        assert scoring.push(frame).events == ()
    assert [event.onset_s for event in scoring.finish(rest).events] == [60.0]


def test_finishing_at_once_is_fine(new_scorer):
    """A source that gave nothing has nothing to close."""
    told = new_scorer().finish()
    assert (told.events, told.alerts, told.progress) == ((), (), Progress.UNKNOWN)


def test_a_reading_that_comes_twice_counts_once(script_frames, new_scorer):
    """Readings given in a frame and again at the end are taken once."""
    frames, rest = script_frames("breathing 60, apnea 12, breathing 10")
    scoring = new_scorer()
    for frame in frames:
        scoring.push(frame)
    early = [frame.delayed for frame in frames if frame.delayed]
    assert len(scoring.finish([*early, *rest]).events) == 1
