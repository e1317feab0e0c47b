"""Whether it knows when it cannot hear."""

from osa_daemon.evaluation.cells import Column, grid, number, span, table
from osa_daemon.evaluation.tables.rows import Figures


def hearing_section(figures: Figures) -> list[str]:
    """Return what is monitorable, and risk against coverage."""
    hearing = figures["hearing"]
    if hearing is None:
        return []
    rows = {
        "truly audible time": ("audible_hours", "audible_monitorable"),
        "truly audible event time": ("event_hours", "event_time_monitorable"),
        "inaudible time": ("inaudible_hours", "inaudible_monitorable"),
    }
    lines = [
        [name, number(hearing[hours], 1), number(hearing[key]) + span(hearing.get(f"{key}_95"))]
        for name, (hours, key) in rows.items()
    ]
    risk = (
        Column("coverage", "share of time judged"),
        Column("events", "true events in it"),
        Column("risk", "1 - F1"),
        Column("missed_share", "missed"),
        Column("false_per_hour", "false per hour", 2),
    )
    levels = {f"{row['level']:g}": row for row in hearing["risk"]}
    return [
        grid(["", "hours", "monitorable"], lines),
        "Risk against coverage: only time is judged in which the audible reading was at least "
        "this high on average over 60 s. True events here are all apneas, also those that "
        "nobody could hear, and the hypopneas that count.",
        table("audible at least", levels, risk),
    ]
