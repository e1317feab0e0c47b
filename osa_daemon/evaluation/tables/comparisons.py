"""Systems side by side, on the same nights: figures, paired differences, what is clear."""

from collections.abc import Mapping
from typing import Any

from osa_daemon.evaluation.cells import NONE, Column, grid, number, section, span, table, words

About = Mapping[str, Any]
EVENTS = (
    Column("f1", "F1"),
    Column("recall_apnea", "apneas found"),
    Column("recall_hypopnea", "hypopneas found"),
    Column("false_per_hour", "false per hour", 2),
    Column("mean_iou", "mean IoU"),
)
EVENTLESS = (
    Column("false_per_hour", "false events per hour", 2),
    Column("false_per_hour_upper_95", "at most (95 %)", 2),
    Column("false_alerts_per_8h", "false alerts per 8 h", 2),
    Column("monitorable_share", "monitorable share"),
)
DIFFERENCE = (
    Column("ours", "this model"),
    Column("theirs", "the other"),
    Column("difference", "difference"),
    Column("clearly", "this model is clearly"),
)
EFFORT = (
    Column("members", "networks"),
    Column("steps", "steps of each"),
    Column("train_hours", "training nights (h)", 1),
    Column("tries", "settings tried"),
)
ALIKE = 1.05  # hours of training that are as good as the same, rounded or not
OVERVIEW = (  # title, part, figure
    ("F1, quiet to moderate", "quiet", "f1"),
    ("F1, all rooms", "all", "f1"),
    ("false per hour without events", "eventless", "false_per_hour"),
)
IDENTITY = (
    ("F1", "events", "f1"),
    ("recall", "events", "recall"),
    ("precision", "events", "precision"),
    ("false per hour without events", "eventless", "false_per_hour"),
    ("false alerts per 8 h without events", "eventless", "false_alerts_per_8h"),
)
Overview = tuple[tuple[str, str, str], ...]


def comparisons_section(about: About) -> str:
    """Return systems on the same nights, and the paired differences."""
    known = about.get("comparisons", {})
    systems, against = known.get("systems", {}), known.get("against", {})
    identity = overview(known.get("identity", {}), IDENTITY)
    tuned, effort = known.get("tuned", {}), known.get("effort", {})
    return section(
        "Side by side, on the same nights",
        f"All tuned on the same validation nights{_alike(effort)}. *Clearly*: the paired 95 % "
        "interval of the difference leaves out zero.",
        table("what was spent on each", effort, EFFORT),
        *(
            table(f"nights with events, {title}", _part(systems, part), EVENTS)
            for part, title in (("quiet", "quiet to moderate"), ("all", "all rooms"))
        ),
        table("nights without events", _part(systems, "eventless"), EVENTLESS),
        "This model minus each other:" * bool(against),
        overview(against, OVERVIEW),
        "Where it matters what a sound is, or whose (others are heard beside the sleeper), this "
        "model minus each other:" * bool(identity),
        identity,
        "How each was tuned:" * bool(tuned),
        grid(["", ""], [[name, _facts(facts)] for name, facts in tuned.items()]),
        *(_against(name, parts) for name, parts in against.items()),
    )


def _alike(effort: Mapping[str, Any]) -> str:
    """Return whether all networks were trained alike."""
    trained = [row for row in effort.values() if row.get("steps") is not None]
    kinds = {(row.get("members", 1), row["steps"]) for row in trained}
    hours = [row["train_hours"] for row in trained if row.get("train_hours")]
    if len(kinds) > 1 or (hours and max(hours) > ALIKE * min(hours)):
        return ", but **not with the same effort** in training, as the table tells"
    return ", and all networks trained alike" if kinds else ""


def precision_section(about: About) -> str:
    """Return the model in fp32 beside itself in int8."""
    known = about.get("precision", {})
    systems = {name: known.get(name, {}) for name in ("int8", "fp32")}
    against = known.get("against")
    return section(
        "int8 and fp32",
        "The detector behind its encoder in int8, as shipped, and in fp32, on the same nights"
        + (f" ({known['hours']} h)." if "hours" in known else "."),
        table("nights with events, all rooms", _part(systems, "all"), EVENTS),
        "int8 minus fp32:" * bool(against),
        overview({"int8 and fp32": against} if against else {}, OVERVIEW),
    )


def _part(systems: Mapping[str, Any], part: str) -> dict[str, Any]:
    return {name: system.get(part) for name, system in systems.items()}


def overview(against: Mapping[str, Any], columns: Overview) -> str:
    """Return a table of differences: a line for each system, what is clear in words."""
    lines = [
        [name, *(_difference(parts.get(part, {}).get(key)) for _, part, key in columns)]
        for name, parts in against.items()
    ]
    return grid(["against", *(title for title, _, _ in columns)], lines)


def _difference(row: Mapping[str, Any] | None) -> str:
    if row is None or row.get("difference") is None:
        return NONE
    clearly = f", clearly {row['clearly']}" if row.get("clearly") else ""
    return number(row["difference"]) + span(row.get("difference_95")) + clearly


def _facts(facts: Mapping[str, Any]) -> str:
    return "; ".join(f"{words(name)}: {_value(value)}" for name, value in facts.items())


def _value(value: Any) -> str:
    return f"({_facts(value)})" if isinstance(value, Mapping) else number(value)


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
