"""The page of a real daemon in a real Chromium: nothing of either is replaced."""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
import soxr
from playwright.sync_api import TimeoutError as TookTooLong

from osa_daemon.web.try_page import RUNTIME, runtime_folder
from tests.daemon import DaemonProcess
from tests.mosquitto import Mosquitto, free_port
from tests.system.timed import Timed
from tests.web.try_site import Browser, browser

CHROMIUM = Path("/usr/bin/chromium")

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not CHROMIUM.exists(), reason="Debian's chromium is not installed"),
]

SPEED = 8  # times real time: the first pause comes when the browser is there
HEARD_BEFORE = 3  # events of the shorter recording
LATE_S = 1.0
LEAST_PAUSE_S = 8  # one is told after 10 s of it at the earliest, and dated back within 2 s
DEADLINE_S = 60.0
WATCH = """() => {
    const heading = document.querySelector("main h1");
    const seconds = document.querySelector("main .seconds");
    const note = () => noted(heading.textContent, seconds.textContent);
    for (const part of [heading, seconds]) {
        new MutationObserver(note).observe(part, { childList: true });
    }
    note();
}"""


@dataclass
class Room:
    """A daemon that hears the bundled night, its broker, and a browser that shows its page."""

    address: str
    opened: Browser
    told: Timed
    daemon: DaemonProcess

    def wait_for(
        self, holds: Callable[[], object], what: str, within_s: float = DEADLINE_S
    ) -> None:
        """Wait for a condition while the browser goes on."""
        until_s = time.monotonic() + within_s
        while not holds():
            assert time.monotonic() < until_s, f"{what} did not come: {self.daemon.log.read_text()}"
            self.opened.page.wait_for_timeout(20)

    def show(self, view: str, heading: str) -> None:
        """Load a view anew, and wait for it."""
        self.opened.page.goto("about:blank")
        self.opened.page.goto(f"{self.address}/#{view}")
        self.see("main h1", heading)

    def see(self, selector: str, text: str) -> None:
        """Wait until something says so."""
        page = self.opened.page
        try:
            page.locator(selector, has_text=text).first.wait_for(timeout=1000 * DEADLINE_S)
        except TookTooLong:
            pytest.fail(
                f"{page.url} does not say {text!r} but {page.inner_text('body')!r}; it complains "
                f"of {self.opened.complaints}, asked last for {self.opened.requests[-5:]}; the "
                f"daemon says: {self.daemon.log.read_text()[-2000:]}"
            )

    def check_quiet(self) -> None:
        """Nothing was complained of, nobody else was asked, and the daemon goes on."""
        assert self.opened.complaints == []
        own = (f"{self.address}/", "about:", f"blob:{self.address}/")
        assert [url for url in self.opened.requests if not url.startswith(own)] == []
        assert self.daemon.process.poll() is None, self.daemon.log.read_text()
        assert "Traceback" not in self.daemon.log.read_text()


@pytest.fixture
def serve(
    mosquitto: Mosquitto, start_daemon: Callable[..., DaemonProcess], tmp_path: Path
) -> Iterator[Callable[..., Room]]:
    """Starts a daemon with a page, and a browser with a microphone that plays a quiet room."""
    state = tmp_path / "state"
    sound = tmp_path / "room.wav"
    noise = np.random.default_rng(5).normal(0, 0.01, 20 * 48_000)
    soundfile.write(sound, noise, 48_000, subtype="PCM_16")
    told = Timed(mosquitto.port)
    with ExitStack() as ending:
        ending.callback(told.close)

        def start(*options: str, settings: str = "") -> Room:
            port = free_port()
            page = f"web:\n  enabled: true\n  port: {port}\n"
            settings += f"journal:\n  state_dir: {state}\n{page}"
            daemon = start_daemon(mosquitto.port, *options, settings=settings)
            daemon.wait_for_log("The page is served at", DEADLINE_S)
            opened = ending.enter_context(
                browser(
                    "--use-fake-device-for-media-stream",
                    "--use-fake-ui-for-media-stream",
                    f"--use-file-for-fake-audio-capture={sound}",
                )
            )
            return Room(f"http://127.0.0.1:{port}", opened, told, daemon)

        yield start


@pytest.fixture
def room(
    mosquitto: Mosquitto,
    start_daemon: Callable[..., DaemonProcess],
    serve: Callable[..., Room],
    data: Path,
    tmp_path: Path,
) -> Room:
    """A daemon that hears the bundled night, and has heard one before."""
    # to its end: the figures of a night are written every five minutes, and then
    before = start_daemon(
        mosquitto.port,
        "--source",
        f"file:{data / 'short.ogg'}",
        "--speed",
        "40",
        settings=f"journal:\n  state_dir: {tmp_path / 'state'}\n",
    )
    assert before.wait() == 0, before.log.read_text()
    return serve("--source", f"file:{data / 'night.ogg'}", "--speed", str(SPEED))


def test_what_the_daemon_knows_is_on_the_page(room: Room) -> None:
    """Each view shows it, in time, and what is changed on the page is changed in the daemon."""
    check_pauses(room, 2)
    check_setting(room)
    check_nights(room)
    room.show("health", "Health")
    room.see(".findings li", "ok broker")
    room.see(".findings li", f"it is served at {room.address}/")
    room.check_quiet()


@pytest.mark.slow
def test_a_pause_at_the_microphone_is_on_the_page(
    sound_server: Any, serve: Callable[..., Room], data: Path
) -> None:
    """In real time through PortAudio: a viewer learns of a pause when the broker does."""
    sound, rate_hz = soundfile.read(data / "short.ogg", dtype="float32")
    # the room sounds before anybody listens
    sound_server.play(soxr.resample(sound, rate_hz, sound_server.rate_hz))
    room = serve(settings=f"microphone:\n  device: name:{sound_server.device}\n")
    check_pauses(room, 1, within_s=len(sound) / rate_hz)
    room.check_quiet()


def check_pauses(room: Room, count: int, within_s: float = DEADLINE_S) -> None:
    """A pause is on the page within 1 s of its MQTT message."""
    noted: list[tuple[float, str, str]] = []
    page = room.opened.page
    page.expose_function("noted", lambda *told: noted.append((time.monotonic(), *told)))
    room.show("tonight", "")
    page.evaluate(WATCH)
    began_s = time.monotonic()

    def told() -> list[float]:
        return [at_s for at_s in room.told.times_of("apnea", "ON") if at_s > began_s]

    room.wait_for(lambda: len(told()) >= count, f"{count} pauses", within_s)
    page.wait_for_timeout(1000 * LATE_S)
    turns = [(at_s, text) for (_, before, _), (at_s, text, _) in pairwise(noted) if text != before]
    shown = [at_s for at_s, text in turns if text == "Breathing pause"]
    assert shown, noted
    # the seconds of a pause come once a second, so that it may be told before them
    counted = [seconds for _, text, seconds in noted if text == "Breathing pause" and seconds]
    assert counted, noted
    assert all(int(text.removesuffix(" s")) >= LEAST_PAUSE_S for text in counted), counted
    delays_s = [min((at_s - told_s for at_s in shown), key=abs) for told_s in told()]
    print("the page shows a pause after its message by", [f"{s:.3f} s" for s in delays_s])
    assert max(map(abs, delays_s)) < LATE_S


def check_setting(room: Room) -> None:
    """A change goes to the daemon and the broker, and shows as one; so does its reset."""
    room.show("settings", "Settings")
    setting = room.opened.page.get_by_role("region", name="alerts.after_s")

    def told() -> Any:
        return json.loads(room.told.last("/settings") or "{}")

    assert setting.locator("input").input_value() == "30"
    setting.locator("input").fill("40")
    setting.get_by_role("button", name="Save").click()
    setting.get_by_text("Changed here or in Home Assistant").wait_for()
    room.wait_for(lambda: told().get("alert_after_s") == 40, "the change")
    room.show("settings", "Settings")
    assert setting.locator("input").input_value() == "40"
    setting.get_by_role("button", name="Reset").click()
    setting.get_by_text("The default. Allowed").wait_for()
    room.wait_for(lambda: told().get("alert_after_s") == 30, "the reset")


def check_nights(room: Room) -> None:
    """The night is in the calendar, in full with its events, and as a file."""
    page = room.opened.page
    room.show("nights", "Nights")
    page.locator("a.day").first.click()
    room.see("main h1", "Night of")
    events = page.get_by_role("region", name="Events of this night").locator("tbody a")
    assert events.count() >= HEARD_BEFORE
    with page.expect_download(timeout=1000 * DEADLINE_S) as download:
        page.get_by_role("link", name="PDF").click()
    assert Path(download.value.path()).read_bytes().startswith(b"%PDF")
    events.first.click()
    room.see("main h2", "Before, during, after")
    room.see("main p", "Sound above the noise floor, on average")
    page.get_by_role("link", name="Later").click()
    page.get_by_role("link", name="Earlier").wait_for()


def test_a_phone_is_the_microphone(serve: Callable[..., Room]) -> None:
    """Home Assistant is told that it hears once the phone does, and why no more when that ends."""
    room = serve(settings="microphone:\n  device: phone\n")
    room.show("tonight", "No microphone")
    room.opened.page.get_by_role("link", name="This phone as the microphone").click()
    room.opened.page.click("#start")
    room.see("#state", "The daemon receives this phone's sound.")
    room.wait_for(lambda: room.told.last("/hearing") == "online", "sound")
    page = room.opened.page.context.new_page()
    room.opened.page.close()
    room.opened.page = page
    room.wait_for(lambda: room.told.last("/hearing") == "offline", "the end")
    room.wait_for(lambda: "its page was closed" in (room.told.last("/status") or ""), "why")
    room.show("tonight", "No microphone")
    room.check_quiet()


@pytest.mark.skipif(
    not (runtime_folder() / RUNTIME).is_file(),
    reason="the runtime of the page is not installed: scripts/install_try needs npm's registry",
)
def test_a_browser_hears_by_itself(serve: Callable[..., Room]) -> None:
    """The page "try it here" has all that it needs from the daemon's own process."""
    room = serve(settings="microphone:\n  device: phone\n")
    room.show("tonight", "")
    room.opened.page.get_by_role("link", name="Try it here").click()
    room.see("#state", "Ready.")
    room.opened.page.click("#night")
    room.see("#at", " of 18:00")
    room.opened.page.click("#stop")
    room.see("#state", "Stopped.")
    room.check_quiet()
