"""What thresholds can be expected to find and to get wrong in a night at home.

Training measures it on simulated validation nights and stores it in the model's metadata
(`Metadata.calibration`); settings are resolved through it.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Self

from osa_daemon.errors import ModelError

STEPS = 1000  # a threshold that is interpolated has three digits
UPPER = "_upper_95"  # ends the name of an upper bound, one-sided, 95 %
RELEASE_KEY = "release_share"
_OLDER_RELEASE_SHARE = 0.5  # of models that do not say it: all were measured with this


@dataclass(frozen=True, slots=True)
class Curve:
    """How something depends on the threshold: straight between rising `thresholds`."""

    thresholds: tuple[float, ...]
    values: tuple[float, ...]

    def __post_init__(self) -> None:
        """Refuse what is no curve."""
        if not self.thresholds or len(self.thresholds) != len(self.values):
            raise ValueError(f"{len(self.values)} values for {len(self.thresholds)} thresholds")
        if any(one >= other for one, other in pairwise(self.thresholds)):
            raise ValueError("its thresholds do not rise")
        if not all(math.isfinite(number) for number in (*self.thresholds, *self.values)):
            raise ValueError("not every value is a number")

    @property
    def measured(self) -> tuple[float, float]:
        """The lowest and the highest threshold that were measured; beyond them nothing is known."""
        return self.thresholds[0], self.thresholds[-1]

    def at(self, threshold: float) -> float:
        """Return the value at `threshold`; beyond either end, that of the end.

        Curves fall: below `measured` it is the least, above it the most that can be expected.
        """
        if threshold <= self.thresholds[0]:
            return self.values[0]
        points = zip(self.thresholds, self.values, strict=True)
        for (t0, v0), (t1, v1) in pairwise(points):
            if threshold <= t1:
                return v0 + (v1 - v0) * (threshold - t0) / (t1 - t0)
        return self.values[-1]

    def lowest_within(self, limit: float) -> float | None:
        """Return the lowest threshold from which on no value is over `limit`; None without one."""
        points = list(zip(self.thresholds, self.values, strict=True))
        if points[-1][1] > limit:
            return None
        for (t0, v0), (t1, v1) in reversed(list(pairwise(points))):
            if v0 > limit:
                crossing = t1 if v1 >= v0 else t0 + (t1 - t0) * (v0 - limit) / (v0 - v1)
                return min(math.ceil(round(crossing * STEPS, 6)) / STEPS, t1)
        return points[0][0]


@dataclass(frozen=True, slots=True)
class Expectation:
    """What a model's thresholds lead to on validation nights weighted as a home's nights are.

    Against the threshold `event`: `recall`, the share of pauses found of those that sound can
    find, and `false_events` in a night of `night_h` hours. Against `in_progress`: `told`, the
    share of apneas told while they last, and `false_alerts` (30 s) in a night. `..._upper`: what
    these are at most, one-sided 95 %, given how few nights were counted; None of older models.
    """

    night_h: float
    recall: Curve
    false_events: Curve
    told: Curve
    false_alerts: Curve
    false_events_upper: Curve | None = None
    false_alerts_upper: Curve | None = None

    @classmethod
    def of(cls, calibration: Mapping[str, Any]) -> Self | None:
        """Read it from the model's metadata; None where an older model says nothing of it.

        Raises:
            ModelError: what the model says cannot be read.
        """
        if "events" not in calibration:
            return None
        try:
            events, progress = calibration["events"], calibration["in_progress"]
            return cls(
                float(calibration["night_h"]),
                _curve(events, "recall"),
                _curve(events, "false_per_night"),
                _curve(progress, "told"),
                _curve(progress, "false_alerts_per_night"),
                _curve_if_any(events, "false_per_night" + UPPER),
                _curve_if_any(progress, "false_alerts_per_night" + UPPER),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise ModelError(
                f"The model's calibration cannot be read ({error}): install the package again."
            ) from error


def release_of(in_progress: float, calibration: Mapping[str, Any]) -> float:
    """Return the `release` that a threshold of pauses in progress was measured with.

    Raises:
        ModelError: the model's share of the threshold is none.
    """
    share = calibration.get(RELEASE_KEY, _OLDER_RELEASE_SHARE)
    if not isinstance(share, int | float) or not 0 < share <= 1:
        raise ModelError(
            f"The model's calibration has the {RELEASE_KEY} {share!r}; it must be a number above 0 "
            "and at most 1: install the package again."
        )
    return round(in_progress * share, 3)


def _curve_if_any(rows: Sequence[Mapping[str, float]], name: str) -> Curve | None:
    return _curve(rows, name) if any(name in row for row in rows) else None


def _curve(rows: Sequence[Mapping[str, float]], name: str) -> Curve:
    return Curve(
        tuple(float(row["threshold"]) for row in rows), tuple(float(row[name]) for row in rows)
    )
