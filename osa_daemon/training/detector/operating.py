"""Operating points: thresholds for each sensitivity, chosen on validation nights."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from osa_daemon.features.features import FRAME_RATE_HZ
from osa_daemon.scoring.event import Progress
from osa_daemon.scoring.matching import Matches, pool
from osa_daemon.scoring.scorer import Scorer
from osa_daemon.scoring.thresholds import ScoringSettings, Thresholds
from osa_daemon.training.detector.judge import Reading, score

EVENT_GRID = (0.25, 0.3, 0.35, 0.4, 0.45, 0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85)
PROGRESS_GRID = (0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
LEAST_TOLD_S = 12.0  # shorter ones may be over before the state could turn
RELEASE_SHARE = 0.5  # of the threshold at which a pause in progress began
GIVE_UP = 0.92  # share of precision or recall that a sensitivity must keep of `balanced`


@dataclass(frozen=True, slots=True)
class Point:
    """One threshold and what it led to on validation nights."""

    threshold: float
    precision: float
    recall: float
    f1: float


def f1_of(precision: float, recall: float) -> float:
    """Return the harmonic mean of precision and recall."""
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0


def _point(threshold: float, matches: Matches) -> Point:
    precision, recall, f1 = matches.precision or 0.0, matches.recall or 0.0, matches.f1 or 0.0
    return Point(threshold, precision, recall, f1)


def sweep_events(readings: Sequence[Reading]) -> list[Point]:
    """Return precision and recall of decided events over `EVENT_GRID`."""
    return [_point(t, pool([score(r, {"event": t}).matches for r in readings])) for t in EVENT_GRID]


def sweep_progress(readings: Sequence[Reading]) -> list[Point]:
    """Return over `PROGRESS_GRID` how many apneas are told while they go on, and how many not.

    Right: an apnea of at least `LEAST_TOLD_S` during which the state is ON. False: a run of ON
    that touches no scored event at all.
    """
    points = []
    for threshold in PROGRESS_GRID:
        told = missed = false = 0
        for reading in readings:
            right, wrong, extra = _told(reading, threshold)
            told, missed, false = told + right, missed + wrong, false + extra
        precision, recall = told / max(told + false, 1), told / max(told + missed, 1)
        points.append(Point(threshold, precision, recall, f1_of(precision, recall)))
    return points


def _told(reading: Reading, threshold: float) -> tuple[int, int, int]:
    """Return the apneas of a night that were told and missed, and the false runs of ON."""
    thresholds = {"in_progress": threshold, "release": threshold * RELEASE_SHARE}
    scorer = Scorer(ScoringSettings(thresholds=Thresholds.of(thresholds)), str)
    states = [scorer.push(frame).progress is Progress.ON for frame in reading.frames]
    edges = np.flatnonzero(np.diff(np.array([False, *states, False]).astype(np.int8)))
    runs = edges.reshape(-1, 2) / FRAME_RATE_HZ
    told = missed = 0
    touched = np.zeros(len(runs), np.bool_)
    for onset_s, duration_s, kind, counts in reading.night.events:
        hit = (runs[:, 0] < onset_s + duration_s) & (runs[:, 1] > onset_s)
        touched |= hit
        if counts and kind != "hypopnea" and duration_s >= LEAST_TOLD_S:
            told, missed = told + bool(hit.any()), missed + (not hit.any())
    return told, missed, int((~touched).sum())


def points_of(sweep: Sequence[Point]) -> dict[str, float]:
    """Return the threshold of each sensitivity from a sweep over rising thresholds.

    `balanced` has the best F1. `high` goes down while precision stays within `GIVE_UP` of that of
    `balanced`, `low` goes up while recall does.
    """
    best = max(sweep, key=lambda p: p.f1)
    lower = [p for p in sweep if p.precision >= GIVE_UP * best.precision]
    upper = [p for p in sweep if p.recall >= GIVE_UP * best.recall]
    return {
        "low": max(upper, key=lambda p: p.threshold).threshold,
        "balanced": best.threshold,
        "high": min(lower, key=lambda p: p.threshold).threshold,
    }


def choose(readings: Sequence[Reading]) -> dict[str, Mapping[str, float]]:
    """Return the thresholds of each sensitivity."""
    events, progress = points_of(sweep_events(readings)), points_of(sweep_progress(readings))
    return {
        name: {
            "event": events[name],
            "in_progress": progress[name],
            "release": round(progress[name] * RELEASE_SHARE, 3),
        }
        for name in events
    }
