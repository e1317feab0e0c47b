"""What "try it here" calls a second, against what the bedside calls it."""

import itertools
from datetime import UTC, datetime
from pathlib import Path

import pytest

from osa_daemon.detector.frame import Frame
from osa_daemon.scoring.event import Progress, Scored
from osa_daemon.service.chain import Step
from osa_daemon.service.sounds import sound_of
from tests.web.try_site import browser, site

pytestmark = pytest.mark.browser

NOW = datetime(2026, 11, 30, tzinfo=UTC)
HEARS = """async (seconds) => {
    const {hears} = await import("/try/view.js");
    return seconds.map(hears);
}"""


def step_of(*flags: bool) -> Step:
    """Return a frame of which so much is so."""
    valid, silent, clipped, pauses, gasp, snore, breath, audible = flags
    frame = Frame(
        4, valid, -50.0, -60.0, clipped, silent, 0.9, float(breath), 0.0, 0.0, float(snore),
        float(gasp), None,
    )  # fmt: skip
    progress = Progress.ON if pauses else Progress.OFF
    return Step(frame, Scored(4, audible, audible, progress, None, False, (), ()))


def second_of(step: Step) -> dict[str, object]:
    """Return what the page's worker tells of it."""
    frame, scored = step.frame, step.scored
    read = {name: getattr(frame, name) for name in ("silent", "clipped", "gasp", "snore", "breath")}
    state = {"progress": scored.progress.value, "audible": scored.audible, "pauseS": None}
    return {"isHeard": frame.valid, **read, **state}


def test_a_second_is_called_what_the_bedside_calls_it(tmp_path: Path):
    """Of every kind of second: breathing where breath is heard, not where it could be."""
    steps = [step_of(*flags) for flags in itertools.product((True, False), repeat=8)]
    with site(tmp_path) as address, browser() as chromium:
        chromium.page.goto(f"{address}/try/style.css")
        said = chromium.run(HEARS, [second_of(step) for step in steps])
    assert said == [sound_of(step, NOW)["hears"] for step in steps]
    assert len(set(said)) == 9
