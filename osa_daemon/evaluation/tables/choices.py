"""What models reach that were trained otherwise: on other generators, with other choices."""

from collections.abc import Mapping
from typing import Any

from osa_daemon.evaluation.cells import Column, figure, grid, section, table, words
from osa_daemon.evaluation.tables.rows import EVENTS
from osa_daemon.evaluation.tables.targets import target_table
from osa_daemon.evaluation.targets import left_out_rows

About = Mapping[str, Any]


def left_out_section(about: About) -> str:
    """Return how models do on a generator that they never heard."""
    rows = about.get("left_out", {})
    return section(
        "Generators left out of training",
        "Models that never heard one of the ways to make breathing, tested on it alone, in quiet "
        "to moderately noisy rooms.",
        table("left out and tested on", rows, EVENTS),
        target_table(left_out_rows(rows)),
    )


def cross_section(about: About) -> str:
    """Return what is reached when trained on some generators and tested on each."""
    cross = about.get("cross", {})
    tested = sorted({name for row in cross.values() for name in row})
    blocks = []
    for key, title in (
        ("f1", "Event F1"),
        ("recall_apnea", "Apneas found"),
        ("recall_hypopnea", "Hypopneas found"),
    ):
        lines = [
            [trained, *(figure(rows.get(name), key) for name in tested)]
            for trained, rows in cross.items()
        ]
        blocks.append(f"{title}:\n\n{grid(['trained on', *tested], lines)}" if lines else "")
    return section("Trained on one, tested on each", *blocks)


def ablations_section(about: About) -> str:
    """Return what was tried on validation nights, with its cost."""
    blocks = []
    for title, rows in about.get("ablations", {}).items():
        keys = list(dict.fromkeys(key for row in rows.values() for key in row))
        shown = [key for key in keys if not key.endswith("_95")]
        columns = [Column(key, words(key)) for key in shown]
        blocks.append(f"**{title}**\n\n" + table("", rows, columns))
    return section("Choices, on validation nights", *blocks) if blocks else ""
