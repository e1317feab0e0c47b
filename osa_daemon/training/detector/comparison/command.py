"""The steps of `scripts/compare_detectors.py`: all that the card puts beside the detector."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from osa_daemon.detector.model import file_sha256
from osa_daemon.errors import UsageError
from osa_daemon.evaluation.cells import Column, table
from osa_daemon.evaluation.store import write_whole
from osa_daemon.training.detector.comparison import (
    ablation,
    contest,
    generators,
    inputs,
    training_sets,
)
from osa_daemon.training.detector.comparison.effort import Effort
from osa_daemon.training.detector.comparison.summary import card_figures
from osa_daemon.training.detector.comparison.workshop import Row, Workshop, digest_of
from osa_daemon.training.detector.examination import manifest_digest
from osa_daemon.training.detector.looks import LOOKS, Look, log_look
from osa_daemon.training.detector.testing import read_manifest
from osa_daemon.training.detector.train import TrainingPlan

GROUPS: Mapping[str, tuple[str, ...]] = {
    contest.GROUP: contest.names(),
    inputs.GROUP: inputs.names(),
    ablation.GROUP: ablation.names(),
    generators.GROUP: generators.names(),
    training_sets.GROUP: training_sets.names(),
}
ASKED = ("judged_on", "test_share", "scale", "material")  # of the workshop, options of the script
COMMAND = "scripts/compare_detectors.py"
SHOWN = ("f1", "recall_apnea", "recall_hypopnea", "false_per_hour")


@dataclass(frozen=True, slots=True)
class Options:
    """What the script was asked for: `only` names groups or members, all when empty.

    `log`: of looks at test nights.
    """

    shop: Workshop
    model: Path
    out: Path
    only: tuple[str, ...] = ()
    steps: int | None = None
    log: Path = LOOKS


def compare_detectors(options: Options) -> None:
    """Train and judge what was asked for; after each, write what is there so far to `out`.

    Results of test nights belong to the look of the detector that they stand beside.

    Raises:
        UsageError: `only` names what there is not, or `out` holds results of other nights.
    """
    nights = nights_of(options.shop)
    results = _kept_before(options, nights)
    for group, name, row in _results(options, wanted(options.only)):
        if group != ablation.GROUP and options.shop.judged_on == "test":
            log_look(_look(options), options.log)
        results.setdefault(group, {})[name] = row
        figures = card_figures(results, options.model) | {"nights": nights, "results": results}
        figures["beside"] = file_sha256(options.model)
        write_whole(options.out, json.dumps(figures, indent=1) + "\n")
        print(f"{group}: {name}\n{text_of(group, name, row)}", flush=True)


def _look(options: Options) -> Look:
    nights, detector = len(options.shop.judged_nights()), file_sha256(options.model)
    return Look(manifest_digest(read_manifest()), detector, nights, COMMAND)


def wanted(only: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Return the members of each group that `only` names; all where it names none.

    Raises:
        UsageError: a name is neither a group nor a member.
    """
    known = {*GROUPS, *(name for members in GROUPS.values() for name in members)}
    for name in only:
        if name not in known:
            raise UsageError(
                f"{name} is nothing that can be compared; there are {', '.join(sorted(known))}."
            )
    return {
        group: tuple(m for m in members if not only or group in only or m in only)
        for group, members in GROUPS.items()
    }


def _results(
    options: Options, asked: Mapping[str, Sequence[str]]
) -> Iterator[tuple[str, str, Row]]:
    shop, steps = options.shop, options.steps

    def brief(effort: Effort) -> TrainingPlan:
        return ablation.plan_of(steps or effort.steps)

    runs: dict[str, Callable[[Sequence[str]], Iterator[tuple[str, Row]]]] = {
        ablation.GROUP: lambda names: ablation.ablations(
            shop, ablation.plan_of(steps or ablation.STEPS), names
        ),
        inputs.GROUP: lambda names: inputs.inputs(shop, brief(inputs.EFFORT), names),
        generators.GROUP: lambda names: generators.cross_tables(
            shop, brief(generators.EFFORT), names
        ),
        training_sets.GROUP: lambda names: training_sets.training_sets(
            shop, brief(training_sets.EFFORT), names
        ),
        contest.GROUP: lambda names: contest.contest(shop, options.model, names),
    }
    for group, run in runs.items():
        for name, row in run(asked[group]):
            yield group, name, row


def nights_of(shop: Workshop) -> Row:
    """Return which nights results are of: what was asked for, and a digest of what that gives."""
    specs = (shop.training(), shop.validation(), shop.judged_nights())
    asked = {name: getattr(shop, name) for name in ASKED}
    return asked | {"digest": digest_of(*(repr(spec) for part in specs for spec in part))}


def _check_same(out: Path, before: Row, nights: Row) -> None:
    """Refuse to add to results of other nights: nobody could read the two side by side."""
    if before == nights:
        return
    other = [name for name in ASKED if before.get(name) != nights[name]]
    words = ", ".join(
        f"--{name.replace('_', '-')} {before[name]}" for name in other if name in before
    )
    raise UsageError(
        f"{out} holds results of {words or 'another version of the nights'}, which must not stand "
        "beside those asked for: name another file with --out, or ask for the same."
    )


def _kept_before(options: Options, nights: Row) -> dict[str, dict[str, Row]]:
    """Return the results of earlier runs, to add to; what was beside another detector is left."""
    if not options.out.exists():
        return {}
    before = json.loads(options.out.read_text(encoding="utf-8"))
    _check_same(options.out, before.get("nights", {}), nights)
    results: dict[str, dict[str, Row]] = before.get("results", {})
    champion = contest.shipped(options.model).way.made_of
    beside = results.get(contest.GROUP, {})
    results[contest.GROUP] = {n: row for n, row in beside.items() if row["champion"] == champion}
    return results


def text_of(group: str, name: str, row: Row) -> str:
    """Return a result as a Markdown table."""
    columns = [Column(key, key.replace("_", " ")) for key in SHOWN]
    if group in (contest.GROUP, inputs.GROUP):
        ours, theirs = (row["int8"], row["fp32"]) if "int8" in row else (row["ours"], row["system"])
        first = contest.SHIPPED if group == contest.GROUP else inputs.OURS
        rows = {
            f"{who}, {part}": system[part]
            for part in ("quiet", "all", "eventless")
            for who, system in ((first, ours), (name, theirs))
        }
        return table("", rows, columns)
    if group == generators.GROUP:
        return table(f"trained on {name}, tested on", row["tested"], columns)
    if group == training_sets.GROUP:
        return table("trained on", {name: row["tested"]}, columns)
    return table(row["table"], row["rows"], columns)
