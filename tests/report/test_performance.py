"""How good the detector is, in a sentence that the model card's figures bear out."""

from typing import Any

import pytest

from osa_daemon.report.performance import UNKNOWN, measured
from tests.report.sample import DETECTOR, FIGURES


def test_the_sentence_has_the_figures_of_the_card():
    """What was found, how much of it was true, on what, and what was not tested."""
    events = FIGURES["test"]["events"]["quiet"]
    sentence = measured(FIGURES, DETECTOR)
    for part in (
        f"{100 * events['recall']:.0f} %",
        f"{100 * events['precision']:.0f} %",
        f"{events['hours']:.0f} h",
        "simulated nights",
        "not tested on real nights",
    ):
        assert part in sentence


@pytest.mark.parametrize(
    ("figures", "digest"),
    [
        (None, DETECTOR),
        (FIGURES, "another"),
        ({"detector_sha256": DETECTOR}, DETECTOR),
        ({"detector_sha256": DETECTOR, "test": {"events": {"quiet": None}}}, DETECTOR),
    ],
)
def test_of_another_detector_nothing_is_claimed(figures: dict[str, Any] | None, digest: str):
    """Nor where the figures cannot be read."""
    assert measured(figures, digest) == UNKNOWN
