"""Judged nights made by hand, each an hour unless told otherwise."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from osa_daemon.evaluation.figures.matched import MatchedNight, match_nights
from osa_daemon.evaluation.night import FRAME_RATE_HZ, Decided, FrameRows, JudgedNight, Raised
from osa_daemon.scoring.matching import Span

HOUR_S = 3600.0
KNOWN: dict[str, Any] = {
    "kind": "events",
    "generator": "recorded",
    "person": "sound 1/timeline 1",
    "snr_db": 10.0,
}


def apnea(onset_s: float, duration_s: float = 20.0, *, counts: bool = True) -> Span:
    """A true or decided apnea."""
    return Span(onset_s, duration_s, "apnea", counts)


def hypopnea(onset_s: float, duration_s: float = 20.0, *, counts: bool = True) -> Span:
    """A true or decided hypopnea."""
    return Span(onset_s, duration_s, "hypopnea", counts)


def alert(at_s: float, since_s: float | None = None, *, urgent: bool = False) -> Raised:
    """An alert after 30 s, or since a moment."""
    return Raised(at_s, at_s - 30.0 if since_s is None else since_s, urgent)


def night(
    truth: Sequence[Span] = (),
    decided: Sequence[Span] = (),
    alerts: Sequence[Raised] = (),
    *,
    name: str = "night",
    seconds: float = HOUR_S,
    audible: Any = True,
    monitorable: Any = True,
    p_audible: Any = 1.0,
    p_apnea: Any = 0.0,
    p_hypopnea: Any = 0.0,
    confidence: float = 0.9,
    facts: dict[str, Any] | None = None,
    **more: Any,
) -> JudgedNight:
    """A judged night; rows are filled with one value or given as arrays, `more` are facts."""
    frames = round(seconds * FRAME_RATE_HZ)

    def row(value: Any, kind: Any) -> Any:
        return np.broadcast_to(np.asarray(value, kind), (frames,)).copy()

    rows = FrameRows(
        None if audible is None else row(audible, np.bool_),
        row(monitorable, np.bool_),
        row(p_audible, np.float32),
        row(p_apnea, np.float32),
        row(p_hypopnea, np.float32),
    )
    return JudgedNight(
        name,
        (KNOWN if facts is None else facts) | more,
        tuple(truth),
        tuple(Decided(span, confidence) for span in decided),
        tuple(alerts),
        rows,
    )


def matched(*nights: JudgedNight) -> list[MatchedNight]:
    """Nights with their events matched."""
    return match_nights(nights)


def frames(*spans: tuple[float, float], seconds: float = HOUR_S) -> Any:
    """Flags (frames,) that are set from start_s to end_s of each span."""
    flags = np.zeros(round(seconds * FRAME_RATE_HZ), np.bool_)
    for start_s, end_s in spans:
        flags[round(start_s * FRAME_RATE_HZ) : round(end_s * FRAME_RATE_HZ)] = True
    return flags
