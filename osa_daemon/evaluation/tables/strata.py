"""Events by what a night is like."""

from osa_daemon.evaluation.cells import Column, table
from osa_daemon.evaluation.tables.rows import Figures

STRATA = (
    Column("nights", "nights"),
    Column("events", "events"),
    Column("f1", "F1"),
    Column("recall_apnea", "apneas found"),
    Column("recall_hypopnea", "hypopneas found"),
    Column("false_per_hour", "false per hour", 2),
    Column("mean_iou", "mean IoU"),
)
WAY_TITLES = {
    "generator": "what makes the breathing",
    "snr": "median breath over the noise",
    "distance": "distance of the microphone",
    "noise": "noise",
    "codec": "codec",
    "gate": "noise gate",
    "snoring": "the sleeper",
    "kind": "kind of night",
    "index": "true events per audible hour",
    "severity": "severity of the timeline",
}


def strata_section(figures: Figures) -> list[str]:
    """Return the row of events by each thing that is known of nights."""
    strata = figures["strata"]
    tables = [table(WAY_TITLES.get(way, way), rows, STRATA) for way, rows in strata.items()]
    return ["Nights with events, in all rooms.", *tables] if tables else []
