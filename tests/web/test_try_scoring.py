"""The scoring of "try it here" against the bedside's own, over an hour of frames."""

import json
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from osa_daemon.detector.frame import Delayed, Frame
from osa_daemon.scoring.event import Event
from osa_daemon.scoring.scorer import Scorer
from osa_daemon.scoring.thresholds import ScoringSettings, Thresholds
from tests.scoring.conftest import Stretch, stream
from tests.web.try_site import Browser, browser, site

pytestmark = pytest.mark.browser

DELAY = 100  # frames
FRAMES = 3600 * 5
JUMP = 1e-3
WAVERING = 0.2
# what comes for seconds between stretches of breathing: often what makes an event
KINDS = (
    ["apnea"] * 4
    + ["hypopnea"] * 4
    + ["effort", "snoring", "hold", "lost", "muted", "empty", "covered", "gap"]
)
CLASSES = ("audible", "breath", "apnea", "hypopnea", "snore", "gasp")
SCORE = """async ({rows, thresholds}) => {
    const {Scorer} = await import("/try/scoring/scorer.js");
    const {scoringSettings} = await import("/try/scoring/thresholds.js");
    const {frames, rest} = await (await fetch(rows)).json();
    const scorer = new Scorer(scoringSettings(thresholds));
    return [...frames.map((frame) => scorer.push(frame)), scorer.finish(rest)];
}"""


@pytest.fixture(scope="module")
def given(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of what the page is given."""
    return tmp_path_factory.mktemp("given")


@pytest.fixture(scope="module")
def opened(given: Path) -> Iterator[Browser]:
    """A page of the site, on which modules can be loaded."""
    with site(given) as address, browser() as chromium:
        chromium.page.goto(f"{address}/try/style.css")
        yield chromium


def frames_of(seed: int) -> tuple[list[Frame], list[Delayed]]:
    """Return an hour of frames of every kind, their readings unsteady, with jumps of the index."""
    random = np.random.default_rng(seed)
    parts: list[Stretch] = []
    while sum(part.frames for part in parts) < FRAMES:
        most = 750 if random.random() < 0.2 else 250
        parts.append(Stretch(str(random.choice(KINDS)), int(random.integers(10, most))))
        parts.append(Stretch("breathing", int(random.integers(5, 300))))
    steady, _ = stream(parts)
    count = len(steady)
    index = np.cumsum(np.where(random.random(count) < JUMP, 300, 1)).tolist()
    clipped = (random.random(count) < 0.1).tolist()
    truth = np.array([[getattr(frame, name) for name in CLASSES] for frame in steady])
    wavering = truth[:, None] + WAVERING * random.standard_normal((count, 2, len(CLASSES)))
    readings = np.clip(wavering, 0, 1).astype(np.float32).tolist()
    delayed = [Delayed(at, *now) for at, (now, _) in zip(index, readings, strict=True)]
    frames = [
        replace(
            frame,
            index=index[k],
            clipped=clipped[k],
            delayed=delayed[k - DELAY] if k >= DELAY else None,
            **dict(zip(CLASSES, readings[k][1], strict=True)),
        )
        for k, frame in enumerate(steady)
    ]
    return frames, delayed[-DELAY:]


def event_fields(event: Event) -> dict[str, Any]:
    """Return an event as the page has it: without an id."""
    return {key: value for key, value in asdict(event).items() if key != "id"}


def test_scoring_is_the_same(given: Path, opened: Browser):
    """States and events of an hour of frames are the same, with gaps, silence and clipping."""
    frames, rest = frames_of(2)
    thresholds = {"audible": 0.3, "event": 0.6, "in_progress": 0.6, "release": 0.35}
    scorer = Scorer(ScoringSettings(Thresholds.of(thresholds)), lambda _: "")
    expected = [*(scorer.push(frame) for frame in frames), scorer.finish(rest)]
    rows = {"frames": frames, "rest": rest}
    (given / "rows.json").write_text(json.dumps(rows, default=asdict))

    found = opened.run(SCORE, {"rows": "/given/rows.json", "thresholds": thresholds})

    for ours, theirs in zip(expected, found, strict=True):
        assert theirs == {
            "index": ours.index,
            "audible": ours.audible,
            "monitorable": ours.monitorable,
            "progress": ours.progress.value,
            "progress_onset_s": ours.progress_onset_s,
            "events": [event_fields(event) for event in ours.events],
        }
    events = [event for step in expected for event in step.events]
    assert {event.type for event in events} == {"apnea", "hypopnea"}
    assert {event.character for event in events} == {"silent", "with_effort", "unknown"}
    assert {event.truncated for event in events} == {True, False}
    assert {step.progress.value for step in expected} == {"ON", "OFF", "None"}
