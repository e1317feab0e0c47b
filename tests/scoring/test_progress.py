"""The pause in progress: on in time, off with the breath, unknown where nothing is heard."""

from dataclasses import replace

import pytest

from osa_daemon.scoring.event import Progress

ON, OFF, UNKNOWN = Progress.ON, Progress.OFF, Progress.UNKNOWN


def changes(told):
    """Return the states in the order in which they came."""
    return [state for _, state in told.states()]


def time_of(told, state):
    """Return when the state first came, in seconds."""
    return next(at for at, each in told.states() if each is state)


def test_a_pause_is_on_then_off(play):
    """Unknown at first, off once breathing is audible, on in the pause, off after it."""
    assert changes(play("breathing 60, apnea 30, breathing 30")) == [UNKNOWN, OFF, ON, OFF]


def test_on_within_five_seconds_of_ten(play):
    """The state is on within 5 s after the pause has lasted 10 s."""
    assert 70.0 <= time_of(play("breathing 60, apnea 30, breathing 30"), ON) <= 75.0


@pytest.mark.parametrize("sound", ["breathing", "snoring"])
def test_off_within_five_seconds_of_breath(play, sound):
    """The state is off within 5 s of the first breath."""
    told = play(f"breathing 60, apnea 30, {sound} 30")
    assert 90.0 <= told.states()[-1][0] <= 93.0


def test_effort_clicks_do_not_end_it(play):
    """Clicks of blocked efforts leave the state on until breath comes."""
    assert changes(play("breathing 60, effort 50, breathing 30")) == [UNKNOWN, OFF, ON, OFF]


def test_short_dips_of_the_reading_do_not_end_it(script_frames, score_frames):
    """A reading that falls for less than a second at each click keeps the state on."""
    frames, rest = script_frames("breathing 60, effort 50, breathing 30")
    dipped = [replace(f, apnea=0.05) if f.apnea > 0.5 and f.index % 17 < 5 else f for f in frames]
    assert changes(score_frames(dipped, rest)) == [UNKNOWN, OFF, ON, OFF]


def test_a_doubtful_reading_ends_it(script_frames, score_frames):
    """Between the two thresholds for 3 s it is over too."""
    frames, rest = script_frames("breathing 60, apnea 30, hold 20")
    doubtful = [replace(f, apnea=0.4) if f.index >= 90 * 5 else f for f in frames]
    told = score_frames(doubtful, rest)
    assert told.state_at(93.2) is OFF


def test_a_single_frame_does_not_begin_one(script_frames, score_frames):
    """One frame over the threshold is a flicker."""
    frames, rest = script_frames("breathing 60")
    frames[200] = replace(frames[200], apnea=0.9)
    assert ON not in changes(score_frames(frames, rest))


def test_onset_is_dated_back_to_the_last_breath(script_frames, score_frames):
    """The last breath 10 to 14 s before the crossing ends where the pause begins."""
    frames, rest = script_frames("breathing 60, apnea 30, breathing 30")
    late = [replace(f, apnea=0.1) if f.index < 72 * 5 else f for f in frames]
    told = score_frames(late, rest)
    onsets = {s.progress_onset_s for s in told.steps if s.progress is ON}
    assert len(onsets) == 1
    assert 57.6 <= onsets.pop() <= 62.0


def test_onset_without_a_breath_is_ten_seconds_back(script_frames, score_frames):
    """Where no breath was sure before, the pause has lasted 10 s at the crossing."""
    frames, rest = script_frames("breathing 60, apnea 30, breathing 30")
    faint = [replace(f, breath=0.1) for f in frames]
    told = score_frames(faint, rest)
    assert {s.progress_onset_s for s in told.steps if s.progress is ON} == {60.0}


def test_a_gap_ends_it_as_unknown(play):
    """A gap in the pause makes the state unknown, never off."""
    told = play("breathing 60, apnea 20, gap 5, breathing 30")
    assert changes(told) == [UNKNOWN, OFF, ON, UNKNOWN, OFF]
    assert told.state_at(80.0) is UNKNOWN


def test_after_a_gap_off_waits_for_breath(play):
    """A pause that a gap has cut is off only once breath is heard."""
    told = play("breathing 60, apnea 20, gap 1, hold 8, breathing 30")
    assert told.state_at(88.8) is UNKNOWN
    assert told.state_at(95.0) is OFF


def test_audible_long_enough_counts_as_breath(play):
    """Breathing too faint to be sure of, audible for 30 s without a pause, is breathing."""
    told = play("breathing 60, apnea 20, gap 1, hold 40")
    assert told.state_at(110.0) is UNKNOWN
    assert told.state_at(112.0) is OFF


def test_after_a_gap_it_takes_ten_seconds(play):
    """A pause that goes on behind a gap is on again after 10 s of it, counted from the gap."""
    told = play("breathing 60, apnea 20, gap 1, apnea 30, breathing 30")
    again = [at for at, state in told.states() if state is ON][1]
    assert 91.0 <= again <= 96.0
    assert told.steps[round(again * 5)].progress_onset_s >= 81.0


def test_covered_sound_ends_it_as_unknown(play):
    """A television over the pause makes the state unknown, not off."""
    told = play("breathing 60, apnea 20, covered 60")
    assert changes(told) == [UNKNOWN, OFF, ON, UNKNOWN]


def test_two_minutes_make_it_unknown(play):
    """A pause of 120 s becomes unknown and stays so until breath is heard."""
    told = play("breathing 60, apnea 200, breathing 30")
    assert changes(told) == [UNKNOWN, OFF, ON, UNKNOWN, OFF]
    assert 177.0 <= told.states()[3][0] <= 180.2
    assert told.states()[4][0] >= 260.0


def test_unknown_until_breathing_is_audible(play):
    """In an empty room the state is unknown for ever, whatever the apnea reading says."""
    assert changes(play("empty 60, lost 60, empty 60")) == [UNKNOWN]


def test_finishing_makes_it_unknown(play):
    """Nothing is known once listening has ended."""
    told = play("breathing 60, apnea 20")
    assert told.last.progress is UNKNOWN
    assert told.last.progress_onset_s is None
