"""Decided events: what counts, where it begins and ends, and what is no event."""

from dataclasses import replace

import pytest


def only(told):
    """Return the one event that was told."""
    assert len(told.events) == 1
    return told.events[0]


def test_an_apnea_has_its_onset_and_end(play):
    """Onset is the end of the last breath, the end the start of the first after."""
    event = only(play("breathing 60, apnea 35, breathing 60"))
    assert (event.onset_s, event.duration_s, event.end_s) == (60.0, 35.0, 95.0)


def test_an_apnea_is_told_in_full(play):
    """Type, confidence, character and flags follow from the delayed reading; the id is given."""
    event = only(play("breathing 60, apnea 35, breathing 60"))
    assert (event.type, event.character, event.id) == ("apnea", "silent", "at-60.0")
    assert event.monitorable
    assert not event.truncated
    assert event.confidence == pytest.approx(0.95)


def test_the_larger_mean_names_the_type(play):
    """A stretch in which the hypopnea reading is larger is a hypopnea."""
    assert only(play("breathing 60, hypopnea 20, breathing 60")).type == "hypopnea"


@pytest.mark.parametrize(("seconds", "count"), [(9.8, 0), (10.0, 1), (10.2, 1)])
def test_ten_seconds_make_an_event(play, seconds, count):
    """AASM: at least 10 s; a frame less is none."""
    assert len(play(f"breathing 60, apnea {seconds}, breathing 60").events) == count


@pytest.mark.parametrize(("seconds", "count"), [(119.0, 1), (120.0, 0), (400.0, 0)])
def test_a_pause_of_two_minutes_is_no_event(play, seconds, count):
    """Whoever got up sounds the same: 120 s and more are unknown."""
    assert len(play(f"breathing 60, apnea {seconds}, breathing 60").events) == count


def test_effort_clicks_do_not_split_an_apnea(play):
    """Clicks of blocked efforts inside leave one event, and tell of effort."""
    event = only(play("breathing 60, effort 40, breathing 60"))
    assert (event.duration_s, event.character) == (40.0, "with_effort")


def test_a_dip_without_breath_is_bridged(play):
    """Less than 3 s in which the event is doubtful, and no breath is sure, make no two events."""
    assert only(play("breathing 60, apnea 12, hold 2, apnea 12, breathing 60")).duration_s == 26.0


def test_a_dip_of_three_seconds_parts_two_events(play):
    """From 3 s on two events stay two."""
    told = play("breathing 60, apnea 12, hold 3, apnea 12, breathing 60")
    assert [event.onset_s for event in told.events] == [60.0, 75.0]


def test_a_sure_breath_parts_two_events(play):
    """A breath of a second between two pauses ends the first, however short."""
    told = play("breathing 60, apnea 12, breathing 1, apnea 12, breathing 60")
    assert [event.duration_s for event in told.events] == [12.0, 12.0]


def test_nothing_is_told_where_breathing_was_never_audible(play):
    """An empty room is full of pauses; none is an event."""
    assert play("empty 120, lost 30, empty 120").events == []


@pytest.mark.parametrize(("seconds", "count"), [(55, 1), (65, 0)])
def test_breathing_was_audible_within_the_minute_before(play, seconds, count):
    """An event needs audible breathing within the 60 s before it."""
    told = play(f"breathing 60, empty {seconds}, lost 15, breathing 60")
    assert len(told.events) == count


@pytest.mark.parametrize(("seconds", "count"), [(25, 1), (35, 0)])
def test_breathing_is_audible_again_after(play, seconds, count):
    """An event needs audible breathing within 30 s after it."""
    told = play(f"breathing 60, lost 15, empty {seconds}, breathing 60")
    assert len(told.events) == count


def test_an_event_that_waits_does_not_overtake(play):
    """Events come in order of onset though the first has to wait for audible breathing."""
    told = play("breathing 60, lost 15, empty 12, lost 15, breathing 60")
    assert [event.onset_s for event in told.events] == [60.0, 87.0]


def test_a_pause_that_begins_at_ten_seconds_is_found(play):
    """The warm-up after a start hides no pause from 10 s on."""
    assert only(play("breathing 10, apnea 15, breathing 40")).onset_s == 10.0


def test_a_recording_that_ends_in_a_pause_decides_it(play):
    """A pause of 10 s and more at the end is an event, truncated."""
    event = only(play("breathing 60, apnea 12"))
    assert (event.truncated, event.duration_s) == (True, 12.0)


def test_a_short_pause_at_the_end_is_no_event(play):
    """Less than 10 s at the end may have become anything."""
    assert play("breathing 60, apnea 9").events == []


def test_a_gap_decides_what_was_an_event(play):
    """10 s before a gap are an event, truncated; its rest after the gap is not told again."""
    event = only(play("breathing 60, apnea 20, gap 2, apnea 20, breathing 60"))
    assert (event.truncated, event.duration_s) == (True, 20.0)


def test_after_a_gap_a_pause_counts_from_there(play):
    """Where the part before the gap was too short, 10 s after it are an event."""
    event = only(play("breathing 60, apnea 5, gap 2, apnea 20, breathing 60"))
    assert (event.onset_s, event.duration_s, event.truncated) == (67.0, 20.0, False)


def test_a_gap_is_never_silence(play):
    """Lost sound between breaths is no event."""
    assert play("breathing 60, gap 30, breathing 60").events == []


def test_a_jump_of_the_index_is_a_gap(script_frames, score_frames):
    """Frames left out are lost sound, as invalid ones are."""
    script = "breathing 60, apnea 20, gap 40, apnea 30, breathing 60"
    frames, _ = script_frames(script, delay=0)
    kept = [frame for frame in frames if frame.valid]
    told = score_frames(kept, [])
    assert [(event.onset_s, event.truncated) for event in told.events] == [(60.0, True)]


def test_digital_silence_is_no_pause(play):
    """A muted microphone makes no event."""
    assert play("breathing 60, muted 60, breathing 60").events == []


def test_snoring_in_a_hypopnea_tells_of_effort(script_frames, score_frames):
    """A hypopnea with snores inside is with effort; without, the character is unknown."""
    frames, rest = script_frames("breathing 60, hypopnea 20, breathing 60")
    snored = [
        replace(frame, delayed=frame.delayed and replace(frame.delayed, snore=0.9))
        for frame in frames
    ]
    assert only(score_frames(frames, rest)).character == "unknown"
    assert only(score_frames(snored, rest)).character == "with_effort"


def test_an_event_out_of_hearing_says_so(play):
    """An event of which most was not monitorable is told as such."""
    assert not only(play("breathing 60, covered 15, lost 12, breathing 60")).monitorable


def test_an_event_is_decided_soon_after_its_end(play):
    """It is told once the delay, the merging gap and a frame of smoothing are over."""
    told = play("breathing 60, apnea 20, breathing 60")
    decided = next(step.index / 5 for step in told.steps if step.events)
    assert decided <= 80.0 + 15.0 + 3.0 + 0.4
