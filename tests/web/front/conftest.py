"""A real Chromium in front of the page, with made-up nights behind it."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.web.fake_page import FakePage, served
from tests.web.front.tab import Tab

CHROMIUM = Path("/usr/bin/chromium")


# no longer than a module: while Playwright runs, no other test can start it, or a loop of asyncio
@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """Debian's Chromium; without it there is nothing to see."""
    if not CHROMIUM.exists():
        pytest.skip("there is no /usr/bin/chromium: `apt install chromium` brings it")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def fake() -> FakePage:
    """A daemon's page that nobody serves yet."""
    return FakePage()


@pytest.fixture
def address(fake: FakePage) -> Iterator[str]:
    """Where `fake` is served."""
    with served(fake) as address:
        yield address


@pytest.fixture
def open_tab(chromium: Browser, address: str) -> Iterator[Callable[..., Tab]]:
    """Opens tabs, phones unless a size is given; at the end none may have complained."""
    opened: list[Tab] = []

    def open_one(width: int = 390, height: int = 844) -> Tab:
        opened.append(Tab.open(chromium, address, width, height))
        return opened[-1]

    yield open_one
    for tab in opened:
        tab.close()
    complaints = [complaint for tab in opened for complaint in tab.complaints]
    assert not complaints


@pytest.fixture
def tab(open_tab: Callable[..., Tab]) -> Tab:
    """A phone."""
    return open_tab()
