"""Events by what a night is like."""

import pytest

from osa_daemon.evaluation.figures.matched import people_of
from osa_daemon.evaluation.figures.strata import band_of, bands_of, strata_figures
from tests.evaluation.judged import apnea, matched, night

EDGES = (0.0, 6.0)


@pytest.mark.parametrize(
    ("value", "band"),
    [
        (-1.0, "below 0 dB"),
        (0.0, "0 to 6 dB"),
        (5.9, "0 to 6 dB"),
        (6.0, "6 dB and more"),
        (None, None),
    ],
)
def test_bands_hold_their_lower_edge(value: float | None, band: str | None):
    """Each value has one band, an unknown one has none."""
    assert band_of(value, EDGES, "dB") == band


def test_bands_are_in_order():
    """From the lowest to the highest."""
    assert bands_of(EDGES, "dB") == ["below 0 dB", "0 to 6 dB", "6 dB and more"]


def test_nights_are_sorted_by_their_facts():
    """SNR, distance, codec, snoring and index each sort the nights with events."""
    nights = matched(
        night([apnea(100)], [apnea(100)], name="a", snr_db=2.0, codec="opus", snores=False),
        night(
            [apnea(100)],
            [],
            name="b",
            snr_db=12.0,
            distance_m=1.0,
            snores=True,
            codec=None,
            gate_db=9.0,
        ),
        night(name="c", kind="quiet", snr_db=12.0),
    )
    figures = strata_figures(nights)
    assert list(figures["snr"]) == ["0 to 3 dB", "10 to 15 dB"]
    assert [row["recall"] for row in figures["snr"].values()] == [1.0, 0.0]
    assert list(figures["distance"]) == ["0.7 to 1.5 m"]
    assert list(figures["codec"]) == ["none", "opus"]
    assert list(figures["gate"]) == ["with"]
    assert list(figures["snoring"]) == ["never snores", "snores"]
    assert figures["index"]["below 5"]["nights"] == 2


def test_what_no_night_knows_is_left_out():
    """A folder that tells no distances has no table of them."""
    assert "distance" not in strata_figures(matched(night([apnea(100)], facts={})))


def test_a_night_without_person_stands_for_itself():
    """Nobody, no timeline and no facts make no cluster of strangers."""
    nights = matched(
        night(person="nobody/none"), night(person="a/none"), night(facts={}), night(person="anna")
    )
    people = people_of(nights)
    assert people == ["night 0/night 0", "a/night 1", "night 2", "anna"]
