"""Frames, epochs, and what probabilities mean."""

from osa_daemon.evaluation.cells import Column, number, table
from osa_daemon.evaluation.tables.rows import Figures

EPOCHS = (
    Column("count", "count"),
    Column("f1", "F1"),
    Column("macro_f1", "macro-F1"),
    Column("f1_none", "F1 none"),
    Column("f1_apnea", "F1 apnea"),
    Column("f1_hypopnea", "F1 hypopnea"),
    Column("sensitivity", "sensitivity"),
    Column("specificity", "specificity"),
    Column("kappa", "kappa"),
)


def epochs_section(figures: Figures) -> list[str]:
    """Return the figures of frames and of epochs of 30 s."""
    titles = {
        "frames": "frames of 0.2 s",
        "epochs": "epochs of 30 s, at least 10 s of event",
        "epochs_any": "epochs of 30 s, any event",
    }
    rows = {
        f"{title}, {where}": figures["epochs"][part][name]
        for part, where in (("all", "all rooms"), ("quiet", "quiet to moderate"))
        if figures["epochs"][part]["nights"]
        for name, title in titles.items()
    }
    if not rows:
        return []
    return [
        "Nights with events; what does not count is left out. F1, sensitivity, specificity and "
        "kappa: event against none; macro-F1 and the F1 beside it: none, apnea, hypopnea, the "
        "class that has more of an epoch.",
        table("", rows, EPOCHS),
    ]


def calibration_section(figures: Figures) -> list[str]:
    """Return the bins of both reliability diagrams."""
    columns = (
        Column("probability", "mean probability"),
        Column("observed", "observed share"),
        Column("count", "count"),
    )
    blocks = []
    for part, title in (("frames", "frame in an event"), ("events", "decided event is right")):
        figure = figures["calibration"][part]
        rows = {f"{b['from']:.1f}-{b['from'] + 0.1:.1f}": b for b in figure["bins"]}
        if rows:
            blocks += [
                f"**{title[:1].upper()}{title[1:]}**: expected calibration error "
                f"{number(figure['error'])}, Brier score {number(figure['brier'])}, "
                f"base rate {number(figure['base_rate'])}.",
                table("probability", rows, columns),
            ]
    return blocks
