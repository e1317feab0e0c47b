"""Figures as a report words them."""

import pytest

from osa_daemon.report.words import events_text
from osa_daemon.scoring.night import NightFigures


@pytest.mark.parametrize(
    ("apneas", "hypopneas", "text"),
    [(1, 1, "2: 1 apnea, 1 hypopnea"), (2, 0, "2: 2 apneas, 0 hypopneas")],
)
def test_one_is_no_plural(apneas: int, hypopneas: int, text: str):
    """Of either kind."""
    figures = NightFigures(events=apneas + hypopneas, apneas=apneas, hypopneas=hypopneas)
    assert events_text(figures) == text
