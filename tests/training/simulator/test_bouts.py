"""Bouts of snoring."""

from itertools import pairwise

import numpy as np
import pytest

from osa_daemon.training.simulator.bouts import Bout, draw_bouts, snore_height_db

BOUT = Bout(start_s=100.0, end_s=400.0, ramp_s=50.0, depth_db=2.0)


@pytest.mark.parametrize(
    ("t", "expected_db"),
    [(100.0, 7.0), (125.0, 14.5), (150.0, 22.0), (300.0, 22.0), (390.0, 13.0)],
)
def test_a_bout_swells_and_fades(t: float, expected_db: float) -> None:
    """From a quarter of the height to the whole in `ramp_s`, and down again at the end."""
    assert BOUT.height_db(t, 20.0) == pytest.approx(expected_db, abs=0.1)


def test_between_bouts_nobody_snores() -> None:
    """Neither before a bout nor from its end on."""
    assert snore_height_db([BOUT], 99.9, 20.0) is None
    assert snore_height_db([BOUT], 400.0, 20.0) is None
    assert snore_height_db([BOUT], 200.0, 20.0) == pytest.approx(22.0)


def test_bouts_last_for_minutes_and_leave_rests() -> None:
    """No bout is shorter than 40 s, no rest than 30 s: none switches on and off within breaths."""
    for seed in range(20):
        bouts = draw_bouts(np.random.default_rng(seed), 7_200)
        lengths = [b.end_s - b.start_s for b in bouts]
        rests = [b.start_s - a.end_s for a, b in pairwise(bouts)]
        assert len(bouts) > 3
        assert min(lengths) >= 40.0
        assert min(rests) >= 30.0
