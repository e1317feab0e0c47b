"""What each trial costs: alike for all that stand in one table."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from osa_daemon.training.detector.comparison.workshop import Workshop
from osa_daemon.training.detector.plan import CALM_VALIDATION
from osa_daemon.training.simulator import NightSpec
from osa_daemon.training.simulator.night import Generator

WITHOUT_EVENTS = "without events"


@dataclass(frozen=True, slots=True)
class Nights:
    """The nights of a trial: what it learns from, what it is tuned on, and the calm ones."""

    training: list[NightSpec]
    validation: list[NightSpec]
    calm: list[NightSpec]


@dataclass(frozen=True, slots=True)
class Effort:
    """How many steps a trial is given, and which parts of the shipped detector's nights.

    One network each. A trial is shorter than the shipped detector's training, or nobody would run
    a dozen of them: what it reaches is read against its own table alone. It is judged on the first
    nights of the manifest: of each generator `having` with events, and `without` more.
    """

    steps: int
    training: float
    validation: float
    calm: float
    having: int
    without: int

    def nights(self, shop: Workshop, generators: Sequence[Generator] | None = None) -> Nights:
        """Return its nights; with `generators`, those that they make."""
        calm = shop.specs(CALM_VALIDATION, self.calm)
        return Nights(
            shop.training(self.training, generators),
            shop.validation(self.validation, generators),
            [spec for spec in calm if generators is None or spec.generator in generators],
        )

    def judged_on(self, nights: Sequence[NightSpec]) -> list[NightSpec]:
        """Return those of `nights`, in their order, that a trial is judged on."""
        taken: Counter[str] = Counter()
        chosen = []
        for spec in nights:
            group = spec.generator if spec.severity != "none" else WITHOUT_EVENTS
            if taken[group] < (self.without if group == WITHOUT_EVENTS else self.having):
                taken[group] += 1
                chosen.append(spec)
        return chosen


# a tenth of the shipped detector's training: as many rounds over the nights
BRIEF = Effort(steps=700, training=0.1, validation=1 / 2, calm=1 / 9, having=6, without=7)
