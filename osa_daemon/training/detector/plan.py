"""What is simulated for training, validation and test: seeds and hours, fixed before any run.

The test nights are never used for a choice. `specs_of` makes the manifest of nights from these
numbers alone, so they are the manifest.
"""

from dataclasses import dataclass, replace

from osa_daemon.training.simulator import NightSpec, draw_specs
from osa_daemon.training.simulator.night import Generator, Split, Which


@dataclass(frozen=True, slots=True)
class Share:
    """Nights of one split: the seed of their manifest, how much of them (h), and their length.

    `dense`: most nights with events are severe ones, and more have a partner in the bed. Training
    wants events, and hard ones, to learn from; validation and test keep the mixture that the
    simulator means for a bedroom.
    """

    split: Split
    seed: int
    hours: float
    night_s: float
    dense: bool = False


TRAIN = Share("train", seed=20261, hours=60.0, night_s=480.0, dense=True)
VALIDATION = Share("val", seed=20262, hours=8.0, night_s=900.0)
TEST = Share("test", seed=20263, hours=14.0, night_s=900.0)

GENERATORS: tuple[Generator, ...] = ("recorded", "synthesised")
SHORT_NIGHT_S = 200.0  # many beginnings: the noise floor is not known yet
SHORT_SHARE = 0.1


def specs_of(share: Share, material: Which, scale: float = 1.0) -> list[NightSpec]:
    """Return the nights of a split; `scale` below 1 makes fewer, for a trial."""
    specs: list[NightSpec] = []
    for number, generator in enumerate(GENERATORS):
        for night_s, part in ((share.night_s, 1 - SHORT_SHARE), (SHORT_NIGHT_S, SHORT_SHARE)):
            specs += draw_specs(
                share.seed + 1_000 * len(specs) + number,
                share.split,
                share.hours * scale * part / len(GENERATORS),
                material=material,
                duration_s=night_s,
                generator=generator,
            )
    return [_denser(spec, number) for number, spec in enumerate(specs)] if share.dense else specs


def _denser(spec: NightSpec, number: int) -> NightSpec:
    """Make two of three nights with events severe, and put a partner into one of four."""
    if spec.severity == "none":
        return spec
    if spec.kind == "events" and number % 4 == 1:
        spec = replace(spec, kind="partner_events")
    return spec if number % 3 == 0 else replace(spec, severity="severe")
