"""The index, events per hour."""

from osa_daemon.evaluation.cells import Column, span, table
from osa_daemon.evaluation.tables.rows import Figures

INDEX = (
    Column("nights", "nights"),
    Column("mean_true", "mean true index", 1),
    Column("mean_abs_error", "mean error", 2),
    Column("median_abs_error", "median error", 2),
    Column("mean_abs_error_of_judged", "mean error, events on uncounted ones left out", 2),
    Column("relative_error", "mean error as a share"),
    Column("bias", "bias", 2),
)


def index_section(figures: Figures) -> list[str]:
    """Return the errors of the index by stratum."""
    blocks = [
        "Decided events per monitorable hour against true events per truly audible hour, night "
        "by night (errors per hour). Limits of agreement: bias ± 1.96 standard deviations."
    ]
    for where, part in (("all rooms", "all"), ("quiet to moderately noisy rooms", "quiet")):
        figure = figures["index"][part]
        rows = {**figure["strata"], **{k: figure[k] for k in ("with events", "without events")}}
        known = {name: row for name, row in rows.items() if row["nights"]}
        if not known:
            continue
        limits = {
            name: dict(row) | {"bounds": span(row["limits"], 1).strip(" ()") or None}
            for name, row in known.items()
        }
        blocks.append(
            table(f"true index, {where}", limits, (*INDEX, Column("bounds", "limits of agreement")))
        )
    left = figures["index"]["all"]["left_out"]
    if left:
        blocks.append(f"{left} nights with less than 15 minutes to go by are left out.")
    return blocks if len(blocks) > 1 else []
