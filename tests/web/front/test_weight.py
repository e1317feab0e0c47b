"""The page is light, and does not grow over a night."""

import pytest

from tests.web.fake_page import FakePage
from tests.web.front.tab import Tab, watched

pytestmark = pytest.mark.browser

MOST_BYTES = 300_000
NIGHT_S = 8 * 3600
MOST_GROWTH_BYTES = 2_000_000


def test_each_view_weighs_at_most_300_kb(fake: FakePage, tab: Tab) -> None:
    """All that is loaded to see it for the first time, the endless stream aside."""
    night = f"night/{fake.tonight.night}"
    for view in ("tonight", "nights", night, "settings", "health"):
        tab.responses.clear()
        tab.show(view)
        tab.page.wait_for_load_state("load")
        loaded = {r.url: r for r in tab.responses if r.ok and not r.url.endswith("/api/live")}
        assert any(url.endswith("page.js") for url in loaded)
        weight = sum(len(response.body()) for response in loaded.values())
        print(f"{view}: {weight} bytes")
        assert weight <= MOST_BYTES, view


def test_a_night_of_sound_leaves_the_page_as_small_as_it_was(fake: FakePage, tab: Tab) -> None:
    """Eight hours, a line a second, with a pause in each minute."""
    watched(tab, fake)
    fake.sounds(600)
    before = size(tab, fake)
    fake.sounds(NIGHT_S)
    after = size(tab, fake)
    print(f"grown by {after['heap'] - before['heap']:.0f} bytes of {before['heap']:.0f}")
    assert after["nodes"] <= before["nodes"] + 20
    assert after["heap"] - before["heap"] < MOST_GROWTH_BYTES


def size(tab: Tab, fake: FakePage) -> dict[str, float]:
    """Elements, and bytes of memory after everything unused was thrown away."""
    fake.sound()
    told = f"s of {fake.second}"
    fake.state("problem/storage", {"v": 1, "state": "ON", "text": told})
    tab.page.get_by_text(told).wait_for()  # all that was sent before has been read
    session = tab.context.new_cdp_session(tab.page)
    session.send("HeapProfiler.collectGarbage")
    heap = session.send("Runtime.getHeapUsage")["usedSize"]
    nodes = tab.page.evaluate("document.querySelectorAll('*').length")
    session.detach()
    return {"heap": heap, "nodes": nodes}
