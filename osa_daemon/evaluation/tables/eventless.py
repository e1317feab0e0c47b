"""Nights without events that sound can find."""

from osa_daemon.evaluation.cells import Column, table
from osa_daemon.evaluation.tables.rows import Figures

EVENTLESS = (
    Column("nights", "nights"),
    Column("hours", "hours", 1),
    Column("false", "false events"),
    Column("false_per_hour", "per hour", 2),
    Column("false_per_hour_upper_95", "at most (95 %)", 2),
    Column("false_alerts", "alerts"),
    Column("false_alerts_per_8h", "per 8 h", 2),
    Column("false_alerts_per_8h_upper_95", "at most (95 %)", 2),
    Column("monitorable_share", "monitorable share"),
)


def eventless_section(figures: Figures) -> list[str]:
    """Return false events and alerts by kind of night."""
    part = figures["eventless"]
    if not part["all"]["nights"]:
        return []
    wanted = {"all kinds meant to hold none": part["wanted"]} if part["wanted"]["nights"] else {}
    rows = part["kinds"] | wanted
    noises = {f"empty room, {name}": row for name, row in part["empty_by_noise"].items()}
    generators = {f"all but empty rooms, {n}": row for n, row in part["by_generator"].items()}
    return [
        "Everything told here is false, save on scored events that sound cannot find. *At most*: "
        "exact one-sided Poisson bound. Kinds named events: sleepers with events, none of which "
        "sound can find.",
        table("kind", rows, EVENTLESS),
        table("more closely", generators | noises, EVENTLESS),
    ]
