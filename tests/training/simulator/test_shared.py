"""Nights from the real data folder."""

import os
from pathlib import Path
from typing import get_args

import pytest

from osa_daemon.training.simulator import Material, NightSpec, simulate
from osa_daemon.training.simulator.night import Kind

SHARED = Path(os.environ.get("OSA_SHARED", Path(__file__).parents[4] / "shared")) / "data"


@pytest.mark.shared
@pytest.mark.skipif(not SHARED.is_dir(), reason="the development data is not here")
def test_every_kind_simulates_from_the_data() -> None:
    """All kinds come out of recorded breath, in each split."""
    for split in ("train", "val", "test"):
        material = Material(SHARED, split, "all")
        kinds = get_args(Kind) if split == "train" else ("events", "empty")
        for kind in kinds:
            severity = "severe" if kind in {"events", "partner_events"} else "none"
            spec = NightSpec(1, split, "recorded", kind, 90, severity=severity, snr_db=12)  # type: ignore[arg-type]
            night = simulate(spec, material)
            assert len(night.labels.breath) == 450
            assert night.labels.breath.any() == (kind != "empty")
