"""The best of several ways to judge validation nights: by the rule that the detector goes by."""

from collections.abc import Sequence

from osa_daemon.evaluation.night import JudgedNight
from osa_daemon.scoring.matching import Matches, match, pool
from osa_daemon.training.detector.operating import Point, points_of


def matches_of(night: JudgedNight) -> Matches:
    """Return what was decided on a night, matched with its truth."""
    return match([event.span for event in night.decided], night.truth)


def point_of(number: int, nights: Sequence[JudgedNight]) -> Point:
    """Return what a way led to; its `number` stands in the threshold's place.

    Precision, recall and F1 are of the nights with events, as in `operating.sweep_events`.
    """
    matches = [matches_of(night) for night in nights]
    together = pool(
        [
            one
            for night, one in zip(nights, matches, strict=True)
            if any(span.counts for span in night.truth)
        ]
    )
    eventless = [
        (night.hours, len(one.false))
        for night, one in zip(nights, matches, strict=True)
        if not any(span.counts for span in night.truth)
    ]
    hours = sum(length for length, _ in eventless)
    false = sum(count for _, count in eventless)
    return Point(
        threshold=float(number),
        precision=together.precision or 0.0,
        recall=together.recall or 0.0,
        f1=together.f1 or 0.0,
        eventless_per_h=false / hours if hours else 0.0,
    )


def best_of(points: Sequence[Point]) -> int:
    """Return the number of the best point: the one that would be `balanced`."""
    return round(points_of(points)["balanced"])
