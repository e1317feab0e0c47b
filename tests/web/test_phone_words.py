"""What is said of a phone comes from our own words alone."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from osa_daemon.web.phone_wire import STOPS, Note
from osa_daemon.web.phone_words import STOPPED, hears, name_of, stopped

SAFARI = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like "
    "Gecko) Version/18.1 Mobile/15E148 Safari/604.1"
)
CHROME = (
    "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/156.0.0.0 Mobile Safari/537.36"
)


@pytest.mark.parametrize(
    ("user_agent", "name"),
    [
        (SAFARI, "iPhone, Safari 18"),
        (SAFARI.replace("Version/18.1", "CriOS/155.0"), "iPhone, Chrome 155"),
        (CHROME, "Android device, Chrome 156"),
        (CHROME + " EdgA/156.0", "Android device, Edge 156"),
        (
            CHROME.replace("Chrome", "SamsungBrowser/29.0 Chrome"),
            "Android device, Samsung Internet 29",
        ),
        (
            "Mozilla/5.0 (Android 14; Mobile; rv:140.0) Gecko/140.0 Firefox/140.0",
            "Android device, Firefox 140",
        ),
        ("curl/8", "device"),
        ("", "device"),
    ],
)
def test_a_browser_is_named_as_people_do(user_agent: str, name: str) -> None:
    """Kind of device and browser with its version."""
    assert name_of(user_agent) == name


@given(st.text(max_size=300))
def test_nothing_of_what_was_sent_is_passed_on(text: str) -> None:
    """A name has letters of ours and a number, whatever a client calls itself."""
    known = "iPhone iPad Android device Chromebook Mac or iPad Windows computer Linux computer Edge"
    known += " Samsung Internet Firefox Chrome Safari device"
    words = name_of("Chrome/12 " + text).replace(",", "").split()
    assert all(word in known or word.isdigit() for word in words)


def test_every_reason_has_its_sentence() -> None:
    """What a page may send as a reason is a sentence with a remedy."""
    assert set(STOPPED) == set(STOPS)
    for reason in STOPS:
        text = stopped(Note(reason, False, None, None))
        assert text.startswith("The phone stopped: ")
        assert text.endswith(".")


@pytest.mark.parametrize(
    ("note", "code", "says"),
    [
        (None, 1006, "no longer answers"),
        (None, None, "no longer answers"),
        (None, 1001, "its page was closed"),
        (Note(None, False, 0.04, False), 1006, "its battery was at 4 %"),
        (Note(None, False, 0.04, True), 1006, "no longer answers"),
        (Note(None, True, 0.9, True), 1006, "its tab was hidden"),
        (Note("muted", False, 0.01, False), 1006, "by a call or another app"),
    ],
)
def test_the_likeliest_reason_is_told(note: Note | None, code: int | None, says: str) -> None:
    """What the phone said weighs more than how its connection ended."""
    assert says in stopped(note, code)


def test_what_a_browser_left_on_is_told() -> None:
    """With what it may do."""
    text = hears("iPhone", ("noiseSuppression", "autoGainControl"))
    assert "leaves noise suppression and automatic gain on" in text
