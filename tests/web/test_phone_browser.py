"""The phone's page in a real Chromium, whose microphone plays a file in real time."""

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
import soxr

from osa_daemon.audio.block import Block
from osa_daemon.audio.file import FileSource
from osa_daemon.audio.source import Source, SourceHealth, SourceState
from osa_daemon.scoring.event import Event
from osa_daemon.service.chain import Chain
from osa_daemon.service.models import load_models
from osa_daemon.service.replay import replay
from osa_daemon.service.rules import scoring_settings
from osa_daemon.settings.model import Settings
from tests.web.phone_page import Listening, PhonePage
from tests.web.tcp_wire import TcpWire

sync_api = pytest.importorskip("playwright.sync_api")
CHROMIUM = Path("/usr/bin/chromium")
VECTORS = Path(__file__).with_name("phone_vectors.json").read_text(encoding="utf-8")
PART_S = (25, 53)  # of the bundled short night: breath, an apnea, breath
NEAR_THRESHOLD = 0.05
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


class Blocks:
    """Blocks that were heard, as a source."""

    def __init__(self, blocks: list[Block]) -> None:
        self._blocks = iter(blocks)

    def read(self, timeout_s: float) -> Block | None:
        """The next block."""
        return next(self._blocks, None)

    def health(self) -> SourceHealth:
        """Always fine."""
        return SourceHealth(SourceState.RUNNING, "Noted blocks.")

    def close(self) -> None:
        """Nothing to release."""


class Browser:
    """A Chromium whose microphone plays `sound`, and what went wrong on its pages."""

    def __init__(self, sound: Path, *, is_repeated: bool) -> None:
        self.complaints: list[str] = []
        self._playwright = sync_api.sync_playwright().start()
        self._browser = self._playwright.chromium.launch(
            executable_path=str(CHROMIUM),
            args=[
                "--no-sandbox",
                "--use-fake-device-for-media-stream",
                "--use-fake-ui-for-media-stream",
                f"--use-file-for-fake-audio-capture={sound}{'' if is_repeated else '%noloop'}",
            ],
        )

    def open(self, port: int, script: str = "") -> Any:
        """Open the phone's page in a profile of its own, after `script` has run in it."""
        page = self._browser.new_context().new_page()
        page.add_init_script(script)
        page.on("console", lambda message: self._complain(message.type, message.text))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("request", lambda request: self._look_at(request.url, port))
        page.goto(f"http://127.0.0.1:{port}/phone/")
        return page

    def close(self) -> None:
        """End it."""
        self._browser.close()
        self._playwright.stop()

    def _complain(self, kind: str, text: str) -> None:
        is_network = "WebSocket connection" in text or "net::ERR_" in text
        if kind in {"error", "warning"} and not is_network:
            self.complaints.append(text)

    def _look_at(self, url: str, port: int) -> None:
        if not url.startswith(f"http://127.0.0.1:{port}/"):
            self.complaints.append(f"It asks for {url}")


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
def browse() -> Iterator[Callable[..., Browser]]:
    """Makes browsers, and ends them."""
    made: list[Browser] = []

    def make(sound: Path, *, is_repeated: bool = False) -> Browser:
        made.append(Browser(sound, is_repeated=is_repeated))
        return made[-1]

    yield make
    for browser in made:
        browser.close()


def wait_for_text(page: Any, selector: str, part: str, within_s: float = 20) -> None:
    """Wait until a part of the page says something."""
    page.locator(selector, has_text=part).first.wait_for(state="attached", timeout=1000 * within_s)


def events_of(source: Source) -> list[Event]:
    """What the chain makes of a source, its end included."""
    models = load_models()
    rules = scoring_settings(Settings(), models.detector().metadata)
    chain = Chain(models, rules, lambda onset_s: f"{onset_s:.1f}")
    return [event for outcome in replay(source, chain) for event in outcome.events]


def test_a_night_through_a_phone(
    page: PhonePage,
    listening: Listening,
    browse: Callable[..., Browser],
    data: Path,
    tmp_path: Path,
) -> None:
    """What the page sends is the file: nothing is lost, and the chain decides the same events."""
    sound, rate_hz = soundfile.read(data / "short.ogg", dtype="float32")
    part = sound[PART_S[0] * rate_hz : PART_S[1] * rate_hz]
    played, plain = tmp_path / "part.wav", tmp_path / "part.flac"
    soundfile.write(played, soxr.resample(part, rate_hz, 48_000), 48_000, subtype="PCM_16")
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
    compare(events_of(Blocks(heard)), events_of(FileSource(plain)))


def compare(live: list[Event], filed: list[Event]) -> None:
    """Same types, onsets within 1 s after the common shift, save events near the threshold."""
    assert filed
    shift_s = next(
        live_event.onset_s - filed_event.onset_s
        for live_event, filed_event in zip(live, filed, strict=False)
    )
    threshold = load_models().detector().metadata.thresholds["balanced"]["event"]

    def lone(events: list[Event], others: list[Event], shift_s: float) -> list[Event]:
        return [
            event
            for event in events
            if not any(
                other.type == event.type and abs(other.onset_s - event.onset_s - shift_s) <= 1
                for other in others
            )
        ]

    left = lone(filed, live, shift_s) + lone(live, filed, -shift_s)
    assert all(abs(event.confidence - threshold) <= NEAR_THRESHOLD for event in left), left


@pytest.fixture
def room(tmp_path: Path) -> Path:
    """The sound of a quiet room."""
    path = tmp_path / "room.wav"
    noise = np.random.default_rng(5).normal(0, 0.01, 20 * 48_000)
    soundfile.write(path, noise, 48_000, subtype="PCM_16")
    return path


def test_what_a_phones_system_does(
    page: PhonePage, listening: Listening, browse: Callable[..., Browser], room: Path
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


def test_what_happens_to_phones(
    page: PhonePage, listening: Listening, browse: Callable[..., Browser], room: Path
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
