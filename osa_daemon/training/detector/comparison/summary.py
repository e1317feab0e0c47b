"""Results of comparisons in the form that the model card takes."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from osa_daemon.detector.model import read_metadata
from osa_daemon.detector.properties import read_properties
from osa_daemon.training.detector.comparison import (
    ablation,
    contest,
    generators,
    inputs,
    training_sets,
)
from osa_daemon.training.detector.comparison.cost import network_ms
from osa_daemon.training.detector.comparison.variants import SHIPPED
from osa_daemon.training.detector.comparison.workshop import Row

Rows = Mapping[str, Row]


def card_figures(results: Mapping[str, Rows], model: Path) -> dict[str, Any]:
    """Return what `evaluation.card.card_of` takes of comparisons.

    `comparisons`, `inputs`, `ablations`, `cross`, `left_out`, `training_sets`, `precision`, `cost`;
    the first two have `identity`, `tuned` and `effort` beside what
    `evaluation.comparison.side_by_side` gives. What there is no result of is left out.
    """
    rivals = dict(results.get(contest.GROUP, {}))
    precision = rivals.pop(contest.FP32_NAME, None)
    cross = {
        name: {generator: tested | _effort(row) for generator, tested in row["tested"].items()}
        for name, row in results.get(generators.GROUP, {}).items()
    }
    figures: dict[str, Any] = {
        "comparisons": _comparisons(rivals, model),
        "inputs": _inputs(results.get(inputs.GROUP, {})),
        "ablations": _ablations(results.get(ablation.GROUP, {})),
        "cross": cross,
        "left_out": _left_out(cross),
        "training_sets": _training_sets(results.get(training_sets.GROUP, {})),
        "cost": _cost(model, precision) if results.get(contest.GROUP) else {},
        "precision": precision,
    }
    return {name: part for name, part in figures.items() if part}


def _comparisons(rivals: Rows, model: Path) -> dict[str, Any]:
    if not rivals:
        return {}
    names = [name for name in contest.names() if name in rivals]
    if not names:
        return {}
    return _beside(contest.SHIPPED, _effort_for(model), {name: rivals[name] for name in names})


def _inputs(results: Rows) -> dict[str, Any]:
    """Return each input beside the shipped detector's, which was trained as briefly."""
    ours = results.get(inputs.OURS)
    if ours is None:
        return {}
    # of other steps or nights than the shipped input's: nobody could read the two side by side
    alike = {name for name, row in results.items() if row.get("of") == ours.get("of")}
    names = [name for name in inputs.names() if name in alike and name != inputs.OURS]
    if not names:
        return {}
    return _beside(inputs.OURS, _effort(ours["tuned"]), {name: results[name] for name in names})


def _beside(ours: str, effort: Row, rows: Rows) -> dict[str, Any]:
    return {
        "ours": ours,
        "systems": {ours: next(iter(rows.values()))["ours"]}
        | {name: row["system"] for name, row in rows.items()},
        "against": {name: row["against"] for name, row in rows.items()},
        "identity": {name: row["identity"] for name, row in rows.items()},
        "tuned": {name: row["tuned"] for name, row in rows.items()},
        "effort": {ours: effort} | {name: _effort(row["tuned"]) for name, row in rows.items()},
    }


def _effort(facts: Mapping[str, Any]) -> Row:
    """Return what was spent on one: networks, their steps and hours, settings tried by search."""
    names = ("members", "steps", "train_hours", "tries")
    return {name: facts[name] for name in names if name in facts}


def _effort_for(model: Path) -> Row:
    about = read_metadata(read_properties(model), model).about
    return _effort({**about, **about.get("plan", {})})


def _training_sets(results: Rows) -> Rows:
    """Return the row of each training set; the last with its F1 over the first, where paired."""
    rows = {
        label: results[name]["tested"] | _effort(results[name])
        for name, label in training_sets.SETS.items()
        if name in results
    }
    if len(rows) == 2 and len({row["of"] for row in results.values()}) == 1:
        for over in (row["all_over_clear"] for row in results.values() if row["all_over_clear"]):
            gain = {"f1_over_a": over["difference"], "f1_over_a_95": over["difference_95"]}
            rows[training_sets.SETS["all"]] |= gain
    return rows


def _ablations(results: Rows) -> dict[str, dict[str, Row]]:
    """Return a table for each choice, with the shipped one's row first."""
    shipped = results.get(SHIPPED.name, {}).get("rows", {})
    tables: dict[str, dict[str, Row]] = {}
    for name in (name for name in ablation.names() if name in results):
        row = results[name]
        if name == SHIPPED.name:
            continue
        first = {} if name == ablation.CHUNKS else shipped
        tables.setdefault(row["table"], dict(first)).update(row["rows"])
    return tables


def _left_out(cross: Mapping[str, Rows]) -> Rows:
    """Return for each generator the figures of the detector that was trained without it."""
    return {
        generator: tested[generator]
        for generator in generators.GENERATORS
        if generator in (tested := cross.get(generators.WITHOUT + generator, {}))
    }


def _cost(model: Path, precision: Row | None) -> dict[str, float]:
    """Return the detector's size and cost, and what int8 costs in F1."""
    metadata = read_metadata(read_properties(model), model)
    cost = {
        "size_mb": round(model.stat().st_size / 1e6, 3),
        "cpu_ms_per_s": network_ms(str(model), metadata.encoder_sha256),
    }
    if precision is not None:
        f1 = precision["against"]["all"].get("f1", {}).get("difference")
        cost |= {} if f1 is None else {"int8_f1_difference": f1}
    return cost
