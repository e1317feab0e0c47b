"""How high a rate may be, given what was counted."""

import math


def cdf(count: int, mean: float) -> float:
    """Return the probability of at most `count` events where `mean` are expected (> 0)."""
    logs = [i * math.log(mean) - mean - math.lgamma(i + 1) for i in range(count + 1)]
    return min(1.0, math.fsum(map(math.exp, logs)))


def upper_bound(count: int, confidence: float = 0.95) -> float:
    """Return the exact one-sided upper bound of a Poisson mean after `count` events.

    The mean at which so few events have a probability of 1 - `confidence` (Garwood 1936: half
    the chi-square quantile with 2·count + 2 degrees of freedom); 3.0 after no event.
    """
    low, high = float(count), count + 10 * math.sqrt(count + 1) + 10
    while high - low > 1e-9 * high:
        middle = (low + high) / 2
        low, high = (middle, high) if cdf(count, middle) > 1 - confidence else (low, middle)
    return high
