"""All figures, from judged nights to JSON and Markdown."""

import json

import numpy as np
import pytest

from osa_daemon.evaluation.report import figures_of, plain_of
from osa_daemon.evaluation.tables import markdown_of
from tests.evaluation.judged import alert, apnea, frames, hypopnea, night


def everything() -> list:
    """Nights of several kinds, generators and persons."""
    truth = [apnea(60.0 + 300 * i, 40) for i in range(8)] + [hypopnea(3000, 20)]
    found = [*truth[:7], apnea(3400, 20)]
    nights = [
        night(
            truth,
            found,
            [alert(92)],
            name=f"night {i}",
            person=f"s{i % 3}/t{i % 2}",
            generator=["recorded", "airflow"][i % 2],
            snr_db=12.0 if i < 4 else 2.0,
            distance_m=1.0,
            codec="opus",
            snores=bool(i % 2),
            noise="fan",
        )
        for i in range(6)
    ]
    kinds = ("empty", "snorer", "partner_events")
    return nights + [
        night(name=kind, kind=kind, snr_db=float("nan"), monitorable=frames((0, 100)))
        for kind in kinds
    ]


def test_figures_are_json_without_what_json_lacks():
    """No nan, no infinity, no numpy: strict JSON that reads back the same."""
    figures = figures_of(everything())
    assert json.loads(json.dumps(figures, allow_nan=False)) == figures


@pytest.mark.parametrize(
    "nights",
    [
        pytest.param([], id="no nights"),
        pytest.param([night([apnea(100)], [apnea(100)], facts={}, audible=None)], id="no facts"),
        pytest.param([night(seconds=0.0)], id="no sound"),
        pytest.param([night(kind=None, snr_db=None, person=None)], id="facts that are null"),
        pytest.param([night([apnea(5000)], [apnea(7000)])], id="events beyond the sound"),
    ],
)
def test_what_is_not_known_is_left_out(nights: list):
    """Nights that lack facts, truth, sound or company still give figures and Markdown."""
    figures = figures_of(nights)
    assert json.dumps(figures, allow_nan=False)
    assert "## What it must reach" in markdown_of(figures)


def test_rooms_are_apart():
    """Nights of 6 dB and more are quiet to moderate, the rest has its own row."""
    events = figures_of(everything())["events"]
    assert [events[room]["nights"] for room in ("quiet", "noisier", "all")] == [4, 2, 6]


def test_every_night_has_its_line():
    """A night's line holds its counts and indices, under its name."""
    line = figures_of(everything())["nights"]["night 0"]
    assert (line["events"], line["found"], line["false"], line["alerts"]) == (9, 7, 1, 1)
    assert (line["index_true"], line["index"]) == (9.0, 8.0)


def test_markdown_has_every_section():
    """A full set of nights fills all sections."""
    text = markdown_of(figures_of(everything()))
    titles = [line for line in text.splitlines() if line.startswith("## ")]
    assert len(titles) == 11
    assert "nan" not in text
    assert "None" not in text


def test_tables_are_whole():
    """In every table of the Markdown all lines have as many cells as the head."""
    text = markdown_of(figures_of(everything()))
    blocks = [block for block in text.split("\n\n") if block.startswith("|")]
    assert blocks
    for block in blocks:
        assert len({line.count("|") for line in block.splitlines()}) == 1, block


def test_names_stay_in_their_cells():
    """A kind of night is what NAME.json calls it, with signs that Markdown takes for its own."""
    nights = [night(name="a", kind="tv | radio\nloud", noise="fan|rain")]
    rows = [line for line in markdown_of(figures_of(nights)).splitlines() if "radio" in line]
    assert rows
    assert all("tv \\| radio loud" in row for row in rows)


def test_an_evaluation_says_first_what_it_found():
    """In sentences, with the numbers of the tables."""
    text = markdown_of(figures_of(everything()))
    first = text.partition("## What it must reach")[0]
    assert first.startswith("## In short")
    assert "28 of 32 apneas and 0 of 4 hypopneas that sound can find" in first
    assert "Of the 32 events it told of there, 4 were none" in first
    assert "0.00 false events per hour (at most 1.50" in first
    assert "4 of 24 apneas that last longer than 30 s were alerted" in first


def test_what_is_not_known_has_no_sentence():
    """Nights without events speak of none, nights without audible spans not of hearing."""
    text = markdown_of(figures_of([night(audible=None)])).partition("## What")[0]
    assert "**Nights without events** (1.0 h)" in text
    assert "Found" not in text
    assert "Listening" not in text


def test_where_nobody_knows_what_could_be_heard_every_scored_event_counts():
    """Nothing is said of what sound can find on nights without NAME.audible.csv."""
    nights = [night([apnea(100)], [apnea(100)], audible=None)]
    first = markdown_of(figures_of(nights)).partition("## What")[0]
    assert "1 of 1 apneas that were scored" in first
    assert "that sound can find" not in first


@pytest.mark.parametrize(("count", "few"), [(19, True), (20, False)])
def test_a_small_set_is_said_to_be_small(count: int, few: bool):
    """With fewer nights with events than a stratum of the card has, targets mean little."""
    nights = [night([apnea(100)], [apnea(100)], name=f"{i}", seconds=300.0) for i in range(count)]
    assert ("too few nights to mean much" in markdown_of(figures_of(nights))) == few


def test_a_number_too_large_is_not_known():
    """JSON knows no largest integer; NAME.json may hold any."""
    assert figures_of([night(snr_db=10**400)])["nights"]["night"]["snr_db"] is None


def test_the_same_nights_give_the_same_figures():
    """Two runs over the same nights give the same figures to the last digit."""
    assert figures_of(everything()) == figures_of(everything())


def test_plain_figures():
    """Numpy becomes Python, nan and infinity become null, tuples lists, floats four digits."""
    found = plain_of({"a": np.float64(1 / 3), 2: (np.int64(1), np.bool_(True)), "c": np.inf})
    assert found == {"a": 0.3333, "2": [1, True], "c": None}
