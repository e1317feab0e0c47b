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

TRIES = 200  # ten times as many as the detector's thresholds: the rule has ten times the numbers
NEAR = 0.5  # of the tries: two numbers of the best so far changed

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

    Half of the tries are drawn from all of `CHOICES`, the rest change two numbers of the best.
    """
    rng = np.random.default_rng(seed)
    rules = [EnvelopeRule()]
    points: list[Point] = []
    for number in tqdm(range(tries), desc="envelope rules"):
        if number:
            near = number > NEAR * tries
            rules.append(_near(rng, rules[best_of(points)]) if near else _anywhere(rng))
        points.append(point_of(number, [judge(night, rules[number]) for night in nights]))
    best = best_of(points)
    return rules[best], points[best]


def _anywhere(rng: np.random.Generator) -> EnvelopeRule:
    return _near(rng, EnvelopeRule(), len(CHOICES))


def _near(rng: np.random.Generator, rule: EnvelopeRule, count: int = 2) -> EnvelopeRule:
    """Change `count` numbers of a rule."""
    names = rng.choice(list(CHOICES), count, replace=False)
    changed = {name: CHOICES[name][int(rng.integers(len(CHOICES[name])))] for name in names}
    return replace(rule, **changed)
