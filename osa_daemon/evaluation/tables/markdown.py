"""The figures of an evaluation as Markdown, section by section, in plain words."""

from collections.abc import Callable
from typing import TypeAlias

from osa_daemon.evaluation.tables.alerts import alerts_section
from osa_daemon.evaluation.tables.epochs import calibration_section, epochs_section
from osa_daemon.evaluation.tables.eventless import eventless_section
from osa_daemon.evaluation.tables.events import events_section, types_section
from osa_daemon.evaluation.tables.hearing import hearing_section
from osa_daemon.evaluation.tables.index import index_section
from osa_daemon.evaluation.tables.rows import Figures
from osa_daemon.evaluation.tables.short import short_section
from osa_daemon.evaluation.tables.strata import strata_section
from osa_daemon.evaluation.tables.targets import targets_section

Sections: TypeAlias = list[tuple[str, Callable[[Figures], list[str]]]]


def markdown_of(figures: Figures) -> str:
    """Return `report.figures_of` as Markdown: sections of the second level, tables, short words."""
    return short_of(figures) + "\n" + tables_of(figures)


def short_of(figures: Figures) -> str:
    """Return the first section alone."""
    return _sections(figures, [("In short", short_section)])


def tables_of(figures: Figures) -> str:
    """Return all other sections."""
    sections: Sections = [
        ("What it must reach", targets_section),
        ("Events", events_section),
        ("Types", types_section),
        ("Nights without events that sound can find", eventless_section),
        ("Events per hour", index_section),
        ("Alerts", alerts_section),
        ("Whether it knows when it cannot hear", hearing_section),
        ("By what a night is like", strata_section),
        ("Frames and epochs", epochs_section),
        ("Calibration", calibration_section),
    ]
    return _sections(figures, sections)


def _sections(figures: Figures, sections: Sections) -> str:
    parts = []
    for title, section in sections:
        blocks = [block for block in section(figures) if block]
        if blocks:
            parts.append("\n\n".join([f"## {title}", *(block.rstrip() for block in blocks)]))
    return "\n\n".join(parts) + "\n"
