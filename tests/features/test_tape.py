"""The stretch of sound that the front end holds."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from osa_daemon.features.tape import Tape

FRAME = 3_200


def ramp(start, end):
    """Return samples that tell their own absolute index, in units small enough to be sound."""
    return np.arange(start, end, dtype=np.float32) / 1_000 + 1


def test_reads_what_was_written():
    """Samples come back from where they are."""
    tape = Tape(FRAME, 10 * FRAME)
    assert tape.write(ramp(FRAME, 3 * FRAME)) == 2 * FRAME
    assert np.array_equal(tape.read(FRAME + 5, 2 * FRAME), ramp(FRAME + 5, 2 * FRAME))


def test_zeros_lie_before_its_start():
    """What was never recorded reads as zeros, and its frames as lost."""
    tape = Tape(2 * FRAME, 10 * FRAME)
    tape.write(ramp(2 * FRAME, 3 * FRAME))
    assert not tape.read(FRAME, 2 * FRAME).any()
    assert tape.lost(0, 3).tolist() == [True, True, False]


def test_takes_no_more_than_fits():
    """A full tape refuses the rest."""
    tape = Tape(0, 2 * FRAME)
    assert tape.write(ramp(0, 3 * FRAME)) == 2 * FRAME
    assert tape.write(ramp(0, 1)) == 0
    assert tape.lose(1) == 0


def test_a_bad_sample_loses_its_frame():
    """A frame with NaN, infinity or garbage is lost as a whole and reads as zeros."""
    for bad in (np.nan, np.inf, -np.inf, 1e30):
        tape = Tape(0, 4 * FRAME)
        sound = ramp(0, 3 * FRAME)
        sound[FRAME + 7] = bad
        tape.write(sound)
        assert tape.lost(0, 3).tolist() == [False, True, False]
        assert not tape.read(FRAME, 2 * FRAME).any()
        assert np.array_equal(tape.read(0, FRAME), ramp(0, FRAME))


def test_the_rest_of_a_lost_frame_is_lost():
    """Sound before and after a gap in the same frame is not kept."""
    tape = Tape(0, 4 * FRAME)
    tape.write(ramp(0, 100))
    tape.lose(50)
    tape.write(ramp(150, 2 * FRAME))
    assert tape.lost(0, 2).tolist() == [True, False]
    assert not tape.read(0, FRAME).any()
    assert np.array_equal(tape.read(FRAME, 2 * FRAME), ramp(FRAME, 2 * FRAME))


@given(
    steps=st.lists(
        st.tuples(st.booleans(), st.integers(0, 9_000), st.integers(0, 40_000)), max_size=20
    )
)
def test_forgetting_moves_nothing(steps):
    """Whatever is written, lost and forgotten, what is left reads as it was."""
    tape = Tape(0, 8 * FRAME)
    truth = np.zeros(0, np.float32)
    gone = np.zeros(0, np.bool_)
    for lose, count, forget in steps:
        taken = tape.lose(count) if lose else tape.write(ramp(tape.end, tape.end + count))
        added = np.zeros(taken) if lose else ramp(len(truth), len(truth) + taken)
        truth = np.append(truth, added)
        gone = np.append(gone, np.full(taken, lose))
        tape.forget_before(min(forget, tape.end))
    frames = list(range(tape.start // FRAME, tape.end // FRAME))
    lost = np.array([gone[k * FRAME : (k + 1) * FRAME].any() for k in frames], np.bool_)
    assert np.array_equal(tape.lost(tape.start // FRAME, len(frames)), lost)
    for k, is_lost in zip(frames, lost, strict=True):
        expected = 0 if is_lost else truth[k * FRAME : (k + 1) * FRAME]
        assert np.all(tape.read(k * FRAME, (k + 1) * FRAME) == expected)
