"""Events found and missed, their borders and types."""

from osa_daemon.evaluation.cells import Column, grid, number, table
from osa_daemon.evaluation.tables.rows import EVENTS, Figures, rooms_of

BORDERS = (
    Column("f1_any_overlap", "F1, any overlap"),
    Column("f1", "F1, IoU ≥ 0.3"),
    Column("f1_iou_half", "F1, IoU ≥ 0.5"),
    Column("recall_any_overlap", "recall, any overlap"),
    Column("recall_iou_half", "recall, IoU ≥ 0.5"),
    Column("precision_any_overlap", "precision, any overlap"),
    Column("precision_iou_half", "precision, IoU ≥ 0.5"),
    Column("mean_duration_error_s", "error of the mean duration (s)", 2),
    Column("onset_error_mean_abs_s", "onset, mean absolute (s)", 2),
    Column("duration_error_mean_abs_s", "duration, mean absolute (s)", 2),
)
SPREAD = (
    Column("count", "count"),
    Column("mean", "mean"),
    Column("median", "median"),
    Column("10 %", "10 %"),
    Column("90 %", "90 %"),
)


def events_section(figures: Figures) -> list[str]:
    """Return how events are found, where their borders lie, how figures spread."""
    rows = rooms_of(figures)
    if not rows:
        return []
    generators = {f"quiet to moderate, {n}": r for n, r in figures["generators"].items()}
    best = figures["events"]["quiet" if figures["events"]["quiet"]["nights"] else "all"]
    by_night = {f"per night: {name}": row for name, row in best["per_night"].items()}
    by_event = {f"per event: {name}": row for name, row in best["errors"].items()}
    return [
        "Nights with events that count: apneas, and hypopneas whose breath level falls by at "
        "least 6 dB, in truly audible time. One to one, intersection over union (IoU) of at "
        "least 0.3, whatever the type. *Quiet to moderately noisy*: the night's median breath "
        "is at least 6 dB over the noise (0.3-4 kHz). Of recordings that do not say what could be "
        "heard, every scored event counts.",
        table("nights with events", rows | generators, EVENTS),
        "Borders of events, and other ways to match:",
        table("", rows, BORDERS),
        "How figures spread over the nights and events of "
        f"{'quiet to moderately noisy' if figures['events']['quiet']['nights'] else 'all'} rooms "
        "(errors: decided minus true, s):",
        table("", by_night | by_event, SPREAD),
    ]


def types_section(figures: Figures) -> list[str]:
    """Return recall by type, what types are taken for, and what does not count."""
    blocks = []
    for where, row in rooms_of(figures).items():
        if where == "noisier rooms":
            continue
        cells = row["types"]["table"]
        decided = ("apnea", "hypopnea", "missed")
        lines = [[t, *(number(cells[t].get(d, 0)) for d in decided)] for t in cells]
        strict = (
            Column("events", "events"),
            Column("right", "right type"),
            Column("f1", "F1"),
            Column("recall", "recall"),
            Column("precision", "precision"),
        )
        found = (Column("events", "events"), Column("found", "found"), Column("recall", "recall"))
        met = (Column("events", "events"), Column("met", "met all the same"))
        blocks += [
            f"**{where[:1].upper()}{where[1:]}.** Found by any event, by true type:",
            table("true type", row["recall_by_type"], found),
            "What true events were taken for:",
            grid(["true", *decided], lines),
            "Where the type must be right too:",
            table("type", row["types"]["strict"], strict),
            "Scored events that sound cannot find: neither missed nor false."
            * bool(row["uncounted"]),
            table("true type", row["uncounted"], met),
        ]
    return blocks
