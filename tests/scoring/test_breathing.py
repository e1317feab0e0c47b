"""The breath clock: a rate where it is sure, None where it is not."""

from dataclasses import replace

import numpy as np
import pytest

from osa_daemon.detector.frame import Frame
from osa_daemon.scoring.breathing import BreathClock
from osa_daemon.scoring.thresholds import ScoringSettings

BLANK = Frame(0, True, -60.0, -70.0, False, False, 0.9, 0.0, 0.0, 0.0, 0.0, 0.0, None)


def clock_after(breath, snore=0.0):
    """Return a clock that has heard these breath probabilities."""
    clock = BreathClock(ScoringSettings())
    for index, each in enumerate(breath):
        frame = replace(BLANK, index=index, breath=float(each), snore=snore)
        clock.push(frame, monitorable=True)
    return clock


def breaths(rate_bpm, seconds, rng):
    """Return p_breath of in- and expirations of unlike length, with noise on it."""
    phase = np.arange(seconds * 100) / 100 * rate_bpm / 60 % 1
    sounds = (phase < 0.3) | ((phase > 0.42) & (phase < 0.6))
    share = sounds.reshape(-1, 20).mean(axis=1)
    return np.clip(0.1 + 0.75 * share + rng.normal(0, 0.1, len(share)), 0, 1)


@pytest.mark.parametrize("rate_bpm", [8.0, 11.0, 14.5, 18.0, 24.0])
def test_rates_are_found(rate_bpm):
    """Both halves of a breath are heard, and one breath is counted."""
    clock = clock_after(breaths(rate_bpm, 120, np.random.default_rng(7)))
    assert clock.rate_bpm() == pytest.approx(rate_bpm, rel=0.05)


def test_noise_has_no_rate():
    """Without rhythm no rate is told."""
    assert clock_after(np.random.default_rng(3).uniform(0, 1, 600)).rate_bpm() is None


def test_silence_has_no_rate():
    """A steady reading has no rhythm."""
    assert clock_after(np.full(600, 0.1)).rate_bpm() is None


def test_less_than_a_minute_has_no_rate():
    """It takes a minute to be sure."""
    assert clock_after(breaths(14, 55, np.random.default_rng(1))).rate_bpm() is None


def test_what_is_not_monitorable_starts_anew():
    """Lost hearing empties the window and ends snoring."""
    clock = clock_after(breaths(14, 120, np.random.default_rng(1)), snore=0.9)
    assert clock.snoring
    clock.push(replace(BLANK, index=600), monitorable=False)
    assert clock.rate_bpm() is None
    assert not clock.snoring
