"""Results of comparisons in the form that the model card takes."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from osa_daemon.detector.model import read_metadata
from osa_daemon.detector.properties import read_properties
from osa_daemon.training.detector.comparison import ablation, contest, generators
from osa_daemon.training.detector.comparison.cost import network_ms
from osa_daemon.training.detector.comparison.variants import SHIPPED
from osa_daemon.training.detector.comparison.workshop import Row

Rows = Mapping[str, Row]


def card_figures(results: Mapping[str, Rows], model: Path) -> dict[str, Any]:
    """Return `comparisons`, `ablations`, `cross`, `left_out`, `cost` and `precision`.

    As `evaluation.card.card_of` takes them; `comparisons` has `identity` and `tuned` beside what
    `evaluation.comparison.side_by_side` gives. What there is no result of is left out.
    """
    rivals = dict(results.get(contest.GROUP, {}))
    precision = rivals.pop(contest.FP32_NAME, None)
    cross = {name: row["tested"] for name, row in results.get(generators.GROUP, {}).items()}
    figures: dict[str, Any] = {
        "comparisons": _comparisons(rivals),
        "ablations": _ablations(results.get(ablation.GROUP, {})),
        "cross": cross,
        "left_out": _left_out(cross),
        "cost": _cost(model, precision),
        "precision": precision,
    }
    return {name: part for name, part in figures.items() if part}


def _comparisons(rivals: Rows) -> dict[str, Any]:
    if not rivals:
        return {}
    ours = next(iter(rivals.values()))["ours"]
    names = [name for name in contest.names() if name in rivals]
    return {
        "ours": contest.SHIPPED,
        "systems": {contest.SHIPPED: ours} | {name: rivals[name]["system"] for name in names},
        "against": {name: rivals[name]["against"] for name in names},
        "identity": {name: rivals[name]["identity"] for name in names},
        "tuned": {name: rivals[name]["tuned"] for name in names},
    }


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
