"""Figures of the exported detector on nights with known truth."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from osa_daemon.scoring.matching import iou, pool
from osa_daemon.training.detector.judge import Verdict, hours_of

QUIET_SNR_DB = 6.0  # median breath over the noise: quiet to moderately noisy rooms
APNEAS = ("obstructive_apnea", "central_apnea", "mixed_apnea", "apnea")


def is_quiet(verdict: Verdict) -> bool:
    """Return whether a night is of a quiet to moderately noisy room."""
    return float(verdict.night.facts["snr_db"]) >= QUIET_SNR_DB


def has_events(verdict: Verdict) -> bool:
    """Return whether a night holds events that count."""
    return any(counts for *_, counts in verdict.night.events)


def event_row(verdicts: Sequence[Verdict]) -> dict[str, Any]:
    """Return event figures over nights, pooled."""
    together = pool([v.matches for v in verdicts])
    pairs = together.pairs
    return {
        "nights": len(verdicts),
        "hours": round(hours_of([v.night for v in verdicts]), 2),
        "events": len(pairs) + len(together.missed),
        "found": len(pairs),
        "false": len(together.false),
        "precision": _rounded(together.precision),
        "recall": _rounded(together.recall),
        "f1": _rounded(together.f1),
        "mean_iou": _rounded(float(np.mean([iou(a, b) for a, b in pairs])) if pairs else None),
        "recall_apnea": _recall(verdicts, lambda kind: kind in APNEAS),
        "recall_hypopnea": _recall(verdicts, lambda kind: kind == "hypopnea"),
    }


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 3)


def _recall(verdicts: Sequence[Verdict], is_kind: Callable[[str], bool]) -> str:
    found = sum(is_kind(true.type) for v in verdicts for _, true in v.matches.pairs)
    missed = sum(is_kind(true.type) for v in verdicts for true in v.matches.missed)
    return f"{found} of {found + missed}"


def eventless_row(verdicts: Sequence[Verdict]) -> dict[str, Any]:
    """Return false events, alerts and monitorable share of nights without events that count.

    Events on scored ones that sound cannot find are not false; any alert is counted.
    """
    hours = hours_of([v.night for v in verdicts])
    return {
        "nights": len(verdicts),
        "hours": round(hours, 2),
        "false_per_hour": round(sum(len(v.matches.false) for v in verdicts) / hours, 2),
        "alerts_per_8h": round(sum(len(v.alerts) for v in verdicts) / hours * 8, 2),
        "monitorable_share": round(sum(float(v.monitorable.mean()) * hours_of([v.night]) for v in verdicts) / hours, 3),
    }


def bootstrap_f1(
    verdicts: Sequence[Verdict], seed: int = 0, draws: int = 1_000
) -> list[float | None]:
    """Return the 95 % interval of F1, resampling persons (percentile bootstrap)."""
    if not verdicts:
        return [None, None]
    by_person: dict[str, list[Verdict]] = {}
    for verdict in verdicts:
        by_person.setdefault(str(verdict.night.facts["person"]), []).append(verdict)
    rows = np.array(
        [
            [
                sum(len(v.matches.pairs) for v in group),
                sum(len(v.matches.false) + len(v.matches.missed) for v in group),
            ]
            for group in by_person.values()
        ]
    )
    picks = np.random.default_rng(seed).integers(0, len(rows), (draws, len(rows)))
    right, wrong = rows[picks].sum(1).T
    low, high = np.percentile(2 * right / np.maximum(2 * right + wrong, 1), [2.5, 97.5])
    return [round(float(low), 3), round(float(high), 3)]


def all_figures(verdicts: Sequence[Verdict]) -> dict[str, Any]:
    """Return every figure of the model card, as plain JSON."""
    with_events = [v for v in verdicts if has_events(v)]
    quiet = [v for v in with_events if is_quiet(v)]
    rest = [v for v in with_events if not is_quiet(v)]
    by_kind: dict[str, list[Verdict]] = {}
    for verdict in verdicts:
        if not has_events(verdict):
            by_kind.setdefault(str(verdict.night.facts["kind"]), []).append(verdict)
    generators = sorted({str(v.night.facts["generator"]) for v in quiet})
    return {
        "quiet_to_moderate": event_row(quiet) | {"f1_95": bootstrap_f1(quiet)},
        "noisier": event_row(rest) if rest else None,
        "by_generator": {
            g: event_row([v for v in quiet if v.night.facts["generator"] == g]) for g in generators
        },
        "eventless": {kind: eventless_row(group) for kind, group in sorted(by_kind.items())},
    }
