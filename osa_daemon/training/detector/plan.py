"""What is simulated for training, validation and test: seeds and hours, fixed before any run.

The test nights are never used for a choice. `draw_specs` makes the manifest of nights from a seed
and a split, so these numbers are the manifest.
"""

from dataclasses import dataclass

from osa_daemon.training.simulator import NightSpec, draw_specs


@dataclass(frozen=True, slots=True)
class Share:
    """Nights of one split: the seed of their manifest and how much of them (h)."""

    split: str
    seed: int
    hours: float


TRAIN = Share("train", seed=20261, hours=30.0)
VALIDATION = Share("val", seed=20262, hours=5.0)
TEST = Share("test", seed=20263, hours=10.0)


def specs_of(share: Share, material: str, hours: float | None = None) -> list[NightSpec]:
    """Return the nights of a split; `hours` shortens it for a trial."""
    return draw_specs(share.seed, share.split, hours or share.hours, material=material)
