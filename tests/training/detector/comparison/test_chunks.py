"""The same night from other chunks of sound."""

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")

from osa_daemon.training.detector.comparison.chunks import CHUNKS_S, features_by_chunk
from osa_daemon.training.detector.corpus import make_or_load
from osa_daemon.training.simulator import NightSpec

pytestmark = pytest.mark.train


def test_chunks_change_no_level_and_hardly_a_feature(tmp_path: Path, encoder_path: Path):
    """Levels are the same from every chunk; features differ by rounding where margins are 1 s."""
    specs = [NightSpec(3, "val", "synthesised", "quiet", 60.0)]
    nights = make_or_load(specs, None, encoder_path, tmp_path, jobs=1)
    by_chunk = features_by_chunk(nights, specs, None, encoder_path, jobs=1)
    assert len(by_chunk) == len(CHUNKS_S)
    whole = by_chunk[-1][0].features
    spread = whole.encoder.std()
    for (chunk_s, hop_s), (night,) in zip(CHUNKS_S, by_chunk, strict=True):
        np.testing.assert_allclose(night.features.levels, whole.levels, atol=1e-5)
        if chunk_s - hop_s >= 2:
            apart = np.abs(night.features.encoder - whole.encoder).mean()
            assert apart < 0.15 * spread
