"""How high and how low a rate may be, given what was counted."""

import math
from collections.abc import Callable


def cdf(count: int, mean: float) -> float:
    """Return the probability of at most `count` events where `mean` are expected (> 0)."""
    logs = [i * math.log(mean) - mean - math.lgamma(i + 1) for i in range(count + 1)]
    return min(1.0, math.fsum(map(math.exp, logs)))


def upper_bound(count: int, confidence: float = 0.95) -> float:
    """Return the exact one-sided upper bound of a Poisson mean after `count` events.

    The mean at which so few events have a probability of 1 - `confidence` (Garwood 1936: half
    the chi-square quantile with 2·count + 2 degrees of freedom); 3.0 after no event.
    """
    return _where(lambda mean: cdf(count, mean) <= 1 - confidence, count)


def lower_bound(count: int, confidence: float = 0.95) -> float:
    """Return the exact one-sided lower bound of a Poisson mean after `count` events.

    The mean at which so many events have a probability of 1 - `confidence` (Garwood 1936: half
    the chi-square quantile with 2·count degrees of freedom); 0 after no event.
    """
    if count == 0:
        return 0.0
    return _where(lambda mean: 1 - cdf(count - 1, mean) >= 1 - confidence, 0)


def interval(count: int, confidence: float = 0.95) -> tuple[float, float]:
    """Return the exact two-sided interval of a Poisson mean after `count` events (Garwood 1936)."""
    one_sided = 1 - (1 - confidence) / 2
    return lower_bound(count, one_sided), upper_bound(count, one_sided)


def _where(is_above: Callable[[float], bool], least: float) -> float:
    """Return the mean from which on `is_above` holds, at least `least`, by halving."""
    low, high = least, least + 10 * math.sqrt(least + 1) + 10
    while not is_above(high):
        low, high = high, 2 * high
    while high - low > 1e-9 * high:
        middle = (low + high) / 2
        low, high = (low, middle) if is_above(middle) else (middle, high)
    return high
