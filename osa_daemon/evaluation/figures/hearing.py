"""Whether it knows when it cannot hear: monitorable against truly audible, risk, coverage."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from osa_daemon.evaluation.figures.matched import MatchedNight, is_apnea, people_of
from osa_daemon.evaluation.night import FRAME_RATE_HZ, Flags, Probabilities
from osa_daemon.evaluation.tally import estimate, ratio
from osa_daemon.scoring.matching import Span, match

BEFORE = 60 * FRAME_RATE_HZ  # frames before an event in which breathing should have been heard
LEVELS = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95)
SHARES = {
    "audible_monitorable": ratio("audible_monitorable", "audible"),
    "event_time_monitorable": ratio("event_monitorable", "event"),
    "inaudible_monitorable": ratio("inaudible_monitorable", "inaudible"),
}


def frames_of(spans: Iterable[Span], count: int) -> Flags:
    """Return which of `count` frames of 0.2 s lie inside spans; most of the frame must."""
    inside = np.zeros(count, np.bool_)
    for span in spans:
        first, end = (max(0, round(at * FRAME_RATE_HZ)) for at in (span.onset_s, span.end_s))
        inside[first:end] = True
    return inside


def hearing_figures(nights: Sequence[MatchedNight]) -> dict[str, Any] | None:
    """Return the shares of `SHARES` and risk against coverage; None where truth is not known.

    Truly audible event time: scored events, missed ones included, as far as they count or are
    truly audible.
    """
    known = [one for one in nights if one.night.rows.audible is not None]
    if not known:
        return None
    tallies = [tally for one in known if (tally := _tally(one)) is not None]
    seconds = {f"{k}_hours": sum(t[k] for t in tallies) / 3600 for k in ("audible", "inaudible")}
    return {
        "nights": len(known),
        **seconds,
        "event_hours": sum(t["event"] for t in tallies) / 3600,
        **estimate(tallies, SHARES, people_of(known)),
        "risk": [risk_at(known, level) for level in LEVELS],
    }


def _tally(one: MatchedNight) -> dict[str, float] | None:
    rows, truth = one.night.rows, one.night.truth
    if rows.audible is None:
        return None
    count = len(rows.audible)
    event = frames_of((s for s in truth if s.counts), count)
    event |= frames_of(truth, count) & rows.audible
    groups = {"audible": rows.audible, "event": event, "inaudible": ~rows.audible & ~event}
    tally = {name: int(flags.sum()) / FRAME_RATE_HZ for name, flags in groups.items()}
    return tally | {
        f"{name}_monitorable": int((flags & rows.monitorable).sum()) / FRAME_RATE_HZ
        for name, flags in groups.items()
    }


def heard_before(p_audible: Probabilities) -> Probabilities:
    """Return the mean of `p_audible` over the 60 s before each frame (frames,)."""
    total = np.concatenate([[0.0], np.cumsum(p_audible, dtype=np.float64)])
    ends = np.arange(1, len(p_audible) + 1)
    starts = np.maximum(ends - BEFORE, 0)
    mean: Probabilities = ((total[ends] - total[starts]) / (ends - starts)).astype(np.float32)
    return mean


def risk_at(nights: Sequence[MatchedNight], level: float) -> dict[str, Any]:
    """Return coverage and errors where only time with `heard_before` >= `level` is judged.

    The truth here holds apneas in inaudible time too: what nobody could hear is part of the
    risk of judging all the same. `risk` is 1 - F1 of the events that begin in covered time.
    """
    covered = total = found = missed = false = 0
    for one in nights:
        heard = heard_before(one.night.rows.p_audible) >= level
        covered, total = covered + int(heard.sum()), total + len(heard)
        true = [replace(s, counts=s.counts or is_apnea(s)) for s in one.night.truth]
        matches = match(
            [e.span for e in one.night.decided if _at(heard, e.span)],
            [s for s in true if _at(heard, s)],
        )
        found += len(matches.pairs)
        missed += len(matches.missed)
        false += len(matches.false)
    hours = covered / FRAME_RATE_HZ / 3600
    events = 2 * found + missed + false
    return {
        "level": level,
        "coverage": covered / total if total else None,
        "events": found + missed,
        "risk": (missed + false) / events if events else None,
        "missed_share": missed / (found + missed) if found + missed else None,
        "false_per_hour": false / hours if hours else None,
    }


def _at(heard: Flags, span: Span) -> bool:
    frame = max(0, min(int(span.onset_s * FRAME_RATE_HZ), len(heard) - 1))
    return bool(heard[frame : frame + 1].any())
