"""`scripts/phone_night`: a whole night through a phone's page, in real time, beside its file.

Chromium's microphone plays the file to the page of a phone; the source that hears it is the
daemon's, read in a thread. Prints what came and what the chain makes of both; exit code 1 where
sound is missing or the events differ by more than the chain's own test allows.
"""

import argparse
import sys
import tempfile
import time
from itertools import pairwise
from pathlib import Path

import numpy as np
import soundfile

from osa_daemon.audio.file import FileSource
from osa_daemon.scoring.event import Event
from tests.same_events import Noted, common_shift_s, compare_with_file, events_of
from tests.web.phone_browser import PhoneBrowser, wait_for_text, write_played
from tests.web.phone_page import Listening, PhonePage

DATA = Path(__file__).parents[1] / "data"
END_S = 1.5  # the last of the file, which may still be on its way
LATE_S = 60.0  # how much longer than the file itself it may take


def play(night: Path, listening: Listening, port: int) -> tuple[float, list[str]]:
    """Play a night to the page; returns its length (s) and what the browser complained of."""
    sound, rate_hz = soundfile.read(night, dtype="float32")
    length_s = len(sound) / rate_hz
    with tempfile.TemporaryDirectory() as folder:
        played = Path(folder) / "night.wav"
        write_played(played, sound, rate_hz)
        browser = PhoneBrowser(played, is_repeated=False)
        try:
            tab = browser.open(port)
            tab.click("#start")
            wait_for_text(tab, "#state", "The daemon receives this phone's sound.")
            until_s = time.monotonic() + length_s + LATE_S
            while listening.heard_s < length_s - END_S and time.monotonic() < until_s:
                tab.wait_for_timeout(200)
        finally:
            browser.close()
    return length_s, browser.complaints


def show(title: str, events: list[Event], shift_s: float) -> None:
    """Print events, their onsets by the file's clock."""
    print(f"{title}: {len(events)} events")
    for e in events:
        print(
            f"  {e.type:8} {e.onset_s - shift_s:8.1f} s for {e.duration_s:5.1f} s, "
            f"confidence {e.confidence:.2f}"
        )


def main() -> int:
    """Play, compare, print; returns the exit code."""
    parser = argparse.ArgumentParser(prog="scripts/phone_night", description=__doc__)
    parser.add_argument("--sound", type=Path, default=DATA / "night.ogg", metavar="FILE")
    night = parser.parse_args().sound
    page = PhonePage()
    listening = Listening(page.link)
    try:
        length_s, complaints = play(night, listening, page.port)
        health, gaps_s = listening.health, listening.gaps_s()
        blocks = list(listening.blocks)
    finally:
        listening.close()
        page.close()
    if not blocks:
        print(f"FAILED: no sound came: {health.text}")
        return 1
    print(
        f"{night.name}: {length_s:.0f} s; heard {listening.heard_s:.1f} s in {len(blocks)} blocks"
    )
    print(f"gaps: {len(gaps_s)}, {sum(gaps_s):.2f} s; lost: {health.lost_s:.2f} s; {health.text}")
    for before, after in pairwise(blocks):
        if before.end != after.start:
            print(f"  {(after.start - before.end) / 16_000:.2f} s at {before.end / 16_000:.1f} s")
    longest = max(len(block.samples) for block in blocks) / 16_000
    level = np.sqrt(np.mean(np.concatenate([block.samples for block in blocks]) ** 2))
    print(f"longest block {longest:.2f} s; level {20 * np.log10(level):.1f} dBFS")
    for complaint in complaints:
        print("the browser complained:", complaint)
    live, filed = events_of(Noted(blocks)), events_of(FileSource(night))
    shift_s = common_shift_s(live, filed)
    show("through the phone", live, shift_s)
    show("from the file", filed, 0.0)
    try:
        lone = compare_with_file(live, filed, length_s)
    except AssertionError as differing:
        print("FAILED: only one of them has", differing)
        return 1
    print(
        f"the same events, but for {len(lone)} near the threshold; the phone {shift_s:.1f} s later"
    )
    return 1 if gaps_s or complaints or listening.heard_s < length_s - END_S else 0


if __name__ == "__main__":
    sys.exit(main())
