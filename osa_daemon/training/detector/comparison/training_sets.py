"""Trained on sounds of clear licences alone, and on all that may be trained on: the same steps."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, replace

from osa_daemon.evaluation.comparison import compare
from osa_daemon.evaluation.figures.events import event_row
from osa_daemon.evaluation.figures.matched import match_nights
from osa_daemon.evaluation.night import JudgedNight
from osa_daemon.evaluation.report import plain_of
from osa_daemon.training.detector.comparison.effort import BRIEF, Effort
from osa_daemon.training.detector.comparison.trial import train
from osa_daemon.training.detector.comparison.variants import SHIPPED, defaults
from osa_daemon.training.detector.comparison.workshop import Row, Workshop, digest_of
from osa_daemon.training.detector.train import TrainingPlan
from osa_daemon.training.simulator.night import Which

GROUP = "training_sets"
EFFORT: Effort = BRIEF
SETS: dict[Which, str] = {"clear": "(a), clear licences", "all": "(b), all"}  # name → the card's


def names() -> tuple[str, ...]:
    """Return the names of the training sets; the last is read against the first."""
    return tuple(SETS)


def training_sets(
    shop: Workshop, plan: TrainingPlan, only: Sequence[str]
) -> Iterator[tuple[str, Row]]:
    """Yield for each training set in `only` its `event_row` in quiet rooms, as `tested`.

    Both train on the same share of the same manifest and are tuned and judged on the same nights,
    whose sounds do not depend on the set. `all_over_clear`: the paired difference of F1 (see
    `evaluation.comparison.difference`), {} before both are there; `of` is the same in rows that
    may stand side by side. Kept results are read again.
    """
    beside = replace(shop, material="all")
    tuned_on = EFFORT.nights(beside)
    validation, calm = tuned_on.validation, tuned_on.calm
    judged_on = EFFORT.judged_on(beside.judged_nights())
    having = [spec for spec in judged_on if spec.severity != "none"]
    every = {name: EFFORT.nights(replace(shop, material=name)).training for name in SETS}
    specs = [repr(spec) for part in (*every.values(), validation, calm, having) for spec in part]
    of = digest_of(defaults(), asdict(plan), specs)
    for name, training in ((name, part) for name, part in every.items() if name in only):
        row = shop.kept(GROUP, name, digest_of(name, of))
        if row is None:
            trained, _ = train(SHIPPED, shop, (training, validation), plan, calm=calm)
            judged = shop.judge(trained.way, shop.paths(having))
            shop.keep_nights(digest_of(name, of), judged)
            quiet = [one for one in match_nights(judged) if one.is_quiet and one.has_events]
            facts = {"tested": plain_of(event_row(quiet)), "of": of, **trained.facts}
            row = shop.keep(GROUP, name, digest_of(name, of), facts)
        kept = {one: shop.kept_nights(digest_of(one, of), len(having)) for one in SETS}
        yield name, row | {"all_over_clear": _difference(kept["all"], kept["clear"])}


def _difference(ours: Sequence[JudgedNight], others: Sequence[JudgedNight]) -> Row:
    if not (ours and others):
        return {}
    f1: Row = compare(ours, others)["quiet"].get("f1", {})
    return f1
