"""What a baseline found becomes a judged night, as the detector's own reading does."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from osa_daemon.evaluation.night import Decided, FrameRows, JudgedNight, Raised
from osa_daemon.features.features import FRAME_RATE_HZ
from osa_daemon.scoring.matching import Span
from osa_daemon.scoring.thresholds import ScoringSettings
from osa_daemon.training.detector.corpus import FeatureNight

RULES = ScoringSettings()

Flags = NDArray[np.bool_]
Runs = NDArray[np.intp]


def runs_of(inside: Flags) -> Runs:
    """Return (runs, 2): where runs of True begin and where they have ended."""
    padded = np.concatenate([[0], inside.astype(np.int8), [0]])
    return np.flatnonzero(np.diff(padded)).reshape(-1, 2)


def truth_of(night: FeatureNight) -> tuple[Span, ...]:
    """Return every scored event of a night; those that sound cannot find do not count."""
    return tuple(Span(onset, length, kind, counts) for onset, length, kind, counts in night.events)


def alerts_of(decided: Sequence[Decided], wait_s: float) -> tuple[Raised, ...]:
    """Return the alerts of a rule that sees a pause grow: 30 s long, not again for 10 minutes.

    `wait_s` is what the rule waits for before it knows of a moment.
    """
    alerts: list[Raised] = []
    for event in decided:
        at_s = event.span.onset_s + RULES.alert_after_s
        held = alerts and at_s - alerts[-1].at_s < RULES.alert_repeat_s
        if event.span.duration_s >= RULES.alert_after_s and not held:
            alerts.append(Raised(at_s + wait_s, event.span.onset_s, urgent=False))
    return tuple(alerts)


def judged(
    night: FeatureNight,
    decided: Sequence[Decided],
    monitorable: Flags,
    p_event: dict[str, NDArray[np.float32]] | None = None,
    wait_s: float = 0.0,
) -> JudgedNight:
    """Return `night` judged by what was `decided` on it, in order of onset.

    `p_event` holds `apnea` and `hypopnea` (frames,); without it a frame is 1 inside an event.
    """
    frames = len(night.features)
    rows = p_event or {kind: _inside(decided, kind, frames) for kind in ("apnea", "hypopnea")}
    audible = night.labels.get("audible")
    return JudgedNight(
        name=night.name,
        facts={name: fact for name, fact in night.facts.items() if name != "events"},
        truth=truth_of(night),
        decided=tuple(decided),
        alerts=alerts_of(decided, wait_s),
        rows=FrameRows(
            audible=None if audible is None else audible.astype(np.bool_),
            monitorable=monitorable,
            p_audible=monitorable.astype(np.float32),
            p_apnea=rows["apnea"],
            p_hypopnea=rows["hypopnea"],
        ),
    )


def _inside(decided: Sequence[Decided], kind: str, frames: int) -> NDArray[np.float32]:
    row = np.zeros(frames, np.float32)
    for event in decided:
        if event.span.type == kind:
            start, end = event.span.onset_s, event.span.end_s
            row[round(start * FRAME_RATE_HZ) : round(end * FRAME_RATE_HZ)] = 1
    return row
