"""Trained on one generator of breathing, or on all but one; tested on each."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import get_args

from osa_daemon.evaluation.figures.events import event_row
from osa_daemon.evaluation.figures.matched import MatchedNight, match_nights
from osa_daemon.evaluation.report import plain_of
from osa_daemon.training.detector.comparison.effort import BRIEF, Effort
from osa_daemon.training.detector.comparison.trial import train
from osa_daemon.training.detector.comparison.variants import SHIPPED, defaults
from osa_daemon.training.detector.comparison.workshop import Row, Workshop, digest_of
from osa_daemon.training.detector.train import TrainingPlan
from osa_daemon.training.simulator.night import Generator

GROUP = "cross"
EFFORT: Effort = BRIEF
GENERATORS: tuple[Generator, ...] = get_args(Generator)
WITHOUT = "without "
ALL = "all of them"  # what the others are read against


def names() -> tuple[str, ...]:
    """Return the names of all training sets: all generators, each, and all without it."""
    return (ALL, *GENERATORS, *(WITHOUT + generator for generator in GENERATORS))


def generators_of(name: str) -> tuple[Generator, ...]:
    """Return the generators of a training set."""
    if name == ALL:
        return GENERATORS
    left_out = name.removeprefix(WITHOUT)
    if left_out == name:
        return tuple(g for g in GENERATORS if g == name)
    return tuple(g for g in GENERATORS if g != left_out)


def cross_tables(
    shop: Workshop, plan: TrainingPlan, only: Sequence[str]
) -> Iterator[tuple[str, Row]]:
    """Yield for each training set in `only` its `event_row` on each generator, in quiet rooms.

    Thresholds, too, are chosen on nights of the training set's generators alone. Kept results
    are read again.
    """
    for name in only:
        nights = EFFORT.nights(shop, generators_of(name))
        judged_on = EFFORT.judged_on(shop.judged_nights())
        having = [spec for spec in judged_on if spec.severity != "none"]
        every = (*nights.training, *nights.validation, *nights.calm, *having)
        key = digest_of(name, defaults(), asdict(plan), [repr(spec) for spec in every])
        row = shop.kept(GROUP, name, key)
        if row is None:
            specs = (nights.training, nights.validation)
            trained, _ = train(SHIPPED, shop, specs, plan, calm=nights.calm)
            judged = shop.judge(trained.way, shop.paths(having))
            tested = rows_by_generator(match_nights(judged))
            row = shop.keep(GROUP, name, key, {"tested": tested, **trained.facts})
        yield name, row


def rows_by_generator(nights: Sequence[MatchedNight]) -> dict[str, Row]:
    """Return `event_row` of the nights with events in quiet to moderately noisy rooms."""
    quiet = [one for one in nights if one.has_events and one.is_quiet]
    return {
        generator: plain_of(event_row([one for one in quiet if one.generator == generator]))
        for generator in GENERATORS
        if any(one.generator == generator for one in quiet)
    }
