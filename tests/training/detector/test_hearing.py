"""The threshold of audibility from validation nights."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

pytest.importorskip("torch")

from osa_daemon.detector.frame import Frame
from osa_daemon.training.detector.hearing import (
    AUDIBLE_GRID,
    Hearing,
    audible_threshold,
    sweep_audible,
)

pytestmark = pytest.mark.train

FRAMES = 1_500


def reading(p_audible: float, *, truly: bool, known: bool = True) -> Any:
    """A night in which breathing is as audible all the time as is said."""
    quiet = (-60.0, -60.0, False, False)
    frame = [Frame(k, True, *quiet, p_audible, 0, 0, 0, 0, 0, None) for k in range(FRAMES)]
    labels = {"audible": np.full(FRAMES, truly, np.uint8)} if known else {}
    return SimpleNamespace(frames=tuple(frame), night=SimpleNamespace(labels=labels))


def test_the_sweep_counts_audible_time_and_the_other():
    """Each share is of its own time, at every threshold."""
    sweep = sweep_audible([reading(0.71, truly=True), reading(0.41, truly=False)], jobs=1)
    at = {h.threshold: (h.audible, h.inaudible) for h in sweep}
    assert tuple(at) == AUDIBLE_GRID
    assert (at[0.4], at[0.45], at[0.75]) == ((1.0, 1.0), (1.0, 0.0), (0.0, 0.0))


def test_the_highest_that_hears_enough_is_taken():
    """It calls the least monitorable that is not."""
    sweep = [Hearing(0.4, 0.99, 0.5), Hearing(0.5, 0.96, 0.3), Hearing(0.6, 0.9, 0.1)]
    assert audible_threshold(sweep) == 0.5


def test_where_none_hears_enough_the_lowest_is_taken():
    """Monitoring must not end where breathing can be heard."""
    assert audible_threshold([Hearing(0.2, 0.8, 0.5), Hearing(0.3, 0.7, 0.2)]) == 0.2


def test_without_a_truth_the_default_stays():
    """Nights of other people may not say when breathing could be heard, or that it never could."""
    assert sweep_audible([reading(0.7, truly=True, known=False)], jobs=1) == []
    assert sweep_audible([reading(0.7, truly=False)], jobs=1) == []
    assert audible_threshold([]) == 0.5
