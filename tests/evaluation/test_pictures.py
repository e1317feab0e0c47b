"""Pictures are drawn from figures alone, and only where there is something to draw."""

import json
import sys
from typing import Any

import numpy as np
import pytest

from osa_daemon.errors import ResourceError
from osa_daemon.evaluation.night import Decided, FrameRows, JudgedNight, Raised
from osa_daemon.evaluation.pictures import PICTURES, pictures_of
from osa_daemon.evaluation.report import figures_of
from osa_daemon.scoring.matching import Span

HALF_AN_HOUR = 30 * 60 * 5  # frames


def night_of(number: int) -> JudgedNight:
    """Make a night in which two of three events are found and one is alerted."""
    truth = tuple(Span(at, 40.0, kind) for at, kind in ((300.0, "apnea"), (900.0, "hypopnea")))
    found = (Decided(truth[0], 0.9), Decided(Span(910.0, 30.0 + number, "hypopnea"), 0.6))
    reading = np.linspace(0, 1, HALF_AN_HOUR, dtype=np.float32)
    known = np.ones(HALF_AN_HOUR, np.bool_)
    return JudgedNight(
        name=f"n{number}",
        facts={"kind": "events", "person": f"p{number}", "snr_db": 5.0 * number},
        truth=(*truth, Span(1500.0, 20.0, "apnea")),
        decided=found[: 1 + number % 2],
        alerts=(Raised(332.0 + number, 300.0, urgent=False),),
        rows=FrameRows(known, known, reading, reading, reading * 0),
    )


@pytest.fixture(scope="module")
def figures() -> dict[str, Any]:
    """Figures as an evaluation writes and reads them: through JSON."""
    made: dict[str, Any] = json.loads(json.dumps(figures_of([night_of(n) for n in range(4)])))
    return made


def test_every_picture_is_drawn(figures: dict[str, Any]):
    """Each is a PNG of its own, large enough to hold more than an empty frame."""
    pictures = dict(pictures_of(figures))
    assert pictures.keys() == PICTURES.keys()
    assert all(content.startswith(b"\x89PNG") for content in pictures.values())
    assert len(set(pictures.values())) == len(PICTURES)


def test_the_same_figures_give_the_same_pictures(figures: dict[str, Any]):
    """Byte for byte, so that the card's pictures change only with its figures."""
    assert dict(pictures_of(figures)) == dict(pictures_of(figures))


def test_what_is_not_known_is_not_drawn():
    """A night of which only the sound is known, and in which nothing was heard."""
    rows = np.zeros(0, np.float32)
    empty = FrameRows(None, rows.astype(np.bool_), rows, rows, rows)
    figures = figures_of([JudgedNight("n", {}, (), (), (), empty)])
    assert dict(pictures_of(figures)) == {}


def test_missing_matplotlib_is_one_sentence(
    figures: dict[str, Any], monkeypatch: pytest.MonkeyPatch
):
    """It is not installed on a Pi; the sentence says how to install it."""
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(ResourceError, match="pip install matplotlib"):
        dict(pictures_of(figures))
