"""Which nights a training set holds: kinds, severities and generators by their hours."""

from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from osa_daemon.training.simulator.night import Generator, Kind, NightSpec, Severity, Split, Which

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Share:
    """A kind of night, and its share of the hours."""

    kind: Kind
    events: bool
    share: float


SHARES = (  # 0.54 of the hours have events; the rest is what is mistaken for them
    Share("events", True, 0.29),
    Share("partner_events", True, 0.09),
    Share("turns_away", True, 0.05),
    Share("television", True, 0.05),
    Share("pets", True, 0.03),
    Share("gets_up", True, 0.03),
    Share("partner", False, 0.08),
    Share("television", False, 0.07),
    Share("snorer", False, 0.05),
    Share("quiet", False, 0.05),
    Share("empty", False, 0.08),
    Share("pets", False, 0.05),
    Share("talk", False, 0.04),
    Share("gets_up", False, 0.02),
    Share("turns_away", False, 0.02),
)
SEVERITIES: tuple[tuple[Severity, float], ...] = (
    ("mild", 0.3),
    ("moderate", 0.3),
    ("severe", 0.4),
)
GENERATORS: dict[Which, tuple[tuple[Generator, float], ...]] = {
    "all": (("recorded", 0.45), ("synthesised", 0.45), ("airflow", 0.1)),
    # few recordings have a clear licence
    "clear": (("recorded", 0.1), ("synthesised", 0.75), ("airflow", 0.15)),
}


def draw_specs(
    seed: int,
    split: Split,
    hours: float,
    *,
    material: Which = "all",
    duration_s: float = 900.0,
    generator: Generator | None = None,
) -> list[NightSpec]:
    """Return nights of `duration_s` that add up to `hours`, by the shares above.

    Stratified: the first nights hold about the same mixture as all of them. `generator` draws
    from that one alone. Without a data folder only `synthesised` can be simulated.
    """
    rng = np.random.default_rng((seed, len(split), round(hours * 3600)))
    count = max(1, round(hours * 3600 / duration_s))
    shares = np.array([s.share for s in SHARES])
    shares /= shares.sum()
    borders = np.cumsum(shares)
    golden = (np.sqrt(5) - 1) / 2  # low discrepancy: any stretch holds the whole mixture
    places = (rng.random() + golden * np.arange(count)) % 1.0
    chosen = np.minimum(np.searchsorted(borders, places), len(SHARES) - 1)
    specs = []
    for number, index in enumerate(chosen):
        share = SHARES[int(index)]
        specs.append(
            NightSpec(
                seed=seed * 1_000_003 + number,
                split=split,
                generator=_draw(rng, GENERATORS[material]) if generator is None else generator,
                kind=share.kind,
                duration_s=duration_s,
                material=material,
                severity=_draw(rng, SEVERITIES) if share.events else "none",
            )
        )
    return specs


def _draw(rng: np.random.Generator, table: tuple[tuple[T, float], ...]) -> T:
    weights = np.array([w for _, w in table])
    return table[int(rng.choice(len(table), p=weights / weights.sum()))][0]
