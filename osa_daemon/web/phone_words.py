"""What the page's child says of a phone: its name, and why it stopped, in a sentence each."""

import re
from typing import Final

from osa_daemon.web.phone_wire import Note

_KINDS: Final = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android device"),
    ("CrOS", "Chromebook"),
    ("Macintosh", "Mac or iPad"),  # an iPad that asks for pages as on a desktop
    ("Windows", "Windows computer"),
    ("Linux", "Linux computer"),
)
# the first that fits; most browsers name those that they are made from, too
_BROWSERS: Final = (
    ("Edge", re.compile(r"\bEdgi?A?(?:OS)?/(\d{1,4})")),
    ("Samsung Internet", re.compile(r"\bSamsungBrowser/(\d{1,4})")),
    ("Firefox", re.compile(r"\b(?:Firefox|FxiOS)/(\d{1,4})")),
    ("Chrome", re.compile(r"\b(?:Chrome|CriOS)/(\d{1,4})")),
    ("Safari", re.compile(r"\bVersion/(\d{1,4})[\d.]* .*Safari/")),
)
LOW: Final = 0.05  # of a battery

STOPPED: Final = {
    "by_hand": "Stop was pressed on it; press Start there to go on.",
    "hidden": "its tab was hidden or its screen went off: open the page on it again.",
    "muted": "its microphone was taken, by a call or another app: end that, then open the page "
    "on it again.",
    "ended": "its browser took the microphone away: press Start on it again.",
    "refused": "its browser may not use the microphone: allow it in the browser's settings for "
    "this page, then press Start.",
    "interrupted": "its system interrupted the sound, as it does for a call: open the page on it "
    "again.",
    "silent": "its browser gives no sound any more: reload the page on it and press Start.",
}
_ON_ITS_WAY: Final = (
    "its page no longer answers: see whether it is on, in the Wi-Fi, and has the page open."
)
_CLOSED: Final = "its page was closed: open it again and press Start."
_LEFT: Final = 1001  # the browser's word for a page that is closed or left (RFC 6455, 7.4.1)
_SHUT: Final = 1000

NOT_SIGNED_IN: Final = "This page is not signed in, or no longer: sign in, then press Start again."
REPLACED: Final = (
    "Another phone took this one's place, because nothing was heard of it: press Start to take it "
    "back once that one has stopped."
)
_SETTINGS: Final = {
    "echoCancellation": "echo cancellation",
    "noiseSuppression": "noise suppression",
    "autoGainControl": "automatic gain",
}


def name_of(user_agent: str) -> str:
    """Return what a browser says that it is, as a person would: `iPhone, Safari 18`.

    Nothing of what was sent is passed on, save a number.
    """
    kind = next((name for mark, name in _KINDS if mark in user_agent), "device")
    for browser, pattern in _BROWSERS:
        found = pattern.search(user_agent[:400])
        if found:
            return f"{kind}, {browser} {found[1]}"
    return kind


def nobody(page_url: str) -> str:
    """Return what to do where no phone is connected."""
    return f"No phone is connected: open {page_url} on it and press Start."


def hears(name: str, ignored: tuple[str, ...]) -> str:
    """Return that sound comes, and what its browser does to it against our wish."""
    if not ignored:
        return f"Hearing through a phone ({name})."
    on = " and ".join(_SETTINGS[each] for each in ignored)
    return (
        f"Hearing through a phone ({name}), whose browser leaves {on} on: quiet breath may be "
        "lost; another browser on it may do better."
    )


def stopped(note: Note | None, close_code: int | None = None) -> str:
    """Return why the phone is no microphone any more.

    `note` is the last that it told of itself, `close_code` how its connection ended, None where
    it did not, or without a word.
    """
    if note is not None and note.stopped is not None:
        return f"The phone stopped: {STOPPED[note.stopped]}"
    if note is not None and note.battery is not None and not note.charging and note.battery <= LOW:
        return (
            f"The phone stopped: its battery was at {100 * note.battery:.0f} % and not charging: "
            "keep it on its charger."
        )
    if note is not None and note.hidden:
        return f"The phone stopped: {STOPPED['hidden']}"
    return f"The phone stopped: {_CLOSED if close_code in (_SHUT, _LEFT) else _ON_ITS_WAY}"


def taken(name: str) -> str:
    """Return why another phone is refused."""
    return f"Another phone is the microphone already ({name}): press Stop on it first."


def other_refused(name: str) -> str:
    """Return what the phone that is connected is told of another."""
    return f"Another phone ({name}) wanted to be the microphone, and was refused."
