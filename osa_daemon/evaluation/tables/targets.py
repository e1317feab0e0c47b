"""What must be reached, beside what is."""

from collections.abc import Sequence

from osa_daemon.evaluation.cells import grid, number, span
from osa_daemon.evaluation.tables.rows import Figures

LEAST_NIGHTS = 20  # with events: what the card's test nights have in each stratum of the index


def target_table(rows: Sequence[Figures]) -> str:
    """Return targets (`targets.target_rows` and its like) as a table."""
    lines = [
        [
            row["what"],
            row["where"],
            "-" if row["value"] is None else number(row["value"]) + span(row["interval"]),
            row["target"],
            number(row["met"]),
        ]
        for row in rows
    ]
    return grid(["figure", "where", "value", "target", "met"], lines)


def _how_far(tested: Figures) -> str:
    """Return how far to trust the count of targets, as the end of its sentence."""
    if tested["nights_with_events"] >= LEAST_NIGHTS:
        return "."
    return (
        f": **too few nights to mean much** ({tested['nights']} nights, {tested['hours']:.1f} h, "
        f"{tested['nights_with_events']} of the nights with events)."
    )


def targets_section(figures: Figures) -> list[str]:
    """Return the table of targets."""
    rows = figures.get("targets", ())
    known = [row["met"] for row in rows if row["met"] is not None]
    return [
        f"{sum(known)} of {len(known)} targets are met, by the point estimates"
        f"{_how_far(figures['set'])} The targets are meant for simulated nights, where it is known "
        "what sound can find. In brackets: 95 % "
        "intervals, resampled by person of sound and of timeline; for false events and alerts "
        "the exact Poisson bound. A dash: nothing here to measure it on, or an endless delay.",
        target_table(rows),
    ]
