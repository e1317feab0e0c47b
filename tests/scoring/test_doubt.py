"""Whether the delayed reading keeps an alert back."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

import pytest

from osa_daemon.detector.frame import Delayed, Frame
from osa_daemon.scoring.doubt import LEAST, Doubt
from osa_daemon.scoring.event import AlertLevel, Progress
from osa_daemon.scoring.scorer import Scorer
from osa_daemon.scoring.thresholds import ScoringSettings, Thresholds

ONSET = 300  # frames: the pause of the script begins at 60 s


def looked(probabilities: Iterable[float], first: int = ONSET) -> Doubt:
    """A doubt that was told these probabilities of an apnea, one a frame."""
    doubt = Doubt()
    for index, p in enumerate(probabilities, first):
        doubt.push(Delayed(index, 1.0, 0.0, p, 0.0, 0.0, 0.0))
    return doubt


def holds(doubt: Doubt, *, is_sure: bool = True) -> bool:
    """Whether the pause from `ONSET` on is doubted below 0.5."""
    return doubt.holds(ONSET, 0.5, is_sure=is_sure)


def test_what_is_unlikely_is_doubted():
    """The mean of the last 5 s decides, of apnea and hypopnea together."""
    assert holds(looked([0.4] * 50))
    assert not holds(looked([0.6] * 50))
    assert not holds(looked([0.1] * 50 + [0.6] * 25))


def test_too_little_is_no_doubt():
    """An alert after a few seconds of pause comes all the same."""
    assert not holds(Doubt())
    assert not holds(looked([0.0] * (LEAST - 1)))
    assert holds(looked([0.0] * LEAST))


def test_what_was_before_the_pause_does_not_matter():
    """Breath before it is no doubt of it."""
    assert not holds(looked([0.0] * 50, first=ONSET - 50))


def test_what_was_doubted_is_believed_only_while_it_goes_on():
    """The delayed reading becomes sure when breath is back: too late for an alert."""
    doubt = looked([0.1] * 25)
    assert holds(doubt)
    for index in range(ONSET + 25, ONSET + 60):
        doubt.push(Delayed(index, 1.0, 0.0, 0.9, 0.0, 0.0, 0.0))
    assert holds(doubt, is_sure=False)
    assert not holds(doubt)
    assert not doubt.holds(ONSET + 30, 0.5, is_sure=False)  # another pause


Script = Callable[..., tuple[list[Frame], list[Delayed]]]


@pytest.fixture
def alerts_of(script_frames: Script, new_scorer: Callable[..., Scorer]) -> Callable[..., Any]:
    """Plays a pause at 60 s that the delayed reading doubts up to a second of it."""

    def doubtful(delayed: Delayed | None, until_s: float) -> Delayed | None:
        if delayed is None or not ONSET <= delayed.index < ONSET + until_s * 5:
            return delayed
        return replace(delayed, apnea=0.3)

    def play(script: str, until_s: float) -> list[tuple[AlertLevel, float]]:
        scoring, told = new_scorer(), []
        for frame in script_frames(script)[0]:
            scored = scoring.push(replace(frame, delayed=doubtful(frame.delayed, until_s)))
            told += [(a.level, frame.index / 5) for a in scored.alerts if a.active]
            if 75 < frame.index / 5 < 95:
                assert scored.progress is Progress.ON
        return told

    return play


def test_a_doubted_pause_alerts_nobody_until_it_is_believed(alerts_of: Callable[..., Any]):
    """The state is told all the time; the alert comes once the delayed reading agrees."""
    script = "breathing 60, apnea 55, breathing 30"
    (believed, at_s), (late, late_s) = (alerts_of(script, until)[0] for until in (0, 15))
    assert (believed, late) == (AlertLevel.ALERT, AlertLevel.ALERT)
    assert at_s + 3 < late_s < at_s + 15
    assert alerts_of(script, 55) == []


def test_no_alert_comes_when_breath_is_back(alerts_of: Callable[..., Any]):
    """The doubt is lifted by what follows the pause; nobody is woken for what is over."""
    script = "breathing 60, apnea 40, breathing 30"
    for until_s in (20, 22, 24, 26, 28, 30):
        assert [at_s for _, at_s in alerts_of(script, until_s) if at_s >= 100] == []


def test_urgent_is_not_held_back(alerts_of: Callable[..., Any]):
    """A minute without breath passes every limit, the doubt too."""
    told = alerts_of("breathing 60, apnea 70, breathing 30", 70)
    assert [level for level, _ in told] == [AlertLevel.URGENT]
    assert told[0][1] == pytest.approx(118, abs=3)


def test_a_high_threshold_of_events_doubts_no_more(
    script_frames: Script, new_scorer: Callable[..., Scorer]
):
    """Alerts go by the pause in progress: what is less than an event may still be believed."""
    rules = ScoringSettings(Thresholds(event=0.9, in_progress=0.7))
    scoring, told = new_scorer(), []
    scoring.adopt(rules)
    for frame in script_frames("breathing 60, apnea 40, breathing 30")[0]:
        delayed = frame.delayed and replace(frame.delayed, apnea=min(frame.delayed.apnea, 0.55))
        told += scoring.push(replace(frame, delayed=delayed)).alerts
    assert [a.level for a in told if a.active] == [AlertLevel.ALERT]


def test_the_notice_does_not_wait(script_frames: Script, new_scorer: Callable[..., Scorer]):
    """It makes no sound."""
    scoring, told = new_scorer(), []
    scoring.adopt(ScoringSettings(notice_s=26.0))
    for frame in script_frames("breathing 60, apnea 40, breathing 30")[0]:
        delayed = frame.delayed and replace(frame.delayed, apnea=0.1)
        told += scoring.push(replace(frame, delayed=delayed)).alerts
    assert [(a.level, a.active) for a in told][:1] == [(AlertLevel.NOTICE, False)]
    assert not any(a.active for a in told)


@pytest.mark.parametrize(("after_s", "waits"), [(21.0, False), (26.0, True)])
def test_nothing_waits_where_nothing_is_known(
    script_frames: Script, new_scorer: Callable[..., Scorer], after_s: float, *, waits: bool
):
    """The reading is 20 s late and says something from 3 s of the pause on."""
    scoring, told = new_scorer(), []
    scoring.adopt(ScoringSettings(alert_after_s=after_s))
    for frame in script_frames("breathing 60, apnea 40, breathing 30", 100)[0]:
        delayed = frame.delayed and replace(frame.delayed, apnea=0.1)
        told += scoring.push(replace(frame, delayed=delayed)).alerts
    assert any(a.active for a in told) is not waits
