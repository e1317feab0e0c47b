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

import soundfile

from osa_daemon.audio.block import Block
from osa_daemon.audio.file import FileSource
from osa_daemon.audio.source import SourceHealth
from osa_daemon.scoring.event import Event
from tests.same_events import Noted, common_shift_s, compare_with_file, events_of
from tests.web.phone_browser import PhoneBrowser, wait_for_text, write_played
from tests.web.phone_page import Listening, PhonePage

DATA = Path(__file__).parents[1] / "data"
RATE_HZ = 16_000
END_S = 1.5  # the last of the file, which may still be on its way
LATE_S = 60.0  # how much longer than the file itself it may take


def play(played: Path, length_s: float, listening: Listening, port: int) -> list[str]:
    """Play a file of so many seconds to the page; returns what the browser complained of."""
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
    return browser.complaints


def show(title: str, events: list[Event], shift_s: float) -> None:
    """Print events, their onsets by the file's clock."""
    print(f"{title}: {len(events)} events")
    for e in events:
        print(
            f"  {e.type:8} {e.onset_s - shift_s:8.1f} s for {e.duration_s:5.1f} s, "
            f"confidence {e.confidence:.2f}"
        )


def tell_sound(night: Path, length_s: float, health: SourceHealth, blocks: list[Block]) -> float:
    """Print what came of a night of so many seconds; returns how much was missing (s)."""
    heard_s = sum(len(block.samples) for block in blocks) / RATE_HZ
    print(f"{night.name}: {length_s:.0f} s; heard {heard_s:.1f} s in {len(blocks)} blocks")
    print(f"lost: {health.lost_s:.2f} s; {health.text}")
    for before, after in pairwise(blocks):
        if before.end != after.start:
            print(f"  {(after.start - before.end) / RATE_HZ:.2f} s at {before.end / RATE_HZ:.1f} s")
    return max(0.0, length_s - END_S - heard_s)


def tell_events(live: list[Event], filed: list[Event], length_s: float) -> bool:
    """Print both; returns whether they are the same, but for some near the threshold."""
    shift_s = common_shift_s(live, filed)
    show("through the phone", live, shift_s)
    show("from the file", filed, 0.0)
    try:
        lone = compare_with_file(live, filed, length_s)
    except AssertionError as differing:
        print("FAILED: only one of them has", differing)
        return False
    print(f"the same, but for {len(lone)} near the threshold; the phone {shift_s:.1f} s later")
    return True


def main() -> int:
    """Play, compare, print; returns the exit code."""
    parser = argparse.ArgumentParser(prog="scripts/phone_night", description=__doc__)
    parser.add_argument("--sound", type=Path, default=DATA / "night.ogg", metavar="FILE")
    night = parser.parse_args().sound
    sound, rate_hz = soundfile.read(night, dtype="float32")
    length_s = len(sound) / rate_hz
    with tempfile.TemporaryDirectory() as folder:
        # judged as it is played, at 48 kHz: resampling alone moves an onset by 2 s where a long
        # pause begins with faint sound
        played = Path(folder) / "night.wav"
        write_played(played, sound, rate_hz)
        page = PhonePage()
        listening = Listening(page.link)
        try:
            complaints = play(played, length_s, listening, page.port)
            health, blocks = listening.health, list(listening.blocks)
        finally:
            listening.close()
            page.close()
        missing_s = tell_sound(night, length_s, health, blocks)
        for complaint in complaints:
            print("the browser complained:", complaint)
        are_same = tell_events(events_of(Noted(blocks)), events_of(FileSource(played)), length_s)
    return 0 if are_same and not missing_s and not health.lost_s and not complaints else 1


if __name__ == "__main__":
    sys.exit(main())
