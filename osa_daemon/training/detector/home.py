"""What nights a home has: the weights that turn rates on simulated nights into expectations.

A judgement, stated here and nowhere else. Validation nights hold far more severe nights and far
more disturbances than a home does, because each must be seen often enough to be measured.
Guided by: of the middle-aged, 23 % of women and 50 % of men have 15 or more events an hour
(Heinzer et al. 2015, HypnoLaus), most people who share a home with the device have fewer, and
one sleeper in two shares the bed; hours with a television on or with an empty bed are few.
"""

from collections.abc import Sequence
from dataclasses import dataclass

NIGHT_H = 8.0

KIND_SHARES = {  # of the hours of a home's nights; what is not listed here gets OTHER_SHARE
    ("quiet", "none"): 0.24,
    ("snorer", "none"): 0.18,
    ("partner", "none"): 0.14,
    ("television", "none"): 0.04,
    ("pets", "none"): 0.03,
    ("talk", "none"): 0.02,
    ("gets_up", "none"): 0.02,
    ("turns_away", "none"): 0.03,
    ("empty", "none"): 0.02,
    ("events", "some"): 0.18,
    ("partner_events", "some"): 0.06,
    ("television", "some"): 0.01,
    ("gets_up", "some"): 0.01,
    ("turns_away", "some"): 0.02,
}
OTHER_SHARE = 0.01
SEVERITY_SHARES = {"mild": 0.6, "moderate": 0.28, "severe": 0.12}  # of the hours with events
# few hours say little: a stratum is drawn to the rate of all with, or all without events, as if
# it had so many more hours at that rate
PRIOR_H = 0.5


@dataclass(frozen=True, slots=True)
class Stratum:
    """Nights of one kind and severity (`none`, `mild`, `moderate`, `severe`)."""

    kind: str
    severity: str

    @property
    def is_eventless(self) -> bool:
        """Whether such nights hold no respiratory events."""
        return self.severity == "none"

    @property
    def share(self) -> float:
        """The share of a home's hours, as the tables above have it."""
        if self.is_eventless:
            return KIND_SHARES.get((self.kind, "none"), OTHER_SHARE)
        part = SEVERITY_SHARES.get(self.severity, min(SEVERITY_SHARES.values()))
        return part * KIND_SHARES.get((self.kind, "some"), OTHER_SHARE)


def expected_per_night(
    strata: Sequence[Stratum], hours: Sequence[float], counts: Sequence[float]
) -> float:
    """Return how many of what was counted a home's night of `NIGHT_H` has.

    `hours` and `counts` of each stratum; shares are taken among the strata that there are.
    """
    rates = []
    for stratum, h, n in zip(strata, hours, counts, strict=True):
        alike = [k for k, s in enumerate(strata) if s.is_eventless == stratum.is_eventless]
        usual = sum(counts[k] for k in alike) / sum(hours[k] for k in alike)
        rates.append((n + PRIOR_H * usual) / (h + PRIOR_H))
    shares = [stratum.share for stratum in strata]
    # nights of no stratum that a home has: all count alike
    shares = shares if sum(shares) else [1.0] * len(shares)
    mean = sum(s * rate for s, rate in zip(shares, rates, strict=True)) / sum(shares)
    return NIGHT_H * mean
