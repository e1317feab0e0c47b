"""The PDF of a night: two pages, the same bytes, and all that a doctor must know in it."""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.text import Text

from osa_daemon.report.document import document_of, pages_of
from osa_daemon.report.drawing import drawing
from osa_daemon.report.night import Night
from osa_daemon.scoring.night import NightFigures
from tests.test_words import claims

BERLIN = ZoneInfo("Europe/Berlin")


@contextmanager
def pages(night: Night) -> Iterator[list[Any]]:
    """Give the drawn pages."""
    with drawing("--pdf") as new_figure:
        yield list(pages_of(new_figure, night, BERLIN))


def texts(night: Night) -> list[str]:
    """Everything that is written on the pages."""
    with pages(night) as drawn:
        return [text.get_text() for page in drawn for text in page.texts]


def heavy(night: Night) -> Night:
    """As many events and alerts as a night may have, the figures as they were."""
    first, alert = night.events[0], night.alerts[0]
    events = tuple(
        replace(
            first,
            type="hypopnea",
            duration_s=10.0 + number % 110,
            onset_utc=first.onset_utc + timedelta(seconds=40 * number),
            end_utc=first.onset_utc + timedelta(seconds=40 * number + 10),
            truncated=number % 7 == 0,
            monitorable=number % 3 > 0,
        )
        for number in range(600)
    )
    return replace(night, events=events, alerts=(alert,) * 40)


def test_the_same_night_is_the_same_document(night: Night):
    """Two pages, dated by the night; text stays text, and the fonts are in it."""
    first = document_of(night, BERLIN)
    assert first == document_of(night, BERLIN)
    assert first.startswith(b"%PDF-")
    assert re.findall(rb"/Type /Page\b", first) == [b"/Type /Page"] * 2
    assert b"/Type3" not in first
    assert first.count(b"/FontFile2") == first.count(b"/Subtype /CIDFontType2") > 0


def test_a_document_says_what_was_measured(night: Night):
    """The index with its interval and what that covers, hours, the longest, the average."""
    said = " ".join(texts(night))
    figures = night.figures
    assert figures is not None
    assert re.search(rf"\b{figures.index}  \(95 %: \d+\.\d to \d+\.\d\)", said)
    for part in ("error of counting alone", f"{figures.longest_apnea_s:.0f} s", "of 13 nights"):
        assert part in said
    assert f"{figures.monitorable_s / 3600:.1f} of" in said


def test_a_document_says_what_sound_cannot_know(night: Night):
    """And that it is not a medical device, how good the detector is, and whose word that is."""
    said = " ".join(texts(night))
    for part in (
        "not a medical device",
        "no drop of blood oxygen",
        "obstructive or central",
        "no arousal",
        "a partner",
        "not tested on real nights",
        "osa_daemon/models/figures.json",
        night.about.model_sha256[:12],
        night.about.version,
    ):
        assert part in said, part
    assert not claims(said)


@pytest.mark.parametrize("kind", ["usual", "heavy", "deaf", "unknown", "long name"])
def test_nothing_is_written_beyond_the_page_or_over_another_line(night: Night, kind: str):
    """Neither of a heavy night, nor of one of which nothing but an event is known."""
    figures = replace(night.before[3])
    chosen = {
        "usual": night,
        "heavy": heavy(night),
        "deaf": replace(night, row=figures),
        "long name": replace(night, night=date(2025, 12, 31)),
        "unknown": replace(night, row=None, before=(), minutes=(), alerts=()),
    }[kind]
    with pages(chosen) as drawn:
        for page in drawn:
            renderer = FigureCanvasAgg(page).get_renderer()
            page.draw(renderer)
            boxes = [
                (text, text.get_window_extent(renderer))
                for text in page.findobj(Text)
                if text.get_text().strip() and text.get_visible()
            ]
            inside = page.bbox.expanded(0.98, 0.98)
            beyond = [t.get_text() for t, box in boxes if not _contains(inside, box)]
            assert not beyond
            own = [(text, box) for text, box in boxes if text in page.texts]
            over = [
                (one.get_text(), other.get_text())
                for at, (one, a) in enumerate(own)
                for other, b in own[at + 1 :]
                if a.overlaps(b.expanded(0.9, 0.6))
            ]
            assert not over


def _contains(page: Any, box: Any) -> bool:
    return bool(page.x0 <= box.x0 and box.x1 <= page.x1 and page.y0 <= box.y0 and box.y1 <= page.y1)


def test_of_too_many_events_the_longest_are_listed(night: Night):
    """It says how many of how many."""
    said = texts(heavy(night))
    (heading,) = [text for text in said if "longest of 600 events" in text]
    listed = [text for text in said if re.match(r"\(?\d\d:\d\d:\d\d  hypopnea", text)]
    assert heading == f"The {len(listed)} longest of 600 events"
    assert 80 < len(listed) < 600


@pytest.mark.parametrize(
    ("monitorable_s", "figure", "listed"),
    [
        (0.0, "\N{EN DASH}", "Not known: breathing could not be heard."),
        (9000.0, "none heard", "None was heard. That says no more than what could be heard."),
    ],
    ids=["deaf", "heard"],
)
def test_no_events_are_told_as_heard_only_where_one_could_be(
    night: Night, monitorable_s: float, figure: str, listed: str
):
    """In the figures, in the picture and in the list: a deaf night is no night without pauses."""
    assert night.row is not None
    figures = NightFigures(monitorable_s=monitorable_s, index_reason="too little was heard")
    row = replace(night.row, figures=json.dumps(asdict(figures)))
    minutes = tuple(
        replace(each, monitorable_s=monitorable_s and each.monitorable_s) for each in night.minutes
    )
    quiet = replace(night, row=row, events=(), alerts=(), minutes=minutes)
    said = texts(quiet)
    for name in ("Events", "Longest apnea"):
        assert said[said.index(name) + 1] == figure, name
    assert listed in said
    with pages(quiet) as drawn:
        assert figure in [text.get_text() for ax in drawn[0].axes for text in ax.texts]


def test_a_night_too_short_for_an_index_says_why(night: Night):
    """`unknown`, and the reason below."""
    row = next(row for row in night.before if '"index": null' in row.figures)
    said = texts(replace(night, row=row))
    assert "unknown" in said
    assert any("an estimate needs 120 min" in text for text in said)
