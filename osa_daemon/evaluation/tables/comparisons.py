"""Systems side by side: on the same nights, on generators left out, and the choices made."""

from collections.abc import Mapping
from typing import Any

from osa_daemon.evaluation.cells import Column, figure, grid, section, table, words
from osa_daemon.evaluation.tables.rows import EVENTS
from osa_daemon.evaluation.tables.targets import target_table
from osa_daemon.evaluation.targets import left_out_rows

About = Mapping[str, Any]
COMPARED = (
    Column("f1", "F1"),
    Column("recall_apnea", "apneas found"),
    Column("recall_hypopnea", "hypopneas found"),
    Column("false_per_hour", "false per hour", 2),
    Column("mean_iou", "mean IoU"),
)
DIFFERENCE = (
    Column("ours", "this model"),
    Column("theirs", "the other"),
    Column("difference", "difference"),
    Column("clearly", "this model is clearly"),
)


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


def comparisons_section(about: About) -> str:
    """Return systems on the same nights, and the paired differences."""
    comparisons = about.get("comparisons", {})
    systems = comparisons.get("systems", {})
    blocks = []
    for part, title in (("quiet", "quiet to moderately noisy rooms"), ("all", "all rooms")):
        rows = {name: system.get(part) for name, system in systems.items()}
        blocks.append(table(f"nights with events, {title}", rows, COMPARED))
    rows = {name: system.get("eventless") for name, system in systems.items()}
    columns = (
        Column("false_per_hour", "false events per hour", 2),
        Column("false_per_hour_upper_95", "at most (95 %)", 2),
        Column("false_alerts_per_8h", "false alerts per 8 h", 2),
        Column("monitorable_share", "monitorable share"),
    )
    blocks.append(table("nights without events", rows, columns))
    blocks += [_against(name, parts) for name, parts in comparisons.get("against", {}).items()]
    return section(
        "Side by side, on the same nights",
        "All with the same effort in tuning, on the same validation nights. *Clearly*: the paired "
        "95 % interval of the difference leaves out zero.",
        *blocks,
    )


def _against(name: str, parts: Mapping[str, Any]) -> str:
    rows: dict[str, Any] = {}
    for part, title in (
        ("quiet", "quiet to moderate"),
        ("all", "all rooms"),
        ("eventless", "without events"),
    ):
        rows |= {f"{words(key)}, {title}": row for key, row in parts.get(part, {}).items()}
    for kind, figures in parts.get("kinds", {}).items():
        rows[f"F1, kind {kind}"] = figures.get("f1")
    for kind, figures in parts.get("eventless_kinds", {}).items():
        rows[f"false per hour, kind {kind} without events"] = figures.get("false_per_hour")
    return f"**Against {name}**\n\n" + table("figure", rows, DIFFERENCE)


def ablations_section(about: About) -> str:
    """Return what was tried on validation nights, with its cost."""
    blocks = []
    for title, rows in about.get("ablations", {}).items():
        keys = list(dict.fromkeys(key for row in rows.values() for key in row))
        shown = [key for key in keys if not key.endswith("_95")]
        columns = [Column(key, words(key)) for key in shown]
        blocks.append(f"**{title}**\n\n" + table("", rows, columns))
    return section("Choices, on validation nights", *blocks) if blocks else ""
