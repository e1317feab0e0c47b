"""The page "try it here" in a real Chromium: what it hears is what the bedside hears."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import soundfile

from osa_daemon.scoring.event import Event
from osa_daemon.service.chain import Chain
from osa_daemon.service.models import load_models
from osa_daemon.service.replay import replay
from osa_daemon.service.rules import scoring_settings
from osa_daemon.settings.model import Settings
from osa_daemon.audio.file import FileSource
from osa_daemon.web.try_page import RUNTIME, runtime_folder
from tests.web.try_site import Browser, browser, site

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(
        not (runtime_folder() / RUNTIME).is_file(),
        reason="the runtime of the page is not installed: scripts/install_try needs npm's registry",
    ),
]

HEAR_MS = 480_000
ROWS = """() => [...document.querySelectorAll("#events tr")].map((row) =>
    [...row.cells].map((cell) => cell.textContent))"""


def bedside_events(path: Path) -> list[Event]:
    """Return what the daemon's chain decides in a recording."""
    models = load_models()
    rules = scoring_settings(Settings(), models.detector().metadata)
    chain = Chain(models, rules, lambda onset_s: "")
    return [event for outcome in replay(FileSource(path), chain) for event in outcome.events]


def seconds_of(clock: str) -> int:
    """Return the seconds of "h:mm:ss" or "mm:ss"."""
    total = 0
    for part in clock.split(":"):
        total = 60 * total + int(part)
    return total


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Browser]:
    """The page, ready to hear."""
    with site(tmp_path) as address, browser() as chromium:
        chromium.page.goto(f"{address}/try/")
        chromium.page.get_by_text("Ready.").wait_for()
        yield chromium


def check_events(opened: Browser, expected: list[Event]) -> None:
    """The page shows the bedside's events: the same types, onsets and lengths within 1 s."""
    rows = opened.run(ROWS)
    words = {"apnea": "pause", "hypopnea": "reduced breathing"}
    assert [row[2] for row in rows] == [words[event.type] for event in expected]
    for row, event in zip(rows, expected, strict=True):
        assert seconds_of(row[0]) == pytest.approx(event.onset_s, abs=2)
        assert float(row[1].split()[0]) == pytest.approx(event.duration_s, abs=1)


def test_a_short_recording_is_heard_as_at_the_bedside(data: Path, opened: Browser):
    """A recording that somebody chose gives the daemon's events, and nothing leaves the page."""
    expected = bedside_events(data / "short.ogg")
    assert expected
    opened.page.set_input_files("#file", data / "short.ogg")
    opened.page.get_by_text("was heard to its end").wait_for(timeout=HEAR_MS)
    check_events(opened, expected)
    print("speed:", opened.page.text_content("#speed"))
    address = opened.page.url.removesuffix("/try/")
    assert all(url.startswith((address, "blob:" + address)) for url in opened.requests)
    assert opened.complaints == []
