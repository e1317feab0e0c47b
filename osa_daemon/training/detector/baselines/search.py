"""The numbers of the envelope rule, searched for at random on validation nights."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from tqdm import tqdm

from osa_daemon.training.detector.baselines.choice import best_of, point_of
from osa_daemon.training.detector.baselines.envelope import EnvelopeRule, judge
from osa_daemon.training.detector.corpus import FeatureNight
from osa_daemon.training.detector.operating import Point

TRIES = 600  # a minute; more find nothing better
ANYWHERE = 0.3  # of the tries are drawn from all choices, the others beside a good one
GOOD = 8  # of the rules so far, by F1: one alone would lead to the next summit only

CHOICES: dict[str, tuple[Any, ...]] = {
    "signal": ("mean", "peak", "bands"),
    "smooth_frames": (1, 2, 3, 5),
    "share": (0.2, 0.3, 0.4, 0.5, 0.6, 0.7),
    "least_db": (2.0, 3.0, 4.0, 5.0, 6.0, 8.0),
    "quantile": (0.4, 0.5, 0.6, 0.7, 0.8),
    "recent_s": (30.0, 45.0, 60.0, 90.0),
    "least_breath_s": (0.2, 0.4, 0.6, 0.8),
    "most_breath_s": (2.5, 4.0, 6.0, 10.0),
    "breaths_before": (3, 5, 7, 9, 12),
    "breaths_after": (1, 2, 3, 5),
    "drop_db": (5.0, 6.0, 8.0, 10.0, 12.0, np.inf),
}


def search(
    nights: Sequence[FeatureNight], tries: int = TRIES, seed: int = 1
) -> tuple[EnvelopeRule, Point]:
    """Return the best rule on `nights`, and what it led to there.

    The first tries are drawn from all of `CHOICES`; the others change one to three numbers of
    one of the best.
    """
    rng = np.random.default_rng(seed)
    rules = [EnvelopeRule()]
    points: list[Point] = []
    for number in tqdm(range(tries), desc="envelope rules"):
        if number > ANYWHERE * tries:
            good = sorted(range(number), key=lambda k: -points[k].f1)[:GOOD]
            rules.append(_beside(rng, rules[rng.choice(good)], int(rng.integers(1, 4))))
        elif number:
            rules.append(_beside(rng, EnvelopeRule(), len(CHOICES)))
        points.append(point_of(number, [judge(night, rules[number]) for night in nights]))
    best = best_of(points)
    return rules[best], points[best]


def _beside(rng: np.random.Generator, rule: EnvelopeRule, count: int) -> EnvelopeRule:
    """Draw `count` numbers of a rule anew."""
    names = rng.choice(list(CHOICES), count, replace=False)
    changed = {name: CHOICES[name][int(rng.integers(len(CHOICES[name])))] for name in names}
    return replace(rule, **changed)
