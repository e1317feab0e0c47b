"""A Chromium whose microphone plays a file, and the phone's page in it."""

from pathlib import Path
from typing import Any

import soundfile
import soxr
from playwright.sync_api import sync_playwright

CHROMIUM = Path("/usr/bin/chromium")
RATE_HZ = 48_000


def write_played(path: Path, sound: Any, rate_hz: int) -> None:
    """Write sound as Chromium's microphone can play it."""
    soundfile.write(path, soxr.resample(sound, rate_hz, RATE_HZ), RATE_HZ, subtype="PCM_16")


class PhoneBrowser:
    """A Chromium whose microphone plays `sound`, and what went wrong on its pages."""

    def __init__(self, sound: Path, *, is_repeated: bool) -> None:
        self.complaints: list[str] = []
        self._playwright = sync_playwright().start()
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


def wait_for_text(page: Any, selector: str, part: str, within_s: float = 20) -> None:
    """Wait until a part of the page says something."""
    page.locator(selector, has_text=part).first.wait_for(state="attached", timeout=1000 * within_s)
