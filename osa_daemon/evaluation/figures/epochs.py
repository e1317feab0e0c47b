"""Frames of 0.2 s and epochs of 30 s as none, apnea or hypopnea: what the literature counts."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from osa_daemon.evaluation.figures.hearing import frames_of
from osa_daemon.evaluation.figures.matched import MatchedNight, is_apnea, people_of
from osa_daemon.evaluation.night import FRAME_RATE_HZ
from osa_daemon.evaluation.tally import Column, Formula, Sums, estimate, share
from osa_daemon.scoring.matching import Span

CLASSES = ("none", "apnea", "hypopnea")
EPOCH = 30 * FRAME_RATE_HZ
LEAST = 10 * FRAME_RATE_HZ  # event time that makes an epoch one of events: the least event
IGNORED = -1
Labels = NDArray[np.int8]


def labels_of(spans: Sequence[Span], count: int) -> Labels:
    """Return the class of each frame (frames,): number in `CLASSES`, -1 for what does not count."""
    labels = np.zeros(count, np.int8)
    labels[frames_of((s for s in spans if not s.counts), count)] = IGNORED
    labels[frames_of((s for s in spans if s.counts and not is_apnea(s)), count)] = 2
    labels[frames_of((s for s in spans if s.counts and is_apnea(s)), count)] = 1
    return labels


def epochs_of(labels: Labels, least: int = LEAST) -> Labels:
    """Return the class of each whole epoch of 30 s (epochs,).

    The class of events that has more frames, if events have at least `least` in it; ignored where
    what does not count has as many and events have not.
    """
    whole = labels[: len(labels) // EPOCH * EPOCH].reshape(-1, EPOCH)
    apnea, hypopnea = (whole == 1).sum(1), (whole == 2).sum(1)
    epochs = np.where(apnea >= hypopnea, 1, 2)
    quiet = np.where((whole == IGNORED).sum(1) >= least, IGNORED, 0)
    return np.where(apnea + hypopnea >= least, epochs, quiet).astype(np.int8)


def _confusion(true: Labels, decided: Labels) -> dict[str, float]:
    """Return how often each pair of classes stands together, as "true>decided"."""
    kept = true != IGNORED
    cells = np.bincount(3 * true[kept].astype(np.int64) + decided[kept], minlength=9)
    return {f"{t}>{d}": float(cells[3 * i + j]) for i, t in enumerate(CLASSES) for j, d in _each()}


def _each() -> list[tuple[int, str]]:
    return list(enumerate(CLASSES))


def _sum(columns: Sequence[Column]) -> Column:
    return np.asarray(np.sum(columns, axis=0), np.float64)


def _f1(name: str) -> Formula:
    def formula(sums: Sums) -> Column:
        true = _sum([sums[f"{name}>{other}"] for other in CLASSES])
        decided = _sum([sums[f"{other}>{name}"] for other in CLASSES])
        return share(2 * sums[f"{name}>{name}"], true + decided)

    return formula


def _macro(sums: Sums) -> Column:
    return _sum([_f1(name)(sums) for name in CLASSES]) / len(CLASSES)


def _event(sums: Sums) -> tuple[Column, Column, Column, Column]:
    """Return counts of (right, missed, false, rightly none) without regard to the type."""
    right = _sum([sums[f"{t}>{d}"] for t in CLASSES[1:] for d in CLASSES[1:]])
    missed = _sum([sums[f"{t}>none"] for t in CLASSES[1:]])
    false = _sum([sums[f"none>{d}"] for d in CLASSES[1:]])
    return right, missed, false, sums["none>none"]


def _kappa(sums: Sums) -> Column:
    """Return Cohen's kappa of event against none."""
    right, missed, false, none = _event(sums)
    total = right + missed + false + none
    agreed = share(right + none, total)
    chance = share((right + missed) * (right + false) + (none + missed) * (none + false), total**2)
    return share(agreed - chance, 1 - chance)


def _binary_f1(sums: Sums) -> Column:
    right, missed, false, _ = _event(sums)
    return share(2 * right, 2 * right + missed + false)


def _sensitivity(sums: Sums) -> Column:
    right, missed, _, _ = _event(sums)
    return share(right, right + missed)


def _specificity(sums: Sums) -> Column:
    _, _, false, none = _event(sums)
    return share(none, none + false)


FORMULAS: dict[str, Formula] = {
    "f1": _binary_f1,
    "macro_f1": _macro,
    **{f"f1_{name}": _f1(name) for name in CLASSES},
    "sensitivity": _sensitivity,
    "specificity": _specificity,
    "kappa": _kappa,
}


def _frames(labels: Labels) -> Labels:
    return labels


def _epochs_any(labels: Labels) -> Labels:
    return epochs_of(labels, 1)


WAYS: dict[str, Callable[[Labels], Labels]] = {
    "frames": _frames,
    "epochs": epochs_of,
    "epochs_any": _epochs_any,
}


def epoch_figures(nights: Sequence[MatchedNight]) -> dict[str, Any]:
    """Return `FORMULAS` over frames and over epochs of 30 s, of nights with events.

    `frames`: 0.2 s each. `epochs`: of events if at least 10 s of it are. `epochs_any`: if any
    frame is. F1, sensitivity, specificity and kappa are of event against none.
    """
    having = [one for one in nights if one.has_events]
    people = people_of(having)
    labels = [_both(one) for one in having]
    figures: dict[str, Any] = {"nights": len(having)}
    for name, way in WAYS.items():
        tallies = [_confusion(way(true), way(decided)) for true, decided in labels]
        count = sum(sum(tally.values()) for tally in tallies)
        figures[name] = {"count": int(count)} | estimate(tallies, FORMULAS, people)
    return figures


def _both(one: MatchedNight) -> tuple[Labels, Labels]:
    count = len(one.night.rows.monitorable)
    decided = [event.span for event in one.night.decided]
    return labels_of(one.night.truth, count), labels_of(decided, count)
