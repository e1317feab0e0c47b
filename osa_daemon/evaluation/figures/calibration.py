"""Whether a probability means what it says: reliability of frames and of decided events."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from osa_daemon.evaluation.figures.epochs import IGNORED, labels_of
from osa_daemon.evaluation.figures.matched import MatchedNight

BINS = 10
Floats = NDArray[np.float64]


def reliability_of(probabilities: Floats, happened: NDArray[np.bool_]) -> dict[str, Any]:
    """Return bins of equal width, expected calibration error and Brier score; both (n,).

    `bins`: mean probability, observed share and count of each bin that holds any. The expected
    calibration error is their mean difference, weighted by count (Naeini et al. 2015).
    """
    if not len(probabilities):
        return {"count": 0, "error": None, "brier": None, "base_rate": None, "bins": []}
    place = np.minimum((probabilities * BINS).astype(np.int64), BINS - 1)
    counts = np.bincount(place, minlength=BINS)
    said = np.bincount(place, weights=probabilities, minlength=BINS)
    seen = np.bincount(place, weights=happened.astype(np.float64), minlength=BINS)
    return {
        "count": len(probabilities),
        "error": float(np.abs(said - seen).sum() / len(probabilities)),
        "brier": float(np.mean((probabilities - happened) ** 2)),
        "base_rate": float(happened.mean()),
        "bins": [
            {
                "from": at / BINS,
                "probability": float(said[at] / counts[at]),
                "observed": float(seen[at] / counts[at]),
                "count": int(counts[at]),
            }
            for at in range(BINS)
            if counts[at]
        ],
    }


def calibration_figures(nights: Sequence[MatchedNight]) -> dict[str, Any]:
    """Return the reliability of p_apnea + p_hypopnea per frame, and of events' confidence.

    Frames in scored events that sound cannot find, and events decided on them, are left out. An
    event is right if it matches a true one (IoU of at least 0.3).
    """
    frames, events = [_frames(one) for one in nights], [_events(one) for one in nights]
    return {"frames": _joined(frames), "events": _joined(events)}


def _joined(parts: Sequence[tuple[Floats, NDArray[np.bool_]]]) -> dict[str, Any]:
    said = np.concatenate([np.empty(0), *(said for said, _ in parts)])
    happened = np.concatenate([np.empty(0, np.bool_), *(seen for _, seen in parts)])
    return reliability_of(said, happened)


def _frames(one: MatchedNight) -> tuple[Floats, NDArray[np.bool_]]:
    rows = one.night.rows
    labels = labels_of(one.night.truth, len(rows.monitorable))
    kept = labels != IGNORED
    said = np.clip(rows.p_apnea.astype(np.float64) + rows.p_hypopnea, 0.0, 1.0)
    return said[kept], labels[kept] > 0


def _events(one: MatchedNight) -> tuple[Floats, NDArray[np.bool_]]:
    right = {id(decided) for decided, _ in one.matches.pairs}
    judged = right | {id(decided) for decided in one.matches.false}
    kept = [event for event in one.night.decided if id(event.span) in judged]
    said = np.array([min(max(event.confidence, 0.0), 1.0) for event in kept], np.float64)
    return said, np.array([id(event.span) in right for event in kept], np.bool_)
