"""The phone's page in a real Chromium, whose microphone plays a file in real time."""

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile

from osa_daemon.audio.file import FileSource
from osa_daemon.audio.source import SourceState
from tests.same_events import Noted, compare_with_file, events_of
from tests.web.page import ServedPage
from tests.web.phone_browser import CHROMIUM, PhoneBrowser, wait_for_text, write_played
from tests.web.phone_page import Listening, PhonePage
from tests.web.tcp_wire import TcpWire

VECTORS = Path(__file__).with_name("phone_vectors.json").read_text(encoding="utf-8")
PART_S = (25, 53)  # of the bundled short night: breath, an apnea, breath
ENCODE = """async (vectors) => {
    const { encodeFrame } = await import("/static/phone/wire.js");
    return vectors.map(({ sequence, start, clock_s, samples }) => {
        const frame = encodeFrame(sequence, start, clock_s, Float32Array.from(samples));
        return Array.from(new Uint8Array(frame), (b) => b.toString(16).padStart(2, "0")).join("");
    });
}"""
SLEEP = """async () => {
    const { Clock } = await import("/static/phone/wire.js");
    let steady = 100, wall = 5000;
    const clock = new Clock(() => steady, () => wall);
    const found = [clock.now()];
    for (const [awake, gone] of [[1000, 1000], [0, 7000], [1000, 1000], [10, -3600000]]) {
        steady += awake;
        wall += gone;
        found.push(clock.now());
    }
    return found;
}"""
# what a phone's system does to a page: `system` hides it, halts its sound, takes the microphone
SYSTEM = """
    const context = AudioContext, media = navigator.mediaDevices;
    const open = media.getUserMedia.bind(media);
    window.system = { hidden: false, allowed: true };
    window.AudioContext = function (...options) {
        return (system.context = new context(...options));
    };
    media.getUserMedia = async (wishes) => {
        if (!system.allowed) throw new DOMException("no", "NotAllowedError");
        return (system.stream = await open(wishes));
    };
    Object.defineProperty(document, "hidden", { get: () => system.hidden });
"""

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not CHROMIUM.exists(), reason="Debian's chromium is not installed"),
]


@pytest.fixture
def page() -> Iterator[PhonePage]:
    """The page's server."""
    made = PhonePage()
    yield made
    made.close()


@pytest.fixture
def listening(page: PhonePage) -> Iterator[Listening]:
    """A source that is read."""
    made = Listening(page.link)
    yield made
    made.close()


@pytest.fixture
def browse() -> Iterator[Callable[..., PhoneBrowser]]:
    """Makes browsers, and ends them."""
    made: list[PhoneBrowser] = []

    def make(sound: Path, *, is_repeated: bool = False) -> PhoneBrowser:
        made.append(PhoneBrowser(sound, is_repeated=is_repeated))
        return made[-1]

    yield make
    for browser in made:
        browser.close()


def test_a_night_through_a_phone(
    page: PhonePage,
    listening: Listening,
    browse: Callable[..., PhoneBrowser],
    data: Path,
    tmp_path: Path,
) -> None:
    """What the page sends is the file: nothing is lost, and the chain decides the same events."""
    sound, rate_hz = soundfile.read(data / "short.ogg", dtype="float32")
    part = sound[PART_S[0] * rate_hz : PART_S[1] * rate_hz]
    played, plain = tmp_path / "part.wav", tmp_path / "part.flac"
    write_played(played, part, rate_hz)
    soundfile.write(plain, part, rate_hz)
    browser = browse(played)
    tab = browser.open(page.port)
    assert tab.evaluate(ENCODE, json.loads(VECTORS)) == [v["hex"] for v in json.loads(VECTORS)]
    assert tab.evaluate(SLEEP) == pytest.approx([0.1, 1.1, 8.1, 9.1, 9.11])
    tab.click("#start")
    wait_for_text(tab, "#state", "The daemon receives this phone's sound.")
    listening.wait_for(
        lambda: listening.heard_s > PART_S[1] - PART_S[0] - 1.5, "the night", within_s=90
    )
    heard = list(listening.blocks)
    assert listening.health.state is SourceState.RUNNING
    assert listening.gaps_s() == []
    assert browser.complaints == []
    filed = events_of(FileSource(plain))
    assert filed
    compare_with_file(events_of(Noted(heard)), filed, PART_S[1] - PART_S[0])


def test_start_waits_for_the_page(
    page: PhonePage, browse: Callable[..., PhoneBrowser], room: Path
) -> None:
    """Pressed before anything listens it would do nothing, and the night begin without a phone."""
    browser = browse(room, is_repeated=True)
    tab = browser.open(page.port)
    tab.route("**/phone.js", lambda route: route.abort())
    tab.reload()
    assert tab.locator("#start").is_disabled()
    assert tab.inner_text("#state") == "Loading …"
    tab.unroute("**/phone.js")
    tab.reload()
    tab.locator("#start:enabled").wait_for()
    assert tab.inner_text("#state") == "Not started."


@pytest.fixture
def room(tmp_path: Path) -> Path:
    """The sound of a quiet room."""
    path = tmp_path / "room.wav"
    noise = np.random.default_rng(5).normal(0, 0.01, 20 * 48_000)
    soundfile.write(path, noise, 48_000, subtype="PCM_16")
    return path


def test_what_a_phones_system_does(
    page: PhonePage, listening: Listening, browse: Callable[..., PhoneBrowser], room: Path
) -> None:
    """A hidden tab and a microphone that is taken: each its sentence; it comes back by itself."""
    browser = browse(room, is_repeated=True)
    tab = browser.open(page.port, SYSTEM)
    tab.click("#start")
    listening.wait_for(lambda: listening.heard_s > 0.5, "sound")
    tab.evaluate("system.hidden = true; system.context.suspend()")
    listening.wait_for(lambda: "its tab was hidden" in listening.health.text, "the reason")
    assert listening.health.state is SourceState.STALLED
    tab.evaluate("system.hidden = false; document.dispatchEvent(new Event('visibilitychange'))")
    listening.wait_for(lambda: listening.health.state is SourceState.RUNNING, "sound again")
    (gap_s,) = listening.gaps_s()
    assert 2 < gap_s < 30

    tab.evaluate("system.allowed = false; system.stream.getTracks()[0].stop()")
    listening.wait_for(lambda: "may not use the microphone" in listening.health.text, "the reason")
    wait_for_text(tab, "#state", "The browser may not use the microphone")
    assert browser.complaints == []


def test_a_daemon_with_another_microphone_says_what_to_set(
    serve: Callable[..., ServedPage], browse: Callable[..., PhoneBrowser], room: Path
) -> None:
    """It answers, and wants no phone: the page says so instead of trying for ever."""
    browser = browse(room, is_repeated=True)
    tab = browser.open(serve().port)
    tab.click("#start")
    wait_for_text(tab, "#state", "set microphone.device: phone in /etc/osa-daemon/config.yaml")
    assert tab.inner_text("#start") == "Start"
    assert not tab.locator("#sign-in a").is_visible()
    assert browser.complaints == []


def test_what_happens_to_phones(
    page: PhonePage, listening: Listening, browse: Callable[..., PhoneBrowser], room: Path
) -> None:
    """A second phone, a lost network and a closed tab: each its sentence, and honest gaps."""
    browser = browse(room, is_repeated=True)
    wire = TcpWire(page.port)
    try:
        tab = browser.open(wire.port)
        tab.click("#start")
        listening.wait_for(lambda: listening.heard_s > 1, "sound")

        second = browser.open(page.port)
        second.click("#start")
        wait_for_text(second, "#state", "Another phone is the microphone already")
        wait_for_text(tab, "#warnings li", "wanted to be the microphone, and was refused")
        second.click("#start")
        wait_for_text(second, "#state", "Not started.")

        wire.hold()
        listening.wait_for(lambda: "sends no sound" in listening.health.text, "the silence")
        wire.release()
        listening.wait_for(lambda: listening.health.state is SourceState.RUNNING, "sound again")
        assert listening.gaps_s() == []

        cut_s = time.monotonic()
        wire.cut()
        wait_for_text(tab, "#state", "The daemon does not answer")
        listening.wait_for(lambda: "no longer answers" in listening.health.text, "the loss")
        # more than the page keeps: no condition but time brings that about
        tab.wait_for_timeout(max(0, 12_000 - 1_000 * (time.monotonic() - cut_s)))
        wire.mend()
        listening.wait_for(listening.gaps_s, "sound after the loss")
        (gap_s,) = listening.gaps_s()
        assert 1 < gap_s < time.monotonic() - cut_s - 9  # the page keeps 10 s of its sound
        assert listening.health.lost_s == pytest.approx(gap_s, abs=1e-3)

        tab.close()
        listening.wait_for(lambda: "its page was closed" in listening.health.text, "the end")
        assert listening.health.state is SourceState.ABSENT

        page.is_open = False
        for page.is_gated, says in ((False, "This page is not"), (True, "Nobody is")):
            second.click("#start")
            wait_for_text(second, "#state", f"{says} signed in")
            assert second.locator("#sign-in a").is_visible()
        assert browser.complaints == []
    finally:
        wire.close()
