"""Systems side by side, on the same nights: figures, paired differences, what is clear."""

from collections.abc import Iterator, Mapping, Sequence
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
CLEARLY = "*Clearly*: the paired 95 % interval of the difference leaves out zero."
Overview = tuple[tuple[str, str, str], ...]


def comparisons_section(about: About) -> str:
    """Return systems on the same nights, and the paired differences."""
    known = about.get("comparisons", {})
    return section(
        "Side by side, on the same nights",
        f"All tuned on the same validation nights{_alike(known.get('effort', {}))}. {CLEARLY}",
        *_systems(known),
        *_differences(known, "this model"),
        *(_against(name, parts) for name, parts in known.get("against", {}).items()),
    )


def inputs_section(about: About) -> str:
    """Return one network on several inputs, and where the encoder wins clearly."""
    known = about.get("inputs", {})
    if not known:
        return ""
    ours = known["systems"][known["ours"]]
    with_events, without = (number(ours[part]["hours"], 0) for part in ("all", "eventless"))
    return section(
        "What the encoder is worth",
        "The shipped network, trained anew and briefly on each input, tuned on the same validation "
        f"nights, judged on the same test nights ({with_events} h with events, {without} h "
        "without). With so little training all are worse than the shipped model, and read against "
        f"each other alone. {CLEARLY}",
        *_systems(known),
        *_differences(known, known["ours"]),
        _worth(known["identity"]),
    )


def _worth(identity: Mapping[str, Any]) -> str:
    """Return over which inputs the encoder wins clearly where the identity of a sound matters.

    By one of the figures at least, and none of them clearly against it.
    """
    told = {name: _clearly(parts) for name, parts in identity.items()}
    over = [name for name, words in told.items() if words == {"better"}]
    behind = [name for name, words in told.items() if words == {"worse"}]
    between = [name for name in told if name not in (*over, *behind)]
    sentences = []
    if over:
        sentences.append(
            "Where it matters what a sound is, or whose, the encoder wins clearly, by one of these "
            f"figures at least, over {_joined(over)}."
        )
    if between:
        sentences.append(
            f"Over {_joined(between)} it does not win clearly there: by these nights it is not "
            "shown to earn its cost against that."
        )
    if behind:
        sentences.append(f"It is clearly behind {_joined(behind)} there.")
    return " ".join(sentences)


def _clearly(parts: Mapping[str, Any]) -> set[str]:
    """Return how the figures of identity differ clearly: better, worse, both or not at all."""
    rows = (parts.get(part, {}).get(key) or {} for _, part, key in IDENTITY)
    return {row["clearly"] for row in rows if row.get("clearly")}


def _joined(names: Sequence[str]) -> str:
    *others, last = names
    return f"{', '.join(others)} and {last}" if others else last


def _systems(known: Mapping[str, Any]) -> Iterator[str]:
    """Yield what was spent on each, and how each does."""
    systems = known.get("systems", {})
    yield table("what was spent on each", known.get("effort", {}), EFFORT)
    for part, title in (("quiet", "quiet to moderate"), ("all", "all rooms")):
        yield table(f"nights with events, {title}", _part(systems, part), EVENTS)
    yield table("nights without events", _part(systems, "eventless"), EVENTLESS)


def _differences(known: Mapping[str, Any], ours: str) -> Iterator[str]:
    """Yield the paired differences of `ours` and each other, and how each was tuned."""
    against, tuned = known.get("against", {}), known.get("tuned", {})
    identity = overview(known.get("identity", {}), IDENTITY)
    yield f"{ours[0].upper()}{ours[1:]} minus each other:" * bool(against)
    yield overview(against, OVERVIEW)
    yield (
        "Where it matters what a sound is, or whose (others are heard beside the sleeper), "
        f"{ours} minus each other:"
    ) * bool(identity)
    yield identity
    yield "How each was tuned:" * bool(tuned)
    yield grid(["", ""], [[name, _facts(facts)] for name, facts in tuned.items()])


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
