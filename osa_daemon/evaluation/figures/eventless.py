"""Nights without events that count: everything that is told there is false."""

from collections.abc import Callable, Sequence
from typing import Any

from osa_daemon.evaluation.figures.alerts import Policy, false_alerts
from osa_daemon.evaluation.figures.matched import MatchedNight, hours_of, text_of
from osa_daemon.evaluation.night import FRAME_RATE_HZ
from osa_daemon.poisson import upper_bound

ALERT_HOURS = 8.0


def eventless_row(nights: Sequence[MatchedNight], policy: Policy | None = None) -> dict[str, Any]:
    """Return false events per hour and alerts per 8 h with upper bounds, and monitorable share.

    `…_upper_95`: exact one-sided Poisson bound. Events and alerts on scored events that sound
    cannot find are not false.
    """
    hours = hours_of(nights)
    false = sum(len(one.matches.false) for one in nights)
    alerts = sum(false_alerts(one.night, policy) for one in nights)
    monitorable_s = sum(int(one.night.rows.monitorable.sum()) for one in nights) / FRAME_RATE_HZ
    return {
        "nights": len(nights),
        "hours": hours,
        "false": false,
        "false_per_hour": false / hours if hours else None,
        "false_per_hour_upper_95": upper_bound(false) / hours if hours else None,
        "false_alerts": alerts,
        "false_alerts_per_8h": alerts / hours * ALERT_HOURS if hours else None,
        "false_alerts_per_8h_upper_95": upper_bound(alerts) / hours * ALERT_HOURS
        if hours
        else None,
        "monitorable_share": monitorable_s / 3600 / hours if hours else None,
    }


def is_empty(kind: str) -> bool:
    """Return whether nobody is in the room on a night of this kind."""
    return kind.startswith("empty")


def is_wanted(kind: str) -> bool:
    """Return whether a kind is meant to hold no events.

    The others are nights of sleepers with events none of which sound can find.
    """
    return "events" not in kind and kind != "unknown"


def eventless_figures(
    nights: Sequence[MatchedNight], policy: Policy | None = None
) -> dict[str, Any]:
    """Return `eventless_row` by kind, over all kinds, by noise (empty rooms), generator (others).

    `wanted`: over the kinds that are meant to hold no events.
    """
    without = [one for one in nights if not one.has_events]
    empty = [one for one in without if is_empty(one.kind)]

    def row(group: Sequence[MatchedNight]) -> dict[str, Any]:
        return eventless_row(group, policy)

    return {
        "kinds": rows_by(without, lambda one: one.kind, row),
        "wanted": row([one for one in without if is_wanted(one.kind)]),
        "all": row(without),
        "by_generator": rows_by(
            [one for one in without if is_wanted(one.kind) and not is_empty(one.kind)],
            lambda one: one.generator,
            row,
        ),
        "empty_by_noise": rows_by(empty, lambda one: text_of(one.night.facts.get("noise")), row),
    }


def rows_by(
    nights: Sequence[MatchedNight],
    label: Callable[[MatchedNight], str | None],
    row: Callable[[Sequence[MatchedNight]], dict[str, Any]],
) -> dict[str, Any]:
    """Return a row for each label, in order of label; nights without one are left out."""
    groups: dict[str, list[MatchedNight]] = {}
    for one in nights:
        name = label(one)
        if name is not None:
            groups.setdefault(name, []).append(one)
    return {name: row(group) for name, group in sorted(groups.items())}
