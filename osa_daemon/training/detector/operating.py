"""Operating points: thresholds for each sensitivity, chosen on validation nights."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from osa_daemon.features.features import FRAME_RATE_HZ
from osa_daemon.scoring.matching import Matches, pool
from osa_daemon.training.detector.judge import Reading, score
from osa_daemon.training.detector.targets import lasting

EVENT_GRID = (0.25, 0.3, 0.35, 0.4, 0.45, 0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85)
PROGRESS_GRID = (0.3, 0.35, 0.4, 0.45, 0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8)
RELEASE_SHARE = 0.5  # of the threshold at which a pause in progress began
# weight of recall against precision: F-beta
BETAS = {"low": 0.5, "balanced": 1.0, "high": 2.0}


@dataclass(frozen=True, slots=True)
class Point:
    """One threshold and what it led to on validation nights."""

    threshold: float
    precision: float
    recall: float
    f1: float


def f_beta(precision: float, recall: float, beta: float) -> float:
    """Return the F measure with recall weighted by beta² (van Rijsbergen)."""
    weight = beta * beta
    bottom = weight * precision + recall
    return (1 + weight) * precision * recall / bottom if bottom else 0.0


def _point(threshold: float, matches: Matches) -> Point:
    precision, recall, f1 = matches.precision or 0.0, matches.recall or 0.0, matches.f1 or 0.0
    return Point(threshold, precision, recall, f1)


def sweep_events(readings: Sequence[Reading]) -> list[Point]:
    """Return precision and recall of decided events over `EVENT_GRID`."""
    return [_point(t, pool([score(r, {"event": t}).matches for r in readings])) for t in EVENT_GRID]


def sweep_progress(readings: Sequence[Reading]) -> list[Point]:
    """Return precision and recall of the causal apnea, frame by frame, over `PROGRESS_GRID`."""
    said, true = [], []
    for reading in readings:
        labels = reading.night.labels
        keep = labels["ignore"] == 0
        want = lasting(labels["apnea"].astype(np.bool_), 10 * FRAME_RATE_HZ)
        said.append(np.array([f.apnea for f in reading.frames])[keep])
        true.append(want[keep])
    p, y = np.concatenate(said), np.concatenate(true)
    points = []
    for threshold in PROGRESS_GRID:
        hit = float((y & (p >= threshold)).sum())
        precision, recall = hit / max((p >= threshold).sum(), 1), hit / max(y.sum(), 1)
        points.append(Point(threshold, precision, recall, f_beta(precision, recall, 1.0)))
    return points


def choose(readings: Sequence[Reading]) -> dict[str, Mapping[str, float]]:
    """Return the thresholds of each sensitivity."""
    events, progress = sweep_events(readings), sweep_progress(readings)
    thresholds: dict[str, Mapping[str, float]] = {}
    for name, beta in BETAS.items():
        event = max(events, key=lambda p: f_beta(p.precision, p.recall, beta))
        state = max(progress, key=lambda p: f_beta(p.precision, p.recall, beta))
        thresholds[name] = {
            "event": event.threshold,
            "in_progress": state.threshold,
            "release": round(state.threshold * RELEASE_SHARE, 3),
        }
    return thresholds
