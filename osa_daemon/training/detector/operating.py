"""Operating points, chosen on validation nights, and what each threshold can be expected to do."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

from scipy.optimize import isotonic_regression

from osa_daemon.detector.expectation import RELEASE_KEY, UPPER
from osa_daemon.poisson import upper_bound
from osa_daemon.training.detector.hearing import audible_threshold, sweep_audible
from osa_daemon.training.detector.home import NIGHT_H, expected_per_night
from osa_daemon.training.detector.judge import Reading
from osa_daemon.training.detector.tally import GRID, RELEASE_SHARE, Counts, Tally, tally

GIVE_UP = 0.92  # share of precision or recall that a sensitivity must keep of `balanced`
EVENTLESS_PER_H = 0.3  # most false ones on eventless nights together, at `balanced`
EVENTLESS_HIGH_PER_H = 1.0  # and at `high`
WORTH = 0.98  # share of the best F1 that may not be given up for it
# most false alerts in a night at home, expected: who is woken for nothing switches alerts off
ALERTS_PER_NIGHT = {"low": 0.1, "balanced": 0.3, "high": 1.0}


@dataclass(frozen=True, slots=True)
class Point:
    """One threshold and what it led to on validation nights.

    `eventless_per_h`: what was false on nights without events that count, an hour.
    """

    threshold: float
    precision: float
    recall: float
    f1: float
    eventless_per_h: float = 0.0


@dataclass(frozen=True, slots=True)
class Operating:
    """The thresholds of each sensitivity, and the calibration, both as the metadata has them."""

    thresholds: dict[str, Mapping[str, float]]
    calibration: dict[str, Any]


def choose(readings: Sequence[Reading], jobs: int = 2, calm: Sequence[Reading] = ()) -> Operating:
    """Return operating points and calibration from readings of validation nights.

    First the threshold of audibility; then each night is scored once at each threshold of `GRID`,
    in `jobs` processes. `calm`: more nights without events, for the rates of what is false alone:
    recall and F1 are of nights with events, audibility of the mixture.
    """
    audible = audible_threshold(sweep_audible(readings, jobs))
    tallies = tally([*readings, *calm], jobs, audible)
    calibration = calibration_of(tallies)
    events, progress = points_of(sweep_events(tallies)), calm_points_of(calibration["in_progress"])
    thresholds: dict[str, Mapping[str, float]] = {
        name: {
            "event": events[name],
            "in_progress": progress[name],
            "release": round(progress[name] * RELEASE_SHARE, 3),
            "audible": audible,
        }
        for name in events
    }
    return Operating(thresholds, calibration)


def f1_of(precision: float, recall: float) -> float:
    """Return the harmonic mean of precision and recall."""
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0


def sweep_events(tallies: Sequence[Tally]) -> list[Point]:
    """Return precision and recall of decided events over `GRID`, on nights with events.

    What is false on the others is their rate an hour.
    """
    with_events = [t for t in tallies if not t.is_eventless]
    return [
        _point(
            threshold,
            (counts.found, counts.missed, counts.false),
            _eventless_per_h(tallies, [t.counts[k].false for t in tallies]),
        )
        for k, (threshold, counts) in enumerate(_pooled(with_events))
    ]


def points_of(sweep: Sequence[Point]) -> dict[str, float]:
    """Return the threshold of each sensitivity from a sweep over rising thresholds.

    `balanced` has the best F1 of those that keep `EVENTLESS_PER_H`. Where that would cost more
    than `WORTH` leaves, it is the one with the fewest false on eventless nights that does not.
    `high` lies below it and finds the most while precision stays within `GIVE_UP` of that of
    `balanced`, and false ones on eventless nights within `EVENTLESS_HIGH_PER_H`; `low` is the most
    precise above it while recall does: at least one step of the sweep above `balanced`, unless
    each step loses precision, or more than `GIVE_UP` leaves of what is found (or told); only then
    both have the same threshold.
    """
    most = max(p.f1 for p in sweep)
    worth = [p for p in sweep if p.f1 >= WORTH * most]
    least = max(min(p.eventless_per_h for p in worth), EVENTLESS_PER_H)
    best = max((p for p in worth if p.eventless_per_h <= least), key=lambda p: p.f1)
    lower = [p for p in sweep if p.threshold <= best.threshold]
    upper = [p for p in sweep if p.threshold >= best.threshold]
    bearable = max(best.eventless_per_h, EVENTLESS_HIGH_PER_H)
    calm = [p for p in lower if p.eventless_per_h <= bearable]
    high = [p for p in calm if p.precision >= GIVE_UP * best.precision]
    kept = [p for p in upper if p.recall >= GIVE_UP * best.recall]
    steps = [p for p in kept if p.threshold > best.threshold and p.precision >= best.precision]
    return {
        "low": max(steps or [best], key=lambda p: (p.precision, -p.threshold)).threshold,
        "balanced": best.threshold,
        "high": max(high, key=lambda p: (p.recall, p.threshold)).threshold,
    }


def calm_points_of(rows: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """Return the threshold of pauses in progress of each sensitivity, by whom it wakes.

    The lowest of the calibration's `rows` (see `calibration_of`) that keeps the false alerts of
    `ALERTS_PER_NIGHT`; where none does, the highest that still tells of something.
    """
    telling = [row for row in rows if row["told"] > 0] or rows

    def calm(most: float) -> float:
        kept = [r["threshold"] for r in telling if r["false_alerts_per_night"] <= most]
        return min(kept, default=max(r["threshold"] for r in telling))

    return {name: calm(most) for name, most in ALERTS_PER_NIGHT.items()}


def calibration_of(tallies: Sequence[Tally]) -> dict[str, Any]:
    """Return what `Expectation.of` reads: rates over `GRID`, for a night at home of `NIGHT_H`.

    Recall is of quiet to moderately noisy nights; what is false is weighted by `home`. Both fall
    as the threshold rises: where few counts say otherwise, they are levelled (isotonic
    regression). Beside each rate of what is false stands its upper bound, of `_uppers`. The share
    of the threshold at which a pause in progress is released is that which all was measured with.
    """
    quiet = [counts for _, counts in _pooled([t for t in tallies if t.is_quiet])]
    return {
        "night_h": NIGHT_H,
        "nights": len(tallies),
        "hours": round(sum(t.hours for t in tallies), 1),
        RELEASE_KEY: RELEASE_SHARE,
        "events": _rows(
            {"recall": _falling([_share(c.found, c.missed) for c in quiet])}
            | _false_per_night("false_per_night", tallies, "false")
        ),
        "in_progress": _rows(
            {"told": _falling([_share(c.told, c.untold) for c in quiet])}
            | _false_per_night("false_on_per_night", tallies, "false_on")
            | _false_per_night("false_alerts_per_night", tallies, "false_alerts")
        ),
    }


def _false_per_night(key: str, tallies: Sequence[Tally], name: str) -> dict[str, list[float]]:
    """Return over `GRID` how many there are in a night at home, and at most, by column."""
    strata = list(dict.fromkeys(t.stratum for t in tallies))
    members = [[t for t in tallies if t.stratum == stratum] for stratum in strata]
    hours = [sum(t.hours for t in group) for group in members]
    counts = [
        [sum(getattr(t.counts[k], name) for t in group) for group in members]
        for k in range(len(GRID))
    ]
    expected = [expected_per_night(strata, hours, at) for at in counts]
    uppers = _uppers([sum(at) for at in counts], sum(hours), expected)
    return {key: _falling(expected), key + UPPER: uppers}


def _uppers(counts: Sequence[int], hours: float, expected: Sequence[float]) -> list[float]:
    """Return one-sided 95 % upper bounds, a night, of what was counted over `GRID`.

    The exact Poisson bound of the count of all validation nights together, over their hours, for
    a night of `NIGHT_H`; where the weights of a home make more of each that was counted than that
    (`expected`, a night), the bound is scaled as they do, so that it is never below the estimate.
    It holds for each threshold by itself, for nights like the validation nights, as if one false
    event made no other likelier. No threshold has a lower bound than a higher one has.
    """
    raw = [
        upper_bound(n) * max(NIGHT_H / hours, rate / max(n, 1))
        for n, rate in zip(counts, expected, strict=True)
    ]
    return [*accumulate(reversed(raw), max)][::-1]


def _rows(columns: Mapping[str, Sequence[float]]) -> list[dict[str, float]]:
    return [
        {"threshold": threshold} | {name: round(values[k], 4) for name, values in columns.items()}
        for k, threshold in enumerate(GRID)
    ]


def _falling(values: Sequence[float]) -> list[float]:
    return [float(value) for value in isotonic_regression(values, increasing=False).x]


def _pooled(tallies: Sequence[Tally]) -> list[tuple[float, Counts]]:
    return [
        (threshold, sum((t.counts[k] for t in tallies), Counts()))
        for k, threshold in enumerate(GRID)
    ]


def _point(threshold: float, counts: tuple[int, int, int], eventless_per_h: float) -> Point:
    right, missed, false = counts
    precision, recall = right / max(right + false, 1), right / max(right + missed, 1)
    return Point(threshold, precision, recall, f1_of(precision, recall), eventless_per_h)


def _eventless_per_h(tallies: Sequence[Tally], false: Sequence[int]) -> float:
    hours = sum(t.hours for t in tallies if t.is_eventless)
    count = sum(n for t, n in zip(tallies, false, strict=True) if t.is_eventless)
    return round(count / hours, 6) if hours else 0.0


def _share(part: int, rest: int) -> float:
    return part / max(part + rest, 1)
