"""Turning over: what is heard of it and what it leaves behind."""

import numpy as np
import pytest

from osa_daemon.training.simulator.material import Scored
from osa_daemon.training.simulator.turning import Turn, draw_turns, posed, rustling

RATE_HZ = 16_000


def test_who_turns_away_turns_back() -> None:
    """Nights of that kind hold a turn that takes much of the breath, and later one that returns."""
    for seed in range(10):
        turns = draw_turns(np.random.default_rng(seed), "turns_away", 900)
        deepest = min(turns, key=lambda t: t.level_db)
        assert deepest.level_db <= -8
        assert deepest.dull_db >= 4


def test_every_turn_over_rustles() -> None:
    """Bedclothes are heard before and while somebody turns, never a turn without."""
    rng = np.random.default_rng(0)
    for turn in draw_turns(rng, "turns_away", 3600):
        sounds = [s for s in rustling(rng, [turn]) if s.kind == "rustle"]
        assert bool(sounds) == bool(turn.moving_s)
        if sounds:
            assert min(s.start_s for s in sounds) < turn.start_s
            assert max(s.start_s for s in sounds) < turn.start_s + turn.moving_s


def test_nobody_turns_over_inside_an_event() -> None:
    """A turn that would meet an event follows it."""
    scored = [Scored(60.0 * k, 25.0, "obstructive") for k in range(1, 20)]
    for seed in range(5):
        turns = draw_turns(np.random.default_rng(seed), "events", 1300, scored)
        for turn in turns:
            assert not any(e.onset_s < turn.start_s < e.onset_s + e.duration_s for e in scored)


def test_a_turn_changes_level_and_colour_together() -> None:
    """From the new position noise is fainter by about that much, and duller."""
    rng = np.random.default_rng(1)
    noise = rng.standard_normal(20 * RATE_HZ).astype(np.float32)
    heard = posed(rng, noise, [Turn(8.0, 2.0, 0.0, 3.0, -18.0, 14.0)])
    before, after = heard[: 8 * RATE_HZ], heard[12 * RATE_HZ :]
    assert before == pytest.approx(noise[: 8 * RATE_HZ], abs=1e-5)
    fall_db = 10 * np.log10(before.var() / after.var())
    assert 15 < fall_db < 36
    assert _treble(after) < 0.7 * _treble(before)


def test_fades_are_smooth() -> None:
    """Between two positions the level falls over seconds, without a step."""
    rng = np.random.default_rng(2)
    steady = rng.standard_normal(20 * RATE_HZ).astype(np.float32)
    heard = posed(rng, steady, [Turn(8.0, 2.0, 0.0, 4.0, -20.0, 0.0)])
    level_db = 10 * np.log10(heard.reshape(-1, RATE_HZ // 2).var(axis=1))
    assert np.abs(np.diff(level_db)).max() < 9


def _treble(samples: np.ndarray) -> float:
    spectrum = np.abs(np.fft.rfft(samples)) ** 2
    middle = len(spectrum) // 4
    return float(spectrum[middle:].sum() / spectrum[:middle].sum())
