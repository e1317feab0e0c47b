"""Nights on which it matters what a sound is, or whose: what loudness alone cannot tell."""

from collections.abc import Sequence
from typing import Any

from osa_daemon.evaluation.comparison import EVENTLESS, difference
from osa_daemon.evaluation.figures.alerts import false_alerts
from osa_daemon.evaluation.figures.eventless import is_empty
from osa_daemon.evaluation.figures.events import MAIN, tally_of
from osa_daemon.evaluation.figures.matched import MatchedNight, match_nights, people_of
from osa_daemon.evaluation.night import JudgedNight

OWN_SOUNDS = ("events", "snorer", "quiet", "gets_up", "turns_away")  # the sleeper's, and noise
Pairs = Sequence[tuple[MatchedNight, MatchedNight]]


def is_identity(one: MatchedNight) -> bool:
    """Return whether others are heard beside the sleeper."""
    return one.kind not in OWN_SOUNDS and not is_empty(one.kind)


def identity_row(ours: Sequence[JudgedNight], others: Sequence[JudgedNight]) -> dict[str, Any]:
    """Return `comparison.difference` on nights where identity matters: `events`, `eventless`.

    Both are of the same nights in the same order.
    """
    pairs = [
        pair
        for pair in zip(match_nights(ours), match_nights(others), strict=True)
        if is_identity(pair[0])
    ]
    having = [pair for pair in pairs if pair[0].has_events]
    without = [pair for pair in pairs if not pair[0].has_events]
    return {
        "events": difference(*_sides(having, tally_of), _people(having), MAIN),
        "eventless": difference(*_sides(without, _false), _people(without), EVENTLESS),
    }


def _sides(pairs: Pairs, tally: Any) -> tuple[list[Any], list[Any]]:
    return [tally(mine) for mine, _ in pairs], [tally(theirs) for _, theirs in pairs]


def _people(pairs: Pairs) -> list[str]:
    return people_of([mine for mine, _ in pairs])


def _false(one: MatchedNight) -> dict[str, float]:
    false, alerts = len(one.matches.false), false_alerts(one.night)
    return {"false": false, "alerts": alerts, "hours": one.night.hours}
