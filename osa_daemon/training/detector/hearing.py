"""From which probability on breathing counts as audible, chosen on validation nights."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from joblib import Parallel, delayed
from numpy.typing import NDArray

from osa_daemon.detector.frame import Frame
from osa_daemon.scoring.audibility import Audibility
from osa_daemon.scoring.thresholds import ScoringSettings, Thresholds
from osa_daemon.training.detector.judge import Reading

AUDIBLE_GRID = tuple(round(0.2 + 0.05 * step, 2) for step in range(16))  # 0.2 … 0.95
# of the time in which breathing can truly be heard; on validation nights the next 0.03 would call
# another eighth of the other time monitorable
LEAST_MONITORABLE = 0.925


@dataclass(frozen=True, slots=True)
class Hearing:
    """What a threshold of audibility leads to.

    Shares of the truly audible time and of the other that are monitorable.
    """

    threshold: float
    audible: float
    inaudible: float


def sweep_audible(readings: Sequence[Reading], jobs: int = 2) -> list[Hearing]:
    """Return what is monitorable over `AUDIBLE_GRID`; empty where the truth is not known."""
    known = [
        (r.frames, np.asarray(r.night.labels["audible"], np.bool_))
        for r in readings
        if "audible" in r.night.labels
    ]
    if not any(truth.any() for _, truth in known):
        return []
    counts = Parallel(n_jobs=jobs)(delayed(_monitorable)(*night) for night in known)
    audible_frames = sum(int(truth.sum()) for _, truth in known)
    others = sum(len(truth) for _, truth in known) - audible_frames
    return [
        Hearing(threshold, float(audible / audible_frames), float(inaudible / max(others, 1)))
        for threshold, (audible, inaudible) in zip(AUDIBLE_GRID, sum(counts), strict=True)
    ]


def audible_threshold(sweep: Sequence[Hearing]) -> float:
    """Return the highest threshold that leaves `LEAST_MONITORABLE`, or else the lowest of all.

    The higher, the less is called monitorable where nothing can be heard. Without a sweep it is
    the default of scoring.
    """
    kept = [h.threshold for h in sweep if h.audible >= LEAST_MONITORABLE]
    lowest = min((h.threshold for h in sweep), default=Thresholds().audible)
    return max(kept, default=lowest)


def _monitorable(frames: Sequence[Frame], truth: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Return at each threshold the monitorable frames in audible and in inaudible time."""
    rows = []
    for threshold in AUDIBLE_GRID:
        audibility = Audibility(ScoringSettings(Thresholds(audible=threshold)))
        flags = np.array([audibility.push(frame).monitorable for frame in frames], np.bool_)
        rows.append(((flags & truth).sum(), (flags & ~truth).sum()))
    return np.array(rows, np.int64)
