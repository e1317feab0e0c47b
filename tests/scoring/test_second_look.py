"""Whether the delayed reading keeps an alert back."""

from collections.abc import Iterable
from dataclasses import replace

from osa_daemon.detector.frame import Delayed
from osa_daemon.scoring.event import AlertLevel, Progress
from osa_daemon.scoring.second_look import LEAST, SecondLook

ONSET = 300  # frames: the pause of the script begins at 60 s


def looked(probabilities: Iterable[float], first: int = ONSET) -> SecondLook:
    """A second look that was told these probabilities of an apnea, one a frame."""
    look = SecondLook()
    for index, p in enumerate(probabilities, first):
        look.push(Delayed(index, 1.0, 0.0, p, 0.0, 0.0, 0.0))
    return look


def test_what_is_unlikely_is_doubted():
    """The mean of the last 5 s decides, of apnea and hypopnea together."""
    assert looked([0.4] * 50).doubts(ONSET, 0.5)
    assert not looked([0.6] * 50).doubts(ONSET, 0.5)
    assert not looked([0.1] * 50 + [0.6] * 25).doubts(ONSET, 0.5)


def test_too_little_is_no_doubt():
    """An alert after a few seconds of pause has no second look, and comes all the same."""
    assert not SecondLook().doubts(ONSET, 0.5)
    assert not looked([0.0] * (LEAST - 1)).doubts(ONSET, 0.5)
    assert looked([0.0] * LEAST).doubts(ONSET, 0.5)


def test_what_was_before_the_pause_does_not_matter():
    """Breath before it is no doubt of it."""
    assert not looked([0.0] * 50, first=ONSET - 50).doubts(ONSET, 0.5)


def test_a_doubted_pause_alerts_nobody_until_it_is_believed(script_frames, new_scorer):
    """The state is told, the notice too; the alert comes once the delayed reading agrees."""
    frames, _ = script_frames("breathing 60, apnea 70, breathing 30")

    def doubtful(delayed: Delayed | None, until: int) -> Delayed | None:
        inside = delayed is not None and ONSET <= delayed.index < until
        return replace(delayed, apnea=0.3) if inside else delayed

    def alerts(until: int) -> list[tuple[AlertLevel, float]]:
        scoring, told = new_scorer(), []
        for frame in frames:
            scored = scoring.push(replace(frame, delayed=doubtful(frame.delayed, until)))
            told += [(a.level, frame.index / 5) for a in scored.alerts if a.active]
            if 75 < frame.index / 5 < 125:
                assert scored.progress is Progress.ON
        return told

    believed, doubted, late = alerts(ONSET), alerts(ONSET + 350), alerts(ONSET + 75)
    assert [level for level, _ in believed] == [AlertLevel.ALERT, AlertLevel.URGENT]
    assert doubted == []
    assert late[0][0] is AlertLevel.ALERT
    assert believed[0][1] + 3 < late[0][1] < believed[0][1] + 15
