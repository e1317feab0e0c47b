"""How far two sets of feature vectors lie apart: what a line can tell, Fréchet, coverage."""

from collections.abc import Callable

import numpy as np
from scipy import linalg, spatial

from osa_daemon.training.synthesis.shaping import Floats

Score = Callable[[Floats], Floats]

AXES = 12  # principal axes kept, so that covariances of some hundred sounds are stable
LEAST_SOUNDS = 5 * AXES  # fewer say nothing of a covariance


def auc(positive: Floats, negative: Floats) -> float:
    """Return the chance that a score of `positive` lies over one of `negative`."""
    order = np.argsort(np.argsort(np.concatenate([positive, negative])))
    ranks = float(order[: len(positive)].sum()) - len(positive) * (len(positive) - 1) / 2.0
    return ranks / (len(positive) * len(negative))


def ridge(positive: Floats, negative: Floats, *, penalty: float = 0.1) -> Score:
    """Return a linear score, over 0 for what looks like `positive` (n, width); classes weigh alike.

    `penalty` is relative to the number of rows, features being standardised.
    """
    known = np.concatenate([positive, negative])
    mean, scale = known.mean(axis=0), known.std(axis=0) + 1e-6
    design = (known - mean) / scale
    share = len(known) / 2.0
    target = np.concatenate(
        [
            np.full(len(positive), share / len(positive)),
            np.full(len(negative), -share / len(negative)),
        ]
    )
    gram = design.T @ design + penalty * len(known) * np.eye(design.shape[1])
    weight = linalg.solve(gram, design.T @ target, assume_a="pos")
    return lambda features: np.asarray(((features - mean) / scale) @ weight)


def linear_auc(first: Floats, second: Floats, groups: list[str], *, folds: int = 5) -> float:
    """Return how well a ridge classifier tells two sets, tested on groups it has not seen.

    `first` and `second` are (n, width), row by row twins of the same `groups`. 0.5: not at all.
    """
    names = sorted(set(groups))
    fold = np.asarray([names.index(group) % folds for group in groups])
    scores = np.zeros((2, len(first)))
    for number in range(folds):
        test = fold == number
        if not test.any() or test.all():
            continue
        score = ridge(first[~test], second[~test])
        scores[0, test], scores[1, test] = score(first[test]), score(second[test])
    return auc(scores[0], scores[1])


def principal(first: Floats, second: Floats) -> tuple[Floats, Floats]:
    """Return both sets on the principal axes of the two together, each axis at unit variance."""
    both = np.concatenate([first, second])
    mean = both.mean(axis=0)
    _, spread, axes = np.linalg.svd(both - mean, full_matrices=False)
    kept = axes[:AXES].T / (spread[:AXES] / np.sqrt(len(both)) + 1e-9)
    return (first - mean) @ kept, (second - mean) @ kept


def frechet(first: Floats, second: Floats) -> float:
    """Return the squared Fréchet distance of two normal distributions fitted to (n, axes)."""
    one, two = np.cov(first.T), np.cov(second.T)
    values = np.linalg.eigvals(one @ two)
    mixed = np.sqrt(np.maximum(values.real, 0.0)).sum()
    shift = first.mean(axis=0) - second.mean(axis=0)
    return float(shift @ shift + np.trace(one) + np.trace(two) - 2.0 * mixed)


def yardstick(rng: np.random.Generator, real: Floats, groups: list[str]) -> float:
    """Return the median Fréchet distance between halves of the groups, over 30 divisions."""
    names = np.asarray(groups)
    distinct = np.unique(names)
    distances = []
    for _ in range(30):
        half = rng.permutation(distinct)[: len(distinct) // 2]
        chosen = np.isin(names, half)
        if min(chosen.sum(), (~chosen).sum()) > AXES:
            distances.append(frechet(real[chosen], real[~chosen]))
    return float(np.median(distances)) if distances else float("nan")


def coverage(real: Floats, synthetic: Floats, groups: list[str]) -> float:
    """Return the share of real sounds nearer to a synthetic one than to any other real group.

    With as many synthetic sounds as real ones, 0.5 is what another set of real people gives.
    """
    to_real = spatial.distance.cdist(real, real)
    names = np.asarray(groups)
    to_real[names[:, None] == names[None, :]] = np.inf
    to_synthetic = spatial.distance.cdist(real, synthetic).min(axis=1)
    return float(np.mean(to_synthetic <= to_real.min(axis=1)))
