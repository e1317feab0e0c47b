"""What is simulated for training, validation and test: seeds and hours, fixed before any run.

The test nights are never used for a choice. `draw_specs` makes the manifest of nights from a seed
and a split, so these numbers are the manifest.
"""

from dataclasses import dataclass

from osa_daemon.training.simulator import NightSpec, draw_specs
from osa_daemon.training.simulator.night import Split, Which


@dataclass(frozen=True, slots=True)
class Share:
    """Nights of one split: the seed of their manifest and how much of them (h)."""

    split: Split
    seed: int
    hours: float


TRAIN = Share("train", seed=20261, hours=36.0)
VALIDATION = Share("val", seed=20262, hours=6.0)
TEST = Share("test", seed=20263, hours=12.0)

NIGHT_S = 900.0
SHORT_NIGHT_S = 240.0  # many beginnings: the noise floor is not known yet
SHORT_SHARE = 0.12


def specs_of(share: Share, material: Which, scale: float = 1.0) -> list[NightSpec]:
    """Return the nights of a split; `scale` below 1 makes fewer, for a trial."""
    total = share.hours * scale
    long = draw_specs(
        share.seed,
        share.split,
        total * (1 - SHORT_SHARE),
        material=material,
        duration_s=NIGHT_S,
    )
    short = draw_specs(
        share.seed + 1_000,
        share.split,
        total * SHORT_SHARE,
        material=material,
        duration_s=SHORT_NIGHT_S,
    )
    return long + short
