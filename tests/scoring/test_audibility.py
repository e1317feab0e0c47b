"""Monitorable time: audible, held for a while, covered, muted, clipped, lost."""

from dataclasses import replace

import pytest


def monitorable_s(told):
    """Return the seconds that were monitorable."""
    return sum(step.monitorable for step in told.steps) / 5


def test_audible_breathing_is_monitorable(play):
    """Breathing that is audible makes every second count."""
    assert monitorable_s(play("breathing 60")) == 60.0


def test_an_empty_room_is_not(play):
    """Where breathing was never audible nothing counts."""
    assert monitorable_s(play("empty 60")) == 0.0


def test_it_holds_for_ninety_seconds(play):
    """After the last audible frame time counts for 90 s, whether or not an event is found."""
    assert monitorable_s(play("breathing 60, empty 200")) == 150.0


def test_a_pause_out_of_hearing_counts_as_long(play):
    """A pause in which audibility falls is held the same."""
    assert monitorable_s(play("breathing 60, lost 200")) == 150.0


def test_covering_sound_ends_the_hold(play):
    """Sound over the sleeper's ends it within 5 s."""
    assert 60.0 < monitorable_s(play("breathing 60, covered 100")) <= 65.0


def test_clicks_do_not_cover(script_frames, score_frames):
    """Short loud sounds every few seconds leave it monitorable."""
    frames, rest = script_frames("breathing 60, lost 60")
    clicked = [replace(f, level_dbfs=-40.0) if f.index % 17 < 3 else f for f in frames]
    assert monitorable_s(score_frames(clicked, rest)) == 120.0


def test_a_gap_is_not_monitorable(play):
    """Lost sound does not count, and what follows a short gap does."""
    assert monitorable_s(play("breathing 60, gap 5, empty 20")) == 80.0


def test_a_long_gap_forgets(play):
    """After more than 10 s without sound breathing must be audible anew."""
    assert monitorable_s(play("breathing 60, gap 12, empty 20, breathing 10")) == 70.0


def test_a_muted_microphone_is_not_monitorable(play):
    """Digital silence counts for 5 s at most."""
    assert 60.0 <= monitorable_s(play("breathing 60, muted 30")) < 65.0


@pytest.mark.parametrize(("share", "seconds"), [(0.5, 120.0), (1.0, 68.0)])
def test_lasting_clipping_is_not_monitorable(script_frames, score_frames, share, seconds):
    """A snorer who clips half of the time is monitorable, sound that clips throughout is not."""
    frames, rest = script_frames("breathing 120")
    clipped = [
        replace(f, clipped=f.index >= 60 * 5 and (f.index % 20) < 20 * share) for f in frames
    ]
    assert monitorable_s(score_frames(clipped, rest)) == pytest.approx(seconds, abs=0.3)


def test_one_clipped_frame_is_healthy(script_frames, score_frames):
    """A door that slams changes nothing."""
    frames, rest = script_frames("breathing 60")
    frames[100] = replace(frames[100], clipped=True)
    assert monitorable_s(score_frames(frames, rest)) == 60.0
