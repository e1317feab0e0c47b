"""What models reach that were trained otherwise: on other generators, with other choices."""

from collections.abc import Mapping
from typing import Any

from osa_daemon.evaluation.cells import Column, figure, grid, number, section, table, words
from osa_daemon.evaluation.tables.rows import EVENTS
from osa_daemon.evaluation.tables.targets import target_table
from osa_daemon.evaluation.targets import left_out_rows

About = Mapping[str, Any]
EFFORT = (
    Column("members", "networks"),
    Column("steps", "steps of each"),
    Column("train_hours", "training nights (h)", 1),
)
OVER_A = Column("f1_over_a", "F1 over (a)")


def _shipped(about: About) -> str:
    """Return a sentence on the effort that rows of other models are read against."""
    steps, hours = about.get("plan", {}).get("steps"), about.get("train_hours")
    if steps is None:
        return ""
    members = about.get("members", 1)
    made_of = "is a network" if members == 1 else f"asks {members} networks, each"
    return f" The shipped model {made_of} trained for {steps} steps on {number(hours, 1)} h."


def left_out_section(about: About) -> str:
    """Return how models do on a generator that they never heard."""
    rows = about.get("left_out", {})
    return section(
        "Generators left out of training",
        "Models that never heard one of the ways to make breathing, tested on it alone, in quiet "
        "to moderately noisy rooms." + _shipped(about),
        table("left out and tested on", rows, (*EVENTS, *EFFORT)),
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
            [trained, _steps(rows), *(figure(rows.get(name), key) for name in tested)]
            for trained, rows in cross.items()
        ]
        blocks.append(
            f"{title}:\n\n{grid(['trained on', 'steps', *tested], lines)}" if lines else ""
        )
    return section("Trained on one, tested on each", _shipped(about).strip(), *blocks)


def _steps(rows: Mapping[str, Any]) -> str:
    return figure(next(iter(rows.values()), None), "steps")


def training_sets_part(about: About) -> str:
    """Return what detectors reach that were trained on each of the two sets of sounds."""
    rows = about.get("training_sets", {})
    if not rows:
        return ""
    text = (
        "Trained on each of the two sets for as many steps, tested on the same nights, in quiet to "
        "moderately noisy rooms. *F1 over (a)*: paired; an interval that holds zero tells no "
        "difference." + _shipped(about)
    )
    return text + "\n\n" + table("training set", rows, (*EVENTS, *EFFORT, OVER_A))


def ablations_section(about: About) -> str:
    """Return what was tried on validation nights, with its cost."""
    blocks = []
    for title, rows in about.get("ablations", {}).items():
        keys = list(dict.fromkeys(key for row in rows.values() for key in row))
        shown = [key for key in keys if not key.endswith("_95")]
        columns = [Column(key, words(key)) for key in shown]
        blocks.append(f"**{title}**\n\n" + table("", rows, columns))
    if not blocks:
        return ""
    text = "Read against the first row, trained alike." + _shipped(about)
    return section("Choices, on validation nights", text, *blocks)
