"""How alike a frame is to those before it."""

from typing import Any

import pytest

torch = pytest.importorskip("torch")

from osa_daemon.training.detector.self_similarity import (
    FAR_STEP,
    LAG_COLUMNS,
    LAGS,
    NEAR,
    SelfSimilarity,
)

pytestmark = pytest.mark.train

WIDTH, CHANNELS, HEADS = 6, 16, 2
FAR = LAG_COLUMNS - NEAR


def comparison(heads: int = HEADS) -> SelfSimilarity:
    """A comparison with random projections."""
    torch.manual_seed(1)
    return SelfSimilarity(WIDTH, CHANNELS, heads, out=5).eval()


def alike(module: SelfSimilarity, x: Any) -> Any:
    """Compare (1, T, WIDTH) with nothing but itself: (T, heads, LAG_COLUMNS)."""
    keys = module._keys(x)
    before = torch.zeros(1, LAGS, CHANNELS // 2)
    rows = module._alike(keys, torch.cat([before, keys], dim=1))
    return rows.reshape(x.shape[1], module.heads, -1).detach()


def column_of(lag: int) -> int:
    """Which column tells of `lag` frames ago."""
    return LAG_COLUMNS - lag if lag <= NEAR else (LAGS - lag) // FAR_STEP


@pytest.mark.parametrize("lag", [1, 7, 50, 51, 55, 56, 120, 200])
def test_what_comes_back_is_found_where_it_was(lag: int):
    """A sound that was there `lag` frames ago is as like as can be there, and nowhere else."""
    torch.manual_seed(lag)
    x = torch.randn(1, 260, WIDTH)
    x[0, 240] = x[0, 240 - lag]
    row = alike(comparison(heads=1), x)[240, 0]
    assert row[column_of(lag)] > 0.999
    assert int((row > 0.999).sum()) == 1


def test_what_was_not_heard_yet_is_like_nothing():
    """Before a stream there is nothing to compare with."""
    row = alike(comparison(), torch.randn(1, 30, WIDTH))[20]
    assert torch.equal(row[:, FAR:-20], torch.zeros(HEADS, NEAR - 20))
    assert bool((row[:, -20:] != 0).all())


def test_lost_sound_is_like_nothing():
    """Frames that were not heard are remembered as nothing, and resemble nothing."""
    module = comparison()
    valid = torch.ones(1, 20, 1)
    valid[0, 5:9] = 0
    _, memory = module(torch.randn(1, 20, WIDTH), valid, torch.zeros(1, module.rows, CHANNELS))
    keys = memory.reshape(LAGS, -1)[-20:]
    assert bool((keys[5:9] == 0).all())
    assert bool((keys[:5].abs().sum(dim=1) > 0).all())


def test_training_compares_as_the_bedside_does():
    """Long stretches are compared in chunks, with the same outcome."""
    module = comparison()
    x, memory = torch.randn(3, 400, WIDTH), torch.randn(3, module.rows, CHANNELS)
    valid = torch.ones(3, 400, 1)
    whole, kept = module(x, valid, memory)
    chunked, kept_too = module.train()(x, valid, memory)
    torch.testing.assert_close(chunked, whole)
    assert torch.equal(kept, kept_too)
