"""Each view shows what the server tells, and nothing goes wrong in it."""

import random
import re
from collections.abc import Callable
from dataclasses import replace

import pytest

from osa_daemon.report.index import average
from osa_daemon.scoring.night import NightFigures
from tests.web.fake_page import FakePage
from tests.web.front.tab import Tab, watched

pytestmark = pytest.mark.browser

JUDGED = "2026-11-26"
OPEN = "(all) => all.forEach((each) => { each.parentNode.open = true; })"
COURSE = re.compile(r"-?[0-9.]+ dB (?:the minute before|during it)")


def view_of(name: str, fake: FakePage) -> str:
    """The hash of a view that has something to show."""
    ids = {"night": f"night/{JUDGED}", "event": f"event/{fake.tonight.events[3]['id']}"}
    return ids.get(name, name)


@pytest.mark.parametrize("width", [320, 1280])
def test_views_load_without_a_complaint(
    width: int, fake: FakePage, open_tab: Callable[..., Tab]
) -> None:
    """No error in the console, no request to anybody else, nothing wider than the screen."""
    tab = open_tab(width)
    for name in ("tonight", "nights", "night", "event", "settings", "health"):
        tab.show(view_of(name, fake))
        assert tab.page.evaluate("document.documentElement.scrollWidth") == width, name
        assert not tab.complaints, name


def test_nights_have_their_figures_in_the_calendar(fake: FakePage, tab: Tab) -> None:
    """A night that was judged has its figure there; one that was not says so, and why."""
    tab.show("nights", "Nights")
    figures = fake.nights[JUDGED].figures
    cell = tab.page.locator(f'a.day[href="#night/{JUDGED}"]')
    assert cell.locator("b").inner_text() == f"{figures['index']:.1f}"
    unjudged = next(n.figures for n in fake.nights.values() if n.figures["index"] is None)
    told = tab.page.locator(f'a.day[href="#night/{unjudged["night"]}"]').text_content()
    assert told is not None
    assert unjudged["index_reason"] in told
    assert "on average of those of the last 14 nights that could be judged" in tab.text(".lead")


def test_the_line_of_means_is_the_average_that_is_told(tab: Tab) -> None:
    """A night that could not be judged takes its place among the 14, in both."""
    tab.show("nights", "Nights")
    chance = random.Random(14)
    indices = [None if chance.random() < 0.3 else chance.uniform(0, 30) for _ in range(60)]
    means = tab.page.evaluate(
        """async (indices) => {
          const { meansOf } = await import("/static/trend.js");
          return meansOf(indices.map((index) => ({ index })));
        }""",
        [None] * 20 + indices,
    )
    assert len(means) == 80
    assert means[:20] == [None] * 20
    for i, mean in enumerate(means[20:]):
        last = [NightFigures(index=index) for index in indices[max(0, i - 13) : i + 1]]
        told = average(last)
        assert mean == (None if told is None else pytest.approx(told.index))


def test_time_is_never_told_longer_than_the_reason_counts_it(tab: Tab) -> None:
    """A night of a moment less than 2 h cannot be judged: "2.0 h" beside that would be odd."""
    tab.show("nights", "Nights")
    told = tab.page.evaluate(
        """async (values) => {
          const { hours } = await import("/static/words.js");
          return values.map((value) => hours(value));
        }""",
        [0, 59, 3299, 3599.9, 3600, 7199, 7200, None],
    )
    assert told == ["0 min", "0 min", "54 min", "59 min", "1.0 h", "1.9 h", "2.0 h", "\N{EN DASH}"]


def test_a_night_shows_estimate_interval_events_and_alerts(fake: FakePage, tab: Tab) -> None:
    """The figures are the journal's, with their uncertainty; each event leads to its own view."""
    tab.show(f"night/{JUDGED}", "Night of")
    night = fake.nights[JUDGED]
    low, high = night.figures["interval"]
    assert f"{night.figures['index']} ({low} to {high})" in tab.text("main dl")
    events = tab.page.get_by_role("region", name="Events of this night").locator("tbody tr")
    assert events.count() == len(night.events)
    events.first.locator("a").click()
    tab.wait_for_heading(f"{night.events[0]['duration_s']:.0f} s")


def test_a_night_that_could_not_be_judged_says_why(fake: FakePage, tab: Tab) -> None:
    """No estimate is made up; the reason is told, and that it says nothing about the sleeper."""
    night = next(n.figures for n in fake.nights.values() if n.figures["index"] is None)
    tab.show(f"night/{night['night']}", "Night of")
    lead = tab.text(".lead")
    assert night["index_reason"] in lead
    assert "says nothing about the sleeper" in lead


def test_before_any_night_could_be_judged_no_average_is_made_up(fake: FakePage, tab: Tab) -> None:
    """One sentence says why; an empty chart would say nothing."""
    fake.nights = {
        name: night for name, night in fake.nights.items() if night.figures["index"] is None
    }
    tab.show("nights", "Nights")
    assert tab.text(".lead") == (
        "No average yet: none of the last 14 nights had 2 hours in which breathing could be heard."
    )
    assert tab.page.locator(".chart").count() == 0
    assert tab.page.locator("a.day").count() == len(fake.nights)


@pytest.mark.parametrize(
    ("heard", "told"), [(0.0, "\N{EN DASH}"), (0.9, "none heard")], ids=["deaf", "heard"]
)
def test_a_night_without_events_says_what_that_is_worth(
    fake: FakePage, tab: Tab, heard: float, told: str
) -> None:
    """None was heard, or none could be: in its figures and in the table of all nights."""
    night = fake.nights[JUDGED]
    fake.nights[JUDGED] = replace(night, events=(), heard=(heard,) * len(night.heard))
    tab.show(f"night/{JUDGED}", "Night of")
    for term in ("Events", "Longest pause"):
        row = tab.page.locator("main dt", has_text=re.compile(f"^{term}$"))
        assert row.locator("xpath=following-sibling::dd[1]").inner_text() == told, term
    tab.show("nights", "Nights")
    row = tab.page.locator("details tbody tr", has=tab.page.locator(f'a[href="#night/{JUDGED}"]'))
    assert row.locator("td").nth(1).text_content() == told
    cell = tab.page.locator(f'a.day[href="#night/{JUDGED}"]')
    assert f"; events: {told}; " in (cell.text_content() or "")


def test_one_is_no_plural_and_lost_sound_is_rounded(fake: FakePage, tab: Tab) -> None:
    """As in the PDF, which has 2 min for 118.8 s."""
    night = fake.nights[JUDGED]
    pause = next(event for event in night.events if event["type"] == "apnea")
    fake.nights[JUDGED] = replace(night, events=(pause,))
    tab.show(f"night/{JUDGED}", "Night of")
    assert tab.page.get_by_text("1: 1 pause, 0 of reduced breathing").is_visible()
    lost = tab.page.locator("main dl div", has_text="Sound lost").locator("dd")
    assert lost.inner_text() == "2 min"


@pytest.mark.parametrize("width", [320, 390])
def test_every_row_of_a_table_fits_a_phone(
    fake: FakePage, open_tab: Callable[..., Tab], width: int
) -> None:
    """Nothing is out of sight to one side, each cell bears its name, and a table it remains."""
    tab = open_tab(width)
    for view in (f"night/{JUDGED}", "nights", view_of("event", fake)):
        tab.show(view)
        tab.page.locator("summary").evaluate_all(OPEN)
        assert tab.page.locator(".wide").count() > 0
        over = tab.page.locator(".wide").evaluate_all(
            "(all) => all.map((each) => each.scrollWidth - each.clientWidth)"
        )
        assert set(over) == {0}, view
    tab.show(f"night/{JUDGED}")
    row = tab.page.get_by_role("table", name="Events of this night").get_by_role("row").nth(1)
    notes = row.get_by_role("cell").last
    name = notes.evaluate("(cell) => getComputedStyle(cell, '::before').content")
    assert "Notes" in name
    box = notes.bounding_box()
    assert box is not None
    assert 0 <= box["x"] < box["x"] + box["width"] <= width


def test_a_night_can_be_taken_along(tab: Tab) -> None:
    """A click on PDF gives a file of that name."""
    tab.show(f"night/{JUDGED}", "Night of")
    with tab.page.expect_download() as download:
        tab.page.get_by_role("link", name="PDF").click()
    assert download.value.suggested_filename == f"night-{JUDGED}.pdf"


def test_an_event_has_neighbours(fake: FakePage, tab: Tab) -> None:
    """From one event the next is one click away, over the end of the night too."""
    last, first = list(fake.nights.values())[1].events[-1], fake.tonight.events[0]
    tab.show(f"event/{last['id']}")
    tab.page.get_by_role("link", name="Later").click()
    tab.page.wait_for_url(f"**/#event/{first['id']}")
    tab.wait_for_heading(f"{first['duration_s']:.0f} s")
    before, during = (float(words.split()[0]) for words in COURSE.findall(tab.text("main")))
    assert before > during + 2  # lost seconds do not count as loud ones


def test_an_event_without_its_course_says_why_it_may_lack(fake: FakePage, tab: Tab) -> None:
    """Mostly it was forgotten; it may not be made yet, or have been lost."""
    fake.has_courses = False
    tab.show(view_of("event", fake))
    told = tab.text("main")
    for reason in ("a minute after", "the daemon ended", "the disk", "after 30 nights"):
        assert reason in told, reason
    assert tab.page.locator("figure").count() == 0


def test_what_is_not_there_gets_the_servers_sentence(tab: Tab) -> None:
    """A night that the journal has not is no empty page."""
    tab.show("night/1999-01-01", "Not shown")
    assert "The journal has no night 1999-01-01." in tab.text("main")
    tab.show("night/%E0%A4%A", "Not shown")
    assert "The journal has no night %E0%A4%A." in tab.text("main")


def test_health_shows_what_is_wrong_first(tab: Tab) -> None:
    """The first finding is the wrong one, with its remedy."""
    tab.show("health", "Health")
    first = tab.page.locator(".findings li").first.inner_text()
    assert first.startswith("wrong broker")
    assert "sudo systemctl start mosquitto" in first


def test_pages_of_others_are_linked_where_they_are(fake: FakePage, tab: Tab) -> None:
    """The phone as the microphone is offered only where the session says so."""
    tab.show("nights", "Nights")
    assert tab.page.locator('a[href="./phone/"]').count() == 0
    fake.links = {"phone": True, "try": True}
    tab.show("nights", "Nights")
    assert tab.page.locator('a[href="./phone/"]').count() == 1
    assert tab.page.locator('a[href="./try/"]').inner_text() == "Try it here"


def test_no_link_is_replaced_under_a_finger(fake: FakePage, tab: Tab) -> None:
    """The session is asked for at each connection: what is the same stays, with its focus."""
    fake.links = {"try": True}
    watched(tab, fake)
    link = tab.page.get_by_role("link", name="Try it here")
    link.focus()
    tab.page.evaluate(
        """() => {
          window.changes = 0;
          const count = () => (window.changes += 1);
          new MutationObserver(count).observe(document.getElementById("more"), { childList: true });
        }"""
    )
    with tab.page.expect_response("**/api/session"):
        fake.cut()
    assert link.evaluate("(link) => link === document.activeElement")
    fake.links = {"try": True, "phone": True}
    with tab.page.expect_response("**/api/session"):
        fake.cut()
    tab.page.get_by_role("link", name="This phone as the microphone").wait_for()
    assert tab.page.evaluate("() => window.changes") == 1


def test_light_is_a_choice_that_stays(fake: FakePage, tab: Tab) -> None:
    """It is dark whatever the browser prefers; once switched here, light after a reload too."""
    tab.page.emulate_media(color_scheme="light")
    watched(tab, fake)
    ground = "getComputedStyle(document.body).backgroundColor"
    dark = tab.page.evaluate(ground)
    assert max(map(int, dark.removeprefix("rgb(").rstrip(")").split(","))) < 16
    tab.page.get_by_role("button", name="Light colours").click()
    tab.show("tonight")
    assert tab.page.evaluate(ground) != dark
