#!/usr/bin/env python3
"""Draw the pictures of a night, of a report and of a phone that the README shows, anew.

tests/data/night.png is what `osa-daemon replay tests/data/night.ogg --picture` draws;
tests/data/report.png is the first page of the report of a night that nobody slept;
tests/data/phone.png is the page of a phone that is the microphone: before Start, while it is heard
and dark for the night, as Debian's Chromium shows it.
"""

import argparse
import sys
import tempfile
from io import BytesIO
from pathlib import Path
from zoneinfo import ZoneInfo

ROOT = Path(__file__).resolve().parent.parent
NAMES = ("night", "report", "phone")
CHROMIUM = "/usr/bin/chromium"
PHONE = {"width": 390, "height": 640}
BETWEEN = 20  # pixels from one phone to the next


def main() -> int:
    """Draw what is asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", choices=NAMES, help="one of them; the first takes a minute")
    parser.add_argument("--out", type=Path, default=ROOT / "tests" / "data", metavar="DIR")
    arguments = parser.parse_args()
    sys.path.insert(0, str(ROOT))
    draw = {"night": draw_night, "report": draw_report, "phone": draw_phone}
    for name in NAMES if arguments.only is None else [arguments.only]:
        draw[name](arguments.out / f"{name}.png")
    return 0


def draw_night(path: Path) -> None:
    """Hear the bundled night and draw it."""
    from osa_daemon.cli import main as command

    night = ROOT / "tests" / "data" / "night.ogg"
    command(["replay", str(night), "--events", "/dev/null", "--picture", str(path)])


def draw_report(path: Path) -> None:
    """Draw the first page of the report of the last of the nights that tests make."""
    from osa_daemon.report.document import pages_of
    from osa_daemon.report.drawing import drawing, png_of
    from tests.report.sample import LAST, read_night, write_nights

    with tempfile.TemporaryDirectory() as folder:
        journal = Path(folder) / "journal.sqlite3"
        write_nights(journal)
        night = read_night(journal, LAST)
    with drawing("the report") as new_figure:
        page = next(pages_of(new_figure, night, ZoneInfo("Europe/Berlin")))
        path.write_bytes(png_of(page, dpi=90))


def draw_phone(path: Path) -> None:
    """Take three pictures of the phone's page, in a quiet room, and draw them side by side."""
    import numpy as np
    import soundfile
    from playwright.sync_api import sync_playwright

    from tests.web.phone_page import PhonePage

    page = PhonePage()
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        room = Path(folder) / "room.wav"
        soundfile.write(room, np.random.default_rng(5).normal(0, 0.003, 960_000), 48_000)
        fake = ["use-fake-device-for-media-stream", "use-fake-ui-for-media-stream"]
        options = ["no-sandbox", *fake, f"use-file-for-fake-audio-capture={room}"]
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=[f"--{option}" for option in options]
        )
        tab = browser.new_page(viewport=PHONE)
        tab.goto(f"http://127.0.0.1:{page.port}/phone/")
        pictures = [tab.screenshot()]
        tab.get_by_role("button", name="Start").click()
        tab.locator("#state", has_text="receives this phone's sound").wait_for()
        tab.wait_for_timeout(3000)  # the level is that of a second
        pictures.append(tab.screenshot())
        tab.locator("#night").wait_for(state="visible")  # it goes dark by itself
        tab.locator("#life:not(.off)").wait_for(state="visible")
        pictures.append(tab.screenshot())
        browser.close()
    page.close()
    side_by_side(pictures, path)


def side_by_side(pictures: list[bytes], path: Path) -> None:
    """Write several PNG of one size as one."""
    from PIL import Image

    width, height = PHONE.values()
    total = len(pictures) * (width + BETWEEN) - BETWEEN
    whole = Image.new("RGB", (total, height), "#3c3c3c")
    for number, picture in enumerate(pictures):
        whole.paste(Image.open(BytesIO(picture)), (number * (width + BETWEEN), 0))
    whole.quantize(64).save(path, optimize=True)


if __name__ == "__main__":
    sys.exit(main())
