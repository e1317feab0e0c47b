"""What holds for every stream of frames, sane or not."""

from dataclasses import asdict, replace
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from osa_daemon.detector.frame import Delayed, Frame
from osa_daemon.scoring.event import Progress
from osa_daemon.scoring.night import NightTally
from osa_daemon.scoring.thresholds import ScoringSettings

KINDS = ["breathing", "snoring", "apnea", "effort", "hypopnea", "hold", "lost", "muted", "empty"]
PARTS = st.tuples(
    st.sampled_from([*KINDS, "covered", "gap"]),
    st.sampled_from([0.2, 0.6, 1, 2.8, 3, 5, 9.8, 10, 12, 15, 31, 62, 125]),
)
SCRIPTS = st.lists(PARTS, min_size=1, max_size=9).map(
    lambda parts: ", ".join(f"{kind} {seconds}" for kind, seconds in parts)
)
PROBABILITY = st.sampled_from([0.0, 0.1, 0.29, 0.31, 0.45, 0.5, 0.55, 0.9, 1.0])


@st.composite
def noise(draw):
    """Frames held for a while each, of any probabilities, some left out, with any delay."""
    delay = draw(st.integers(0, 90))
    frames, readings, index = [], [], draw(st.integers(0, 1000))
    for _ in range(draw(st.integers(1, 12))):
        index += draw(st.sampled_from([0, 0, 0, 1, 40, 3000]))
        p = draw(st.tuples(*[PROBABILITY] * 6))
        valid, silent, clipped = draw(st.tuples(st.booleans(), st.booleans(), st.booleans()))
        for _ in range(draw(st.sampled_from([1, 4, 15, 49, 50, 61, 160, 320, 610]))):
            readings.append(Delayed(index, *p))
            late = readings[-1 - delay] if len(readings) > delay else None
            frames.append(
                Frame(index, valid or not silent, -50, -70, clipped, silent and valid, *p, late)
            )
            index += 1
    return frames, readings[max(len(readings) - delay, 0) :]


@pytest.fixture(scope="session")
def check(score_frames):
    """Score and look at what must always hold."""

    def _check(frames, rest):
        told = score_frames(frames, rest)
        _check_events(told)
        _check_states(told)
        _check_alerts(told)
        return told

    return _check


def _check_events(told):
    for event in told.events:
        assert 10.0 <= event.duration_s < 120.0
        assert 0.0 <= event.confidence <= 1.0
    for before, after in pairwise(told.events):
        assert before.end_s <= after.onset_s
    assert len({event.id for event in told.events}) == len(told.events)
    for step in told.steps:
        for event in step.events:
            assert event.end_s <= (step.index + 1) / 5


def _check_states(told):
    for step in told.steps:
        on = step.progress is Progress.ON
        assert on == (step.progress_onset_s is not None)
        if on:
            assert 10.0 <= (step.index + 1) / 5 - step.progress_onset_s + 1e-9 <= 120.0
        assert step.monitorable or step.progress is Progress.UNKNOWN
        assert step.monitorable or not step.audible
    assert told.last.progress is Progress.UNKNOWN
    assert not told.last.alert_active


def _check_alerts(told):
    active = False
    for step in told.steps:
        for alert in step.alerts:
            if alert.active:
                assert step.progress is Progress.ON
                assert (step.index + 1) / 5 - step.progress_onset_s >= 30.0 - 1e-9
            elif alert.level.value != "notice":
                assert active
                assert step.progress is Progress.OFF
            active = alert.active
        assert step.alert_active == active


@settings(max_examples=60, deadline=None)
@given(script=SCRIPTS)
def test_scripts_are_scored_sanely(check, script_frames, script):
    """Events are apart, in order, 10 to 120 s; states and alerts follow their rules."""
    check(*script_frames(script))


@settings(max_examples=60, deadline=None)
@given(stream=noise())
def test_noise_is_scored_sanely(check, stream):
    """The same holds where the detector talks nonsense and sound comes and goes."""
    check(*stream)


@settings(max_examples=25, deadline=None)
@given(script=SCRIPTS)
def test_the_same_frames_give_the_same_answers(script_frames, score_frames, script):
    """Scoring is deterministic: state lives in the scorer alone."""
    frames, rest = script_frames(script)
    assert score_frames(frames, rest) == score_frames(frames, rest)


@settings(max_examples=25, deadline=None)
@given(script=SCRIPTS, at=st.integers(0, 200), offset=st.integers(1, 10_000_000))
def test_time_is_relative(script_frames, score_frames, script, at, offset):
    """A stream that begins at a later index gives the same events, as much later."""
    frames, rest = script_frames(script)
    shifted = [
        replace(
            f,
            index=f.index + offset,
            delayed=f.delayed and replace(f.delayed, index=f.delayed.index + offset),
        )
        for f in frames
    ]
    later = score_frames(shifted, [replace(r, index=r.index + offset) for r in rest])
    onsets = [round(e.onset_s * 5) + offset for e in score_frames(frames, rest).events]
    assert [round(e.onset_s * 5) for e in later.events] == onsets


@settings(max_examples=25, deadline=None)
@given(script=SCRIPTS, cut=st.floats(0, 1))
def test_a_night_can_be_counted_in_two_parts(script_frames, new_scorer, script, cut):
    """A tally that goes on from another's counts ends with the same totals of time."""
    frames, _ = script_frames(script)
    scoring = new_scorer()
    pairs = [(frame, scoring.push(frame)) for frame in frames]
    at = round(cut * len(pairs))
    whole, first = NightTally(ScoringSettings()), NightTally(ScoringSettings())
    for pair in pairs:
        whole.push(*pair)
    for pair in pairs[:at]:
        first.push(*pair)
    second = NightTally(ScoringSettings(), first.counts())
    for pair in pairs[at:]:
        second.push(*pair)
    parts, total = asdict(second.counts()), asdict(whole.counts())
    for name in ("apneas", "hypopneas", "monitorable_frames", "heard_frames", "gap_frames"):
        assert parts[name] == total[name]


def test_a_frame_that_goes_back_is_a_bug(script_frames, new_scorer):
    """Frames come in order."""
    frames, _ = script_frames("breathing 2")
    scoring = new_scorer()
    scoring.push(frames[5])
    with pytest.raises(ValueError, match="frame 4 came after frame 5"):
        scoring.push(frames[4])
