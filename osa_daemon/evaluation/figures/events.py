"""Events found, missed and false: the figures of nights that hold events."""

from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import chain
from typing import Any

import numpy as np

from osa_daemon.evaluation.figures.matched import MatchedNight, hours_of, is_apnea, people_of
from osa_daemon.evaluation.tally import Column, Formula, Sums, estimate, ratio, share
from osa_daemon.scoring.matching import MIN_IOU, Matches, Span, iou, pool


def _f1(level: str) -> Formula:
    return lambda s: share(
        2 * s[f"found{level}"], 2 * s[f"found{level}"] + s[f"false{level}"] + s[f"missed{level}"]
    )


def _precision(level: str) -> Formula:
    return lambda s: share(s[f"found{level}"], s[f"found{level}"] + s[f"false{level}"])


def _recall(level: str) -> Formula:
    return lambda s: share(s[f"found{level}"], s[f"found{level}"] + s[f"missed{level}"])


def _mean_duration_error(sums: Sums) -> Column:
    return np.abs(share(sums["decided_s"] - sums["true_s"], sums["found"]))


def _duration_error_of_all(sums: Sums) -> Column:
    decided = share(sums["all_decided_s"], sums["found"] + sums["false"])
    return np.abs(decided - share(sums["all_true_s"], sums["found"] + sums["missed"]))


MAIN: Mapping[str, Formula] = {
    "f1": _f1(""),
    "recall": _recall(""),
    "precision": _precision(""),
    "recall_apnea": ratio("apneas_found", "apneas"),
    "recall_hypopnea": ratio("hypopneas_found", "hypopneas"),
    "false_per_hour": ratio("false", "hours"),
    "mean_iou": ratio("iou", "found"),
    "mean_duration_error_s": _mean_duration_error,
}
MORE: Mapping[str, Formula] = {
    "mean_duration_error_of_all_s": _duration_error_of_all,
    "onset_error_mean_abs_s": ratio("onset_abs_s", "found"),
    "duration_error_mean_abs_s": ratio("duration_abs_s", "found"),
    "f1_any_overlap": _f1("_touching"),
    "recall_any_overlap": _recall("_touching"),
    "precision_any_overlap": _precision("_touching"),
    "f1_iou_half": _f1("_half"),
    "recall_iou_half": _recall("_half"),
    "precision_iou_half": _precision("_half"),
}
COUNTS = ("found", "missed", "false", "apneas", "apneas_found", "hypopneas", "hypopneas_found")


def tally_of(one: MatchedNight) -> dict[str, float]:
    """Return the counts of a night that `MAIN` and `MORE` are made of."""
    matches = one.matches
    pairs, true = matches.pairs, [*(t for _, t in matches.pairs), *matches.missed]
    apneas, found = sum(map(is_apnea, true)), sum(is_apnea(t) for _, t in pairs)
    return {
        **_counts("", matches),
        **_counts("_touching", one.touching),
        **_counts("_half", one.half),
        "apneas": apneas,
        "apneas_found": found,
        "hypopneas": len(true) - apneas,
        "hypopneas_found": len(pairs) - found,
        "iou": sum(iou(d, t) for d, t in pairs),
        "onset_abs_s": sum(abs(d.onset_s - t.onset_s) for d, t in pairs),
        "duration_abs_s": sum(abs(d.duration_s - t.duration_s) for d, t in pairs),
        "decided_s": sum(d.duration_s for d, _ in pairs),
        "true_s": sum(t.duration_s for _, t in pairs),
        "all_decided_s": sum(d.duration_s for d in _decided(matches)),
        "all_true_s": sum(t.duration_s for t in true),
        "hours": one.night.hours,
    }


def _counts(level: str, matches: Matches) -> dict[str, float]:
    return {
        f"found{level}": len(matches.pairs),
        f"missed{level}": len(matches.missed),
        f"false{level}": len(matches.false),
    }


def _decided(matches: Matches) -> list[Span]:
    return [*(d for d, _ in matches.pairs), *matches.false]


def event_row(nights: Sequence[MatchedNight]) -> dict[str, Any]:
    """Return the pooled figures of nights as one row: counts, shares, 95 % intervals.

    IoU of at least 0.3 where a name does not say otherwise. The mean-duration error is the
    difference of the mean durations, decided and true, over matched events (`…_of_all`: over all
    decided and all true events). `_95`: intervals by person, see `bootstrap`.
    """
    tallies = [tally_of(one) for one in nights]
    people = people_of(nights)
    row: dict[str, Any] = {
        "nights": len(nights),
        "people": len(set(people)),
        "hours": hours_of(nights),
        "events": sum(int(t["found"] + t["missed"]) for t in tallies),
        **{name: sum(int(t[name]) for t in tallies) for name in COUNTS},
    }
    return row | estimate(tallies, MAIN, people) | estimate(tallies, MORE)


def event_figures(nights: Sequence[MatchedNight]) -> dict[str, Any]:
    """Return `event_row` and what stands beside it: per night, by type, errors, uncounted."""
    together = pool([one.matches for one in nights])
    return event_row(nights) | {
        "per_night": _per_night(nights),
        "errors": _errors(together),
        "recall_by_type": _by_type(nights),
        "types": types_of(together),
        "uncounted": uncounted_of(nights),
    }


def _per_night(nights: Sequence[MatchedNight]) -> dict[str, Any]:
    """Return how F1, recall and precision spread over nights."""
    values = {
        name: [v for one in nights if (v := getattr(one.matches, name)) is not None]
        for name in ("f1", "recall", "precision")
    }
    return {name: spread_of(listed) for name, listed in values.items()}


def spread_of(values: Sequence[float]) -> dict[str, Any] | None:
    """Return mean, median and the middle 80 % of values; None without any."""
    if not len(values):
        return None
    low, median, high = np.quantile(values, [0.1, 0.5, 0.9])
    return {
        "count": len(values),
        "mean": float(np.mean(values)),
        "median": float(median),
        "10 %": float(low),
        "90 %": float(high),
    }


def _errors(matches: Matches) -> dict[str, Any]:
    """Return the errors of matched events, decided minus true (s)."""
    return {
        "onset_s": spread_of([d.onset_s - t.onset_s for d, t in matches.pairs]),
        "end_s": spread_of([d.end_s - t.end_s for d, t in matches.pairs]),
        "duration_s": spread_of([d.duration_s - t.duration_s for d, t in matches.pairs]),
        "iou": spread_of([iou(d, t) for d, t in matches.pairs]),
    }


def _by_type(nights: Sequence[MatchedNight]) -> dict[str, Any]:
    """Return recall by true type; any respiratory event finds it."""
    types = sorted({s.type for one in nights for s in one.night.truth if s.counts})
    people = people_of(nights)
    rows = {}
    for kind in types:
        tallies = [
            {
                "found": sum(t.type == kind for _, t in one.matches.pairs),
                "events": sum(s.type == kind and s.counts for s in one.night.truth),
            }
            for one in nights
        ]
        counts = {name: sum(t[name] for t in tallies) for name in ("events", "found")}
        rows[kind] = counts | estimate(tallies, {"recall": ratio("found", "events")}, people)
    return rows


def types_of(matches: Matches) -> dict[str, Any]:
    """Return what true events were taken for, and figures that ask for the right type too.

    `table`: true type (or `no event`) → decided type (or `missed`) → count. `strict`: a matched
    event of the wrong type is both missed and false.
    """
    cells = Counter((t.type, d.type) for d, t in matches.pairs)
    cells += Counter((t.type, "missed") for t in matches.missed)
    cells += Counter(("no event", d.type) for d in matches.false)
    table: dict[str, dict[str, int]] = {}
    for (true, decided), count in sorted(cells.items()):
        table.setdefault(true, {})[decided] = count
    return {"table": table, "strict": {kind: _strict(matches, kind) for kind in _CLASSES}}


_CLASSES = ("apnea", "hypopnea")


def _strict(matches: Matches, kind: str) -> dict[str, Any]:
    def of_kind(span: Span) -> bool:
        return is_apnea(span) == (kind == "apnea")

    right = sum(of_kind(d) and of_kind(t) for d, t in matches.pairs)
    true = sum(map(of_kind, chain((t for _, t in matches.pairs), matches.missed)))
    decided = sum(map(of_kind, _decided(matches)))
    return {
        "events": true,
        "right": right,
        "recall": right / true if true else None,
        "precision": right / decided if decided else None,
        "f1": 2 * right / (true + decided) if true + decided else None,
    }


def uncounted_of(nights: Sequence[MatchedNight]) -> dict[str, Any]:
    """Return scored events that sound cannot find, by type: how many, how many met all the same."""
    rows: dict[str, dict[str, int]] = {}
    for one in nights:
        decided = [event.span for event in one.night.decided]
        for span in one.night.truth:
            if span.counts:
                continue
            row = rows.setdefault(span.type, {"events": 0, "met": 0})
            row["events"] += 1
            row["met"] += any(iou(d, span) >= MIN_IOU for d in decided)
    return dict(sorted(rows.items()))
