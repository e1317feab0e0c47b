"""A tab of a browser that writes down what goes wrong in it."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from playwright.sync_api import Browser, BrowserContext, Page, Response

from tests.web.fake_page import FakePage

DEADLINE_S = 30.0
EXPECTED = "Failed to load resource"  # the browser's own line on an answer that is no success


@dataclass
class Tab:
    """A page in a context of its own. `complaints`: errors, and requests to anybody else."""

    context: BrowserContext
    page: Page
    address: str
    complaints: list[str] = field(default_factory=list)
    responses: list[Response] = field(default_factory=list)

    @classmethod
    def open(cls, browser: Browser, address: str, width: int, height: int) -> "Tab":
        """Open a tab with nothing in it yet."""
        context = browser.new_context(
            viewport={"width": width, "height": height},
            timezone_id="Europe/Berlin",
            has_touch=width < 600,
        )
        tab = cls(context, context.new_page(), address)
        tab.page.on("console", lambda line: tab._heard(line.type, line.text))
        tab.page.on("pageerror", lambda error: tab.complaints.append(str(error)))
        tab.page.on("request", lambda request: tab._asked(request.url))
        # a method of a list cannot bear the mark that playwright puts on listeners
        tab.page.on("response", lambda answer: tab.responses.append(answer))  # noqa: PLW0108
        return tab

    def show(self, view: str, heading: str | None = None) -> "Tab":
        """Open a view and wait for it."""
        self.page.goto("about:blank")
        self.page.goto(f"{self.address}#{view}")
        self.wait_for_heading(heading or "")
        return self

    def wait_for_heading(self, text: str) -> None:
        """Wait until the view's heading holds `text`."""
        self.page.locator("main h1", has_text=text).wait_for(timeout=DEADLINE_S * 1000)

    def wait_for(self, expression: str, argument: object = None) -> None:
        """Wait until it holds in the page; asked from outside, where the page's own policy ends."""
        wait_until(lambda: bool(self.page.evaluate(expression, argument)), expression)

    def text(self, selector: str) -> str:
        """Return what stands there."""
        return self.page.locator(selector).inner_text()

    def close(self) -> None:
        """Close it."""
        self.context.close()

    def _heard(self, kind: str, text: str) -> None:
        if kind in {"error", "warning"} and not text.startswith(EXPECTED):
            self.complaints.append(text)

    def _asked(self, url: str) -> None:
        if not url.startswith((self.address, "about:", "blob:")):
            self.complaints.append(f"asked {url}")


def wait_until(holds: Callable[[], bool], what: str) -> None:
    """Wait for a condition outside the browser."""
    deadline = time.monotonic() + DEADLINE_S
    while not holds():
        assert time.monotonic() < deadline, what
        time.sleep(0.02)


def watched(tab: Tab, fake: FakePage) -> Tab:
    """Return the tab in the view *tonight*, with a second of calm breathing told."""
    tab.show("tonight")
    wait_until(lambda: fake.viewers == 1, "nobody reads the stream")
    fake.sound()
    tab.wait_for_heading("Breathing can be heard")
    return tab
