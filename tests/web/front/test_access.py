"""Whoever uses a keyboard, a screen reader or fingers alone gets everything."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.web.fake_nights import NOW
from tests.web.fake_page import FakePage
from tests.web.fake_states import raised
from tests.web.front.tab import Tab, watched

pytestmark = pytest.mark.browser

AXE = (Path(__file__).resolve().parents[1] / "vendor/axe.min.js").read_text("utf-8")
RUN = """async () => (await axe.run({ resultTypes: ["violations"] })).violations.map(
  (found) => [found.impact, found.id, found.nodes.map((node) => node.html)])"""
SETTLED = "!document.getAnimations().some((each) => each instanceof CSSTransition)"
NIGHT = "night/2026-11-26"
VIEWS = ("tonight", "nights", NIGHT, "event", "settings", "health")


def serious_problems(tab: Tab) -> list[object]:
    """What axe-core finds serious or critical in what is seen once no colour is on its way."""
    tab.wait_for(SETTLED)
    tab.page.evaluate(AXE)
    return [found for found in tab.page.evaluate(RUN) if found[0] in {"serious", "critical"}]


@pytest.mark.parametrize("width", [390, 1280])
def test_axe_finds_no_serious_problem(
    width: int, fake: FakePage, open_tab: Callable[..., Tab]
) -> None:
    """In no view, by night and by day, on a phone and on a desk, with a pause and an alert too."""
    tab = watched(open_tab(width), fake)
    assert serious_problems(tab) == []
    fake.state("apnea", "ON")
    fake.state("alert", raised(NOW))
    tab.wait_for_heading("Breathing pause")
    assert serious_problems(tab) == []
    for view in VIEWS:
        tab.show(f"event/{fake.tonight.events[0]['id']}" if view == "event" else view)
        tab.page.locator("summary").evaluate_all(
            "(all) => all.forEach((each) => { each.parentNode.open = true; })"
        )
        for colours in ("Light", "Dark"):
            assert serious_problems(tab) == [], (view, f"before {colours}")
            tab.page.get_by_role("button", name=f"{colours} colours").click()
    for page in ("login", "phone/", "try/"):
        tab.page.goto(f"{tab.address}{page}")
        assert serious_problems(tab) == [], page


def test_axe_is_able_to_complain(tab: Tab) -> None:
    """A button without a name is found."""
    tab.show("health", "Health")
    tab.page.evaluate("document.querySelector('main').append(document.createElement('button'))")
    assert "button-name" in str(serious_problems(tab))


def test_the_keyboard_alone_reaches_everything(tab: Tab) -> None:
    """From the top over the views into a night, with the heading in focus after each step."""
    tab.show("tonight")
    keys = tab.page.keyboard
    keys.press("Tab")
    assert focused(tab) == "To the content"
    keys.press("Tab")
    keys.press("Tab")
    assert focused(tab) == "Nights"
    keys.press("Enter")
    tab.wait_for_heading("Nights")
    tab.wait_for("document.activeElement.tagName === 'H1'")
    keys.press("Tab")
    tab.wait_for("document.activeElement.matches('a.day')")
    keys.press("Enter")
    tab.wait_for_heading("Night of")


def test_a_night_is_drawn_apart_by_keys_buttons_and_fingers(tab: Tab) -> None:
    """All pictures of the night show the same part of it."""
    tab.show(NIGHT, "Night of")
    chart = tab.page.locator(".chart").first
    chart.locator("canvas").wait_for()
    whole = picture(tab)
    chart.focus()
    tab.page.keyboard.press("+")
    closer = picture(tab)
    assert all(one != other for one, other in zip(whole, closer, strict=True))
    tab.page.keyboard.press("0")
    assert picture(tab) == whole
    tab.page.get_by_role("button", name="Show less of the night").click()
    assert picture(tab) == closer
    tab.page.get_by_role("button", name="All of the night").click()
    chart.evaluate(PINCH)
    assert picture(tab) != whole


PINCH = """(chart) => {
  const send = (type, id, x) => chart.dispatchEvent(
    new PointerEvent(type, { pointerId: id, pointerType: "touch", clientX: x, bubbles: true }));
  send("pointerdown", 1, 150);
  send("pointerdown", 2, 200);
  send("pointermove", 2, 300);
}"""


def focused(tab: Tab) -> str:
    """The words of what has the focus."""
    return str(tab.page.evaluate("document.activeElement.textContent"))


def picture(tab: Tab) -> list[str]:
    """What is drawn in each chart, once it has been."""
    tab.page.evaluate(
        "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
    )
    return list(
        tab.page.locator("canvas").evaluate_all("(all) => all.map((each) => each.toDataURL())")
    )
