"""Which rows of events the tables show, and their columns."""

from collections.abc import Mapping
from typing import Any

from osa_daemon.evaluation.cells import Column

Figures = Mapping[str, Any]
EVENTS = (
    Column("nights", "nights"),
    Column("hours", "hours", 1),
    Column("events", "events"),
    Column("false", "false"),
    Column("f1", "F1"),
    Column("recall", "recall"),
    Column("precision", "precision"),
    Column("recall_apnea", "apneas found"),
    Column("recall_hypopnea", "hypopneas found"),
    Column("mean_iou", "mean IoU"),
)


def rooms_of(figures: Figures) -> dict[str, Any]:
    """Return the row of each kind of room that has nights."""
    events = figures["events"]
    rows = {
        "quiet to moderately noisy rooms": events["quiet"],
        "noisier rooms": events["noisier"],
        "all rooms": events["all"],
    }
    return {name: row for name, row in rows.items() if row["nights"]}
