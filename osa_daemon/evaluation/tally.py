"""Counts per night, and figures that are made of their sums: pooled, with intervals."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from osa_daemon.evaluation.bootstrap import interval, weights_of

Column = NDArray[np.float64]
Tally = Mapping[str, float]
Sums = Mapping[str, Column]
Formula = Callable[[Sums], Column]


def share(part: Column, whole: Column) -> Column:
    """Return part / whole, nan where the whole is 0."""
    part, whole = np.asarray(part, np.float64), np.asarray(whole, np.float64)
    out: Column = np.full(np.broadcast_shapes(part.shape, whole.shape), np.nan)
    np.divide(part, whole, out=out, where=whole != 0)
    return out


def ratio(part: str, whole: str) -> Formula:
    """Return the formula of one sum over another."""
    return lambda sums: share(sums[part], sums[whole])


def sums_of(tallies: Sequence[Tally], weights: NDArray[np.float64]) -> Sums:
    """Return the sum of each count over nights (draws,), nights weighted by (draws, nights)."""
    return {
        name: weights @ np.array([tally[name] for tally in tallies], np.float64)
        for name in tallies[0]
    }


def estimate(
    tallies: Sequence[Tally],
    formulas: Mapping[str, Formula],
    people: Sequence[str] | None = None,
) -> dict[str, Any]:
    """Return each figure, pooled over nights, None where it has no value.

    With `people` (one a night, see `bootstrap`) also `NAME_95`: its 95 % interval, [low, high].
    """
    if not tallies:
        return dict.fromkeys(formulas)
    once = sums_of(tallies, np.ones((1, len(tallies))))
    drawn = None if people is None else sums_of(tallies, weights_of(people))
    figures: dict[str, Any] = {}
    for name, formula in formulas.items():
        value = float(formula(once)[0])
        figures[name] = value if np.isfinite(value) else None
        if drawn is not None:
            figures[f"{name}_95"] = interval(formula(drawn))
    return figures
