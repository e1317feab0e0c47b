"""Intervals by resampling persons: of sounds and of timelines, independently (pigeonhole).

A night's sound comes from one person and its timeline from another, and each is in several
nights, so nights are not independent. Sound groups and timeline persons are resampled each for
themselves, and a night weighs as often as both were drawn (A. B. Owen, "The pigeonhole
bootstrap", Annals of Applied Statistics 2007, doi 10.1214/07-AOAS122; somewhat wide rather than
too narrow). Where one level holds the other, or has one member only, it is the plain bootstrap
over clusters.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

DRAWS = 1_000
SEED = 20_268
LEAST_VALID = 0.5  # share of draws in which a figure must have a value
Floats = NDArray[np.float64]


def levels_of(people: Sequence[str]) -> list[NDArray[np.intp]]:
    """Return what is resampled, each (nights,) of cluster numbers.

    `people`: "sound group/timeline person" of each night, or one name alone.
    """
    sounds = _numbered([name.rpartition("/")[0] or name for name in people])
    timelines = _numbered([name.rpartition("/")[2] for name in people])
    if sounds.max(initial=0) == 0:
        return [timelines]
    if timelines.max(initial=0) == 0 or _holds(sounds, timelines):
        return [sounds]
    return [timelines] if _holds(timelines, sounds) else [sounds, timelines]


def _numbered(names: Sequence[str]) -> NDArray[np.intp]:
    return np.unique(names, return_inverse=True)[1].reshape(-1)


def _holds(coarse: NDArray[np.intp], fine: NDArray[np.intp]) -> bool:
    """Return whether all nights of each fine cluster are in one coarse cluster."""
    pairs = np.unique(np.stack([coarse, fine]), axis=1)
    return int(pairs.shape[1]) == int(fine.max(initial=0)) + 1


def weights_of(people: Sequence[str], draws: int = DRAWS, seed: int = SEED) -> Floats:
    """Return how often each night was drawn (draws, nights); nan where all are of one person."""
    rng = np.random.default_rng(seed)
    levels = levels_of(people)
    if all(clusters.max(initial=0) == 0 for clusters in levels):
        return np.full((draws, len(people)), np.nan)
    weights = np.ones((draws, len(people)))
    for clusters in levels:
        count = int(clusters.max(initial=0)) + 1
        weights *= rng.multinomial(count, np.full(count, 1 / count), draws)[:, clusters]
    return weights


def interval(values: Floats) -> list[float] | None:
    """Return the 95 % percentile interval of a figure's draws; None where most have no value."""
    valid = values[~np.isnan(values)]
    if len(valid) < LEAST_VALID * len(values) or not len(valid):
        return None
    low, high = np.quantile(valid, [0.025, 0.975], method="nearest")
    return [float(low), float(high)]


def quantile(values: Floats, share: float, weights: Floats | None = None) -> Floats:
    """Return the least value that `share` of the weight does not exceed (draws,).

    `values` (n,), inf allowed; `weights` (draws, n), 1 each when None; nan without weight.
    """
    weights = np.ones((1, len(values))) if weights is None else weights
    if not len(values):
        return np.full(len(weights), np.nan)
    order = np.argsort(values)
    reached = np.cumsum(weights[:, order], axis=1)
    place = np.argmax(reached >= share * reached[:, -1:] - 1e-9, axis=1)
    return np.where(reached[:, -1] > 0, values[order][place], np.nan)
