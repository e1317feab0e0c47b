"""The page "try it here" in a real Chromium: what it hears is what the bedside hears."""

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray
from playwright.sync_api import expect

from osa_daemon.audio.block import SAMPLE_RATE_HZ, Block
from osa_daemon.audio.file import FileSource
from osa_daemon.features.extractor import FeatureExtractor
from osa_daemon.scoring.event import Event
from osa_daemon.scoring.thresholds import ScoringSettings
from osa_daemon.service.chain import Chain
from osa_daemon.service.models import load_models
from osa_daemon.service.replay import replay
from osa_daemon.service.rules import scoring_settings
from osa_daemon.settings.model import Settings
from osa_daemon.web.try_page import RUNTIME, runtime_folder
from tests.features.conftest import FrameMeans
from tests.web.try_site import Browser, browser, site

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(
        not (runtime_folder() / RUNTIME).is_file(),
        reason="the runtime of the page is not installed: scripts/install_try needs npm's registry",
    ),
]

HEAR_MS = 480_000
PROBED_S = 40
HEAR = """async ({sound, seconds}) => {
    const ort = await import("/try/runtime/ort.wasm.min.mjs");
    const {Chain, loadModels} = await import("/try/chain.js");
    const {decode} = await import("/try/sound/decode.js");
    const bytes = async (path) => (await fetch(path)).arrayBuffer();
    ort.env.wasm.numThreads = 1;
    const files = await Promise.all(["encoder", "detector"].map(async (name) =>
        new Uint8Array(await bytes(`models/${name}.onnx`))));
    const chain = new Chain(await loadModels(ort, ...files));
    const samples = (await decode(await bytes(sound))).slice(0, seconds * 16000);
    const steps = await chain.push({start: 0, samples});
    return [...steps, ...(await chain.finish()).steps].map(({frame}) => frame);
}"""
ROWS = """() => [...document.querySelectorAll("#events tr")].map((row) =>
    [...row.cells].map((cell) => cell.textContent))"""


def bedside_events(path: Path) -> list[Event]:
    """Return what the daemon's chain decides in a recording."""
    models = load_models()
    rules = scoring_settings(Settings(), models.detector().metadata)
    chain = Chain(models, rules, lambda _: "")
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
        assert seconds_of(row[0]) == pytest.approx(event.onset_s, abs=1)
        assert float(row[1].split()[0]) == pytest.approx(event.duration_s, abs=1)


def check_that_nothing_left(opened: Browser) -> None:
    """The page asked its own server alone, and had nothing to complain of."""
    address = opened.page.url.removesuffix("/try/")
    assert all(url.startswith((address, "blob:" + address, "data:")) for url in opened.requests)
    assert opened.complaints == []


def tell_speed(name: str, sound_s: float, opened: Browser) -> None:
    """Print how fast a recording was heard: by the clock, and by the browser's processor time."""
    speed = sound_s / opened.cpu_s()
    print(f"{name}: {opened.page.text_content('#speed')} by the clock,", end=" ")
    print(f"{speed:.1f} times real time by the browser's processor time")


def test_a_chosen_recording_is_heard_as_at_the_bedside(data: Path, opened: Browser):
    """A recording that somebody chose gives the daemon's events, and nothing leaves the page."""
    expected = bedside_events(data / "short.ogg")
    assert expected
    opened.page.set_input_files("#file", data / "short.ogg")
    opened.page.get_by_text("Heard to its end").wait_for(timeout=HEAR_MS)
    check_events(opened, expected)
    check_that_nothing_left(opened)
    tell_speed("short.ogg", 165, opened)


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_the_bundled_night_is_heard_as_at_the_bedside(data: Path, opened: Browser):
    """The bundled night gives the daemon's events."""
    expected = bedside_events(data / "night.ogg")
    assert len(expected) >= 5
    opened.page.click("#night")
    opened.page.get_by_text("Heard to its end").wait_for(timeout=HEAR_MS * 2)
    check_events(opened, expected)
    check_that_nothing_left(opened)
    tell_speed("night.ogg", 1080, opened)


def test_probabilities_are_the_same_within_int8(data: Path, opened: Browser):
    """Frame by frame the models say the same, as far as int8 rounds alike everywhere."""
    path = data / "night.ogg"
    found = opened.run(HEAR, {"sound": "runtime/night.ogg", "seconds": PROBED_S})
    chain = Chain(load_models(), ScoringSettings(), lambda _: "")
    samples = soundfile.read(path, frames=PROBED_S * SAMPLE_RATE_HZ, dtype="float32")[0]
    steps = [*chain.push(Block(0, samples)), *chain.finish()[0]]
    behind = [step.frame.delayed.index for step in steps if step.frame.delayed is not None]
    assert [row["delayed"]["index"] for row in found if row["delayed"] is not None] == behind
    for name, within in {"level_dbfs": 0.01, "noise_dbfs": 0.01}.items():
        ours = np.array([getattr(step.frame, name) for step in steps])
        np.testing.assert_allclose([row[name] for row in found], ours, atol=within, err_msg=name)
    for name in ("audible", "breath", "apnea", "hypopnea", "snore", "gasp"):
        off = np.abs(
            [row[name] - getattr(s.frame, name) for row, s in zip(found, steps, strict=True)]
        )
        assert off.mean() < 0.01, name
        assert off.max() < 0.15, name


def room_dbfs(sound: NDArray[np.float32]) -> float:
    """Return the noise floor (dBFS) that the bedside finds in the first seconds of a sound."""
    heard = FeatureExtractor(FrameMeans()).push(Block(0, sound[: 10 * SAMPLE_RATE_HZ]))
    assert heard is not None
    return float(heard.noise_dbfs[-1])


def test_the_microphone_is_heard(data: Path, tmp_path: Path):
    """Sound of a microphone is shown while it comes, as loud as it is, until somebody ends it."""
    sound, rate_hz = soundfile.read(data / "night.ogg", frames=60 * SAMPLE_RATE_HZ, dtype="float32")
    soundfile.write(tmp_path / "room.wav", sound, rate_hz, subtype="PCM_16")
    options = (
        "--use-fake-device-for-media-stream",
        "--use-fake-ui-for-media-stream",
        f"--use-file-for-fake-audio-capture={tmp_path / 'room.wav'}%noloop",
    )
    with site(tmp_path) as address, browser(*options, permissions=["microphone"]) as chromium:
        page = chromium.page
        page.goto(f"{address}/try/")
        page.click("#microphone:enabled")
        expect(page.locator("#at")).to_have_text(re.compile(r"00:(0[5-9]|[1-5]\d)"), timeout=90_000)
        noise_dbfs = float(page.text_content("#noise").split()[0])
        page.click("#stop")
        page.get_by_text("Heard to its end: the microphone").wait_for()
        assert noise_dbfs == pytest.approx(room_dbfs(sound), abs=6)
        assert page.is_disabled("#stop")
        check_that_nothing_left(chromium)


def test_it_can_be_stopped_and_begun_anew(data: Path, opened: Browser):
    """Stopping ends the hearing at once, without a complaint, and something else can be heard."""
    opened.page.click("#night")
    expect(opened.page.locator("#at")).to_have_text(re.compile(r"\d of 18:00"), timeout=90_000)
    opened.page.click("#stop")
    opened.page.get_by_text("Stopped.").wait_for()
    opened.page.click("#microphone")
    opened.page.get_by_text("It ended early.").wait_for()
    assert opened.page.is_disabled("#stop")
    assert opened.complaints == []


def test_a_page_that_may_not_have_the_microphone_says_so(opened: Browser):
    """Where the microphone is refused, one sentence says what to do."""
    opened.page.click("#microphone")
    opened.page.get_by_text("The microphone cannot be used").wait_for()
    assert "allow it for this page" in (opened.page.text_content("#wrong") or "")


def test_without_the_runtime_the_page_says_what_to_run(tmp_path: Path):
    """One sentence names the script, for a service and a clone; nothing is missed aloud."""
    with site(tmp_path, runtime=tmp_path / "none") as address, browser() as chromium:
        chromium.page.goto(f"{address}/try/")
        chromium.page.get_by_text("run scripts/install_try --installed for the service").wait_for()
        assert "or scripts/install_try for a daemon" in (chromium.page.text_content("#state") or "")
        assert chromium.page.is_disabled("#night")
        assert chromium.complaints == []
