"""Two systems on the same nights: paired differences, and what is clear of chance."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from osa_daemon.errors import InputError
from osa_daemon.evaluation.bootstrap import interval, weights_of
from osa_daemon.evaluation.figures.alerts import false_alerts
from osa_daemon.evaluation.figures.eventless import eventless_row, is_wanted
from osa_daemon.evaluation.figures.events import MAIN, event_row, tally_of
from osa_daemon.evaluation.figures.matched import MatchedNight, match_nights, people_of
from osa_daemon.evaluation.night import JudgedNight
from osa_daemon.evaluation.report import plain_of
from osa_daemon.evaluation.tally import Formula, Tally, ratio, sums_of

Pairs = Sequence[tuple[MatchedNight, MatchedNight]]
LESS_IS_BETTER = {
    "false_per_hour",
    "false_alerts_per_8h",
    "mean_duration_error_s",
}
EVENTLESS: Mapping[str, Formula] = {
    "false_per_hour": ratio("false", "hours"),
    "false_alerts_per_8h": lambda sums: 8 * ratio("alerts", "hours")(sums),
}


def difference(
    ours: Sequence[Tally],
    others: Sequence[Tally],
    people: Sequence[str],
    formulas: Mapping[str, Formula],
) -> dict[str, Any]:
    """Return for each figure ours, theirs, ours - theirs, its 95 % interval, and the verdict.

    The same nights in the same order, resampled together. `clearly`: "better" or "worse" where
    the interval leaves out zero, None where it does not.
    """
    if not ours:
        return {}
    weights, once = weights_of(people), np.ones((1, len(ours)))
    points = [sums_of(tallies, once) for tallies in (ours, others)]
    drawn = [sums_of(tallies, weights) for tallies in (ours, others)]
    rows = {}
    for name, formula in formulas.items():
        mine, theirs = (float(formula(sums)[0]) for sums in points)
        bounds = interval(formula(drawn[0]) - formula(drawn[1]))
        rows[name] = {
            "ours": mine,
            "theirs": theirs,
            "difference": mine - theirs,
            "difference_95": bounds,
            "clearly": _verdict(bounds, less_is_better=name in LESS_IS_BETTER),
        }
    plain: dict[str, Any] = plain_of(rows)
    return plain


def _verdict(bounds: list[float] | None, *, less_is_better: bool) -> str | None:
    if bounds is None or bounds[0] <= 0.0 <= bounds[1]:
        return None
    return "better" if (bounds[0] > 0) != less_is_better else "worse"


def compare(ours: Sequence[JudgedNight], others: Sequence[JudgedNight]) -> dict[str, Any]:
    """Return `difference` on nights with events (`quiet` and `all` rooms) and without.

    `kinds` and `eventless_kinds` hold it for each kind of night.

    Raises:
        InputError: the two are not of the same nights.
    """
    pairs = _paired(match_nights(ours), match_nights(others))
    having = [pair for pair in pairs if pair[0].has_events]
    without = [p for p in pairs if not p[0].has_events and is_wanted(p[0].kind)]
    return {
        "quiet": _events([pair for pair in having if pair[0].is_quiet]),
        "all": _events(having),
        "eventless": _eventless(without),
        "kinds": _by_kind(having, _events),
        "eventless_kinds": _by_kind(without, _eventless),
    }


def _by_kind(pairs: Pairs, figure: Callable[[Pairs], dict[str, Any]]) -> dict[str, Any]:
    kinds = sorted({mine.kind for mine, _ in pairs})
    return {kind: figure([pair for pair in pairs if pair[0].kind == kind]) for kind in kinds}


def _paired(ours: Sequence[MatchedNight], others: Sequence[MatchedNight]) -> Pairs:
    by_name = {one.night.name: one for one in others}
    lacking = {one.night.name for one in ours} ^ set(by_name)
    if lacking:
        raise InputError(
            f"Only one of the two systems has judged the night {min(lacking)}; "
            "a comparison needs the same nights: judge them with both."
        )
    return [(one, by_name[one.night.name]) for one in ours]


def _events(pairs: Pairs) -> dict[str, Any]:
    return difference(
        [tally_of(mine) for mine, _ in pairs],
        [tally_of(theirs) for _, theirs in pairs],
        people_of([mine for mine, _ in pairs]),
        MAIN,
    )


def _eventless(pairs: Pairs) -> dict[str, Any]:
    return difference(
        [_false(mine) for mine, _ in pairs],
        [_false(theirs) for _, theirs in pairs],
        people_of([mine for mine, _ in pairs]),
        EVENTLESS,
    )


def _false(one: MatchedNight) -> dict[str, float]:
    return {
        "false": len(one.matches.false),
        "alerts": false_alerts(one.night),
        "hours": one.night.hours,
    }


def side_by_side(systems: Mapping[str, Sequence[JudgedNight]], ours: str) -> dict[str, Any]:
    """Return the figures of several systems on the same nights, and `compare` against each.

    `systems`: name → its judged nights; `ours`: the name that the others are compared with.
    """
    return {
        "ours": ours,
        "systems": {name: summary_of(nights) for name, nights in systems.items()},
        "against": {
            name: compare(systems[ours], nights) for name, nights in systems.items() if name != ours
        },
    }


def summary_of(nights: Sequence[JudgedNight]) -> dict[str, Any]:
    """Return the rows that systems are compared by: `quiet`, `noisier`, `all`, `eventless`."""
    matched = match_nights(nights)
    having = [one for one in matched if one.has_events]
    without = [one for one in matched if not one.has_events and is_wanted(one.kind)]
    summary: dict[str, Any] = plain_of(
        {
            "quiet": event_row([one for one in having if one.is_quiet]),
            "noisier": event_row([one for one in having if one.is_quiet is False]),
            "all": event_row(having),
            "eventless": eventless_row(without),
            "kinds": {
                kind: eventless_row([one for one in without if one.kind == kind])
                for kind in sorted({one.kind for one in without})
            },
        }
    )
    return summary
