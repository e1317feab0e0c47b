"""Signing in and out."""

import pytest

from tests.web.fake_page import FakePage
from tests.web.front.tab import Tab

pytestmark = pytest.mark.browser


def test_a_page_with_a_password_asks_for_it(fake: FakePage, tab: Tab) -> None:
    """A wrong one gets its sentence; the right one leads to where it was wanted; out is out."""
    fake.password = "a long night"
    tab.page.goto(f"{tab.address}#health")
    tab.wait_for_heading("Sign in")
    password = tab.page.get_by_label("Password of this page")
    password.fill("guess")
    password.press("Enter")
    tab.page.locator("#problem", has_text="This is not the password.").wait_for()
    password.fill("a long night")
    password.press("Enter")
    tab.wait_for_heading("Health")
    tab.page.get_by_role("button", name="Sign out").click()
    tab.wait_for_heading("Sign in")


def test_nothing_can_be_sent_before_the_page_listens(fake: FakePage, tab: Tab) -> None:
    """A browser alone would put the password into the address, where a history keeps it."""
    fake.password = "a long night"
    tab.page.route("**/login.js", lambda route: route.abort())
    tab.page.goto(f"{tab.address}login")
    assert tab.page.get_by_label("Password of this page").is_disabled()
    assert tab.page.get_by_role("button", name="Sign in").is_disabled()
    tab.page.unroute("**/login.js")
    tab.page.reload()
    tab.wait_for("!document.getElementById('password').disabled")


def test_a_session_that_ends_leads_to_the_sign_in(fake: FakePage, tab: Tab) -> None:
    """Where the server asks for the password in the middle of the night, so does the page."""
    tab.show("nights", "Nights")
    fake.password = "a long night"
    fake.cut()
    tab.wait_for_heading("Sign in")
    assert tab.page.url.endswith("login#nights")


@pytest.mark.parametrize(
    ("wanted", "leads_to"),
    [
        ("phone", "phone/"),
        ("try", "try/"),
        ("", ""),
        ("toString", ""),
        ("//example.org/", ""),
        ("https://example.org/", ""),
    ],
)
def test_signing_in_leads_back_to_where_it_was_wanted(
    fake: FakePage, tab: Tab, wanted: str, leads_to: str
) -> None:
    """To one of the page's own parts, and nowhere else, whatever the link says."""
    fake.password = "a long night"
    tab.page.goto(f"{tab.address}login?from={wanted}")
    password = tab.page.get_by_label("Password of this page")
    password.fill("a long night")
    with tab.page.expect_navigation(url=f"{tab.address}{leads_to}", wait_until="commit"):
        password.press("Enter")
    assert tab.page.url.partition("#")[0] == f"{tab.address}{leads_to}"
