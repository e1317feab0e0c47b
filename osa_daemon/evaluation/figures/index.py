"""The index, events per hour: decided per monitorable hour against true per audible hour."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from osa_daemon.evaluation.figures.matched import MatchedNight, people_of
from osa_daemon.evaluation.night import FRAME_RATE_HZ, Flags, JudgedNight
from osa_daemon.evaluation.tally import Formula, estimate, ratio
from osa_daemon.scoring.matching import Span

LEAST_HOURS = 0.25  # of monitorable and of audible time; less gives no rate
STRATA = (
    ("below 5", 0.0, 5.0),
    ("5-15", 5.0, 15.0),
    ("15-30", 15.0, 30.0),
    ("above 30", 30.0, 1e9),
)
AGREEMENT = 1.96  # standard deviations: 95 % limits (Bland and Altman 1986)


@dataclass(frozen=True, slots=True)
class Indices:
    """Index of one night (events per hour): `true` and `decided`.

    `judged`: as `decided`, without events on scored ones that sound cannot find.
    """

    night: MatchedNight
    true: float
    decided: float
    judged: float

    @property
    def error(self) -> float:
        """Decided minus true (events per hour)."""
        return self.decided - self.true


def mostly_inside(span: Span, flags: Flags) -> bool:
    """Return whether at least half of the frames of a span are set."""
    first = int(span.onset_s * FRAME_RATE_HZ)
    part = flags[first : max(first + 1, int(span.end_s * FRAME_RATE_HZ))]
    return bool(len(part)) and 2 * int(part.sum()) >= len(part)


def indices_of(one: MatchedNight) -> Indices | None:
    """Return the indices of a night; None with less than a quarter of an hour to go by.

    Decided: events in monitorable time, per hour of it, as the bedside does (which asks for two
    hours of it). True: events that count, per truly audible hour, or per hour of the night where
    nobody knows what was audible.
    """
    night = one.night
    audible_h = true_hours(night)
    monitorable_h = float(night.rows.monitorable.sum()) / FRAME_RATE_HZ / 3600
    if min(audible_h, monitorable_h) < LEAST_HOURS:
        return None
    judged = [*(decided for decided, _ in one.matches.pairs), *one.matches.false]
    decided, among = (
        sum(mostly_inside(span, night.rows.monitorable) for span in spans)
        for spans in ([event.span for event in night.decided], judged)
    )
    true = sum(span.counts for span in night.truth)
    return Indices(one, true / audible_h, decided / monitorable_h, among / monitorable_h)


def true_hours(night: JudgedNight) -> float:
    """Return the hours that the true index goes by."""
    if night.rows.audible is None:
        return night.hours
    return float(night.rows.audible.sum()) / FRAME_RATE_HZ / 3600


def stratum_of(true: float) -> str:
    """Return the stratum of a true index."""
    return next(name for name, low, high in STRATA if low <= true < high)


FORMULAS: dict[str, Formula] = {
    "mean_abs_error": ratio("abs_error", "nights"),
    "mean_abs_error_of_judged": ratio("abs_error_of_judged", "nights"),
    "bias": ratio("error", "nights"),
    "relative_error": ratio("relative_error", "nights"),
}


def index_row(found: Sequence[Indices]) -> dict[str, Any]:
    """Return the index error over nights (per hour) and Bland-Altman figures.

    `relative_error`: mean of |error| / true. `limits`: bias ± 1.96 standard deviations.
    """
    tallies = [
        {
            "nights": 1.0,
            "error": one.error,
            "abs_error": abs(one.error),
            "abs_error_of_judged": abs(one.judged - one.true),
            "relative_error": abs(one.error) / one.true if one.true else np.nan,
        }
        for one in found
    ]
    errors = [one.error for one in found]
    spread = float(np.std(errors, ddof=1)) * AGREEMENT if len(found) > 1 else None
    bias = float(np.mean(errors)) if found else None
    return {
        "nights": len(found),
        "mean_true": float(np.mean([one.true for one in found])) if found else None,
        **estimate(tallies, FORMULAS, people_of([one.night for one in found])),
        "median_abs_error": float(np.median(np.abs(errors))) if found else None,
        "limits": None if spread is None or bias is None else [bias - spread, bias + spread],
    }


def index_figures(nights: Sequence[MatchedNight]) -> dict[str, Any]:
    """Return `index_row` by stratum of the true index, of all nights, and the pairs.

    Strata hold nights with events that count; those without have a row of their own.
    """
    known = [(one, indices_of(one)) for one in nights]
    found = [indices for _, indices in known if indices is not None]
    having = [indices for indices in found if indices.night.has_events]
    strata = {
        name: index_row([i for i in having if low <= i.true < high]) for name, low, high in STRATA
    }
    return {
        "strata": strata,
        "below 15": index_row([i for i in having if i.true < 15.0]),
        "with events": index_row(having),
        "without events": index_row([i for i in found if not i.night.has_events]),
        "left_out": len(known) - len(found),
        "nights_audible_not_known": sum(one.night.rows.audible is None for one in nights),
        "correlation": _correlation(having),
        "pairs": [[i.night.night.name, i.true, i.decided] for i in found],
    }


def _correlation(found: Sequence[Indices]) -> float | None:
    """Return Pearson's correlation of decided with true indices; None where one is constant."""
    true, decided = np.array([i.true for i in found]), np.array([i.decided for i in found])
    if len(found) < 3 or not np.ptp(true) or not np.ptp(decided):
        return None
    return float(np.corrcoef(true, decided)[0, 1])
