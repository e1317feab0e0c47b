"""Recordings of every kind through the browser's decoder: without seams, as the daemon reads."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
import soxr
from numpy.typing import NDArray

from osa_daemon.audio.file import FileSource
from tests.web.try_site import PACK, Browser, browser, floats, site

pytestmark = pytest.mark.browser

SOUND_S = 70  # three parts
KINDS = {
    "night.ogg": {"rate": 16_000, "channels": 1, "subtype": "VORBIS"},
    "stereo.ogg": {"rate": 44_100, "channels": 2, "subtype": "VORBIS"},
    "phone.opus": {"rate": 48_000, "channels": 1, "subtype": "OPUS"},
    "night.flac": {"rate": 16_000, "channels": 1, "subtype": "PCM_16"},
    "stereo.flac": {"rate": 44_100, "channels": 2, "subtype": "PCM_24"},
    "night.wav": {"rate": 16_000, "channels": 1, "subtype": "FLOAT"},
    "stereo.wav": {"rate": 48_000, "channels": 2, "subtype": "PCM_24"},
}
READ = (
    f"""async (name) => {{ {PACK}"""
    """
    const {blocksOf} = await import("/try/sound/recording.js");
    const {decode} = await import("/try/sound/decode.js");
    const bytes = await (await fetch(`/given/${name}`)).arrayBuffer();
    const blocks = [];
    for await (const {start, samples, totalS} of blocksOf(new File([bytes], name))) {
        blocks.push({start, count: samples.length, totalS, samples});
    }
    const joined = new Float32Array(blocks.reduce((sum, {count}) => sum + count, 0));
    blocks.forEach(({start, samples}) => joined.set(samples, start));
    const whole = await decode(bytes);
    return {
        blocks: blocks.map(({start, count, totalS}) => ({start, count, totalS})),
        joined: await pack(joined), whole: await pack(whole),
    };
}"""
)


@pytest.fixture(scope="module")
def given(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the same breathing in every format."""
    folder = tmp_path_factory.mktemp("given")
    night = Path(__file__).parents[1] / "data" / "night.ogg"
    sound = soundfile.read(night, frames=SOUND_S * 16_000, dtype="float32")[0]
    for name, kind in KINDS.items():
        samples = soxr.resample(sound, 16_000, kind["rate"])
        if kind["channels"] == 2:
            samples = np.stack([samples, 0.5 * samples], axis=1)
        write(folder / name, samples, kind["rate"], kind["subtype"])
    write(folder / "empty.wav", np.zeros(0, np.float32), 16_000, "PCM_16")
    (folder / "noise.wav").write_bytes(b"RIFF and nothing else")
    (folder / "noise.mp3").write_bytes(bytes(4000))
    return folder


def write(path: Path, samples: NDArray[np.float32], rate_hz: int, subtype: str) -> None:
    """Write a file, a second at once: more at once overflows libsndfile's stack."""
    channels = 1 if samples.ndim == 1 else samples.shape[1]
    form = "OGG" if path.suffix == ".opus" else None
    with soundfile.SoundFile(path, "w", rate_hz, channels, subtype, format=form) as file:
        for at in range(0, len(samples), rate_hz):
            file.write(samples[at : at + rate_hz])


@pytest.fixture(scope="module")
def opened(given: Path) -> Iterator[Browser]:
    """A page of the site, on which modules can be loaded."""
    with site(given) as address, browser() as chromium:
        chromium.page.goto(f"{address}/try/style.css")
        yield chromium


def bedside(path: Path) -> NDArray[np.float32]:
    """Return what the daemon reads of a file."""
    source = FileSource(path)
    blocks = []
    while (block := source.read(1.0)) is not None:
        blocks.append(block.samples)
    source.close()
    return np.concatenate(blocks)


def loudness_db(sound: NDArray[Any]) -> float:
    """Return the level (dB)."""
    return float(10 * np.log10(np.mean(np.square(sound, dtype=np.float64)) + 1e-20))


@pytest.mark.parametrize("name", KINDS)
def test_a_recording_has_no_seams(name: str, given: Path, opened: Browser):
    """Decoded in parts a file sounds as decoded at once, and as the daemon reads it."""
    found = opened.run(READ, name)

    starts = [block["start"] for block in found["blocks"]]
    counts = [block["count"] for block in found["blocks"]]
    assert len(starts) == 3
    assert starts == np.cumsum([0, *counts[:-1]]).tolist(), "blocks follow each other"
    assert found["blocks"][0]["totalS"] == pytest.approx(SOUND_S, abs=0.1)
    joined, whole = (floats(found[key]) for key in ("joined", "whole"))
    ours = bedside(given / name)
    assert abs(len(joined) - len(ours)) <= 1
    length = min(len(joined), len(whole), len(ours)) - 2_000
    for other, within_db in ((whole, -50), (ours, -25)):
        off = joined[:length] - other[:length]
        assert loudness_db(off) - loudness_db(ours) < within_db
    if KINDS[name]["rate"] == 16_000:
        np.testing.assert_allclose(joined[:length], ours[:length], atol=2e-4)


@pytest.mark.parametrize("name", ["noise.wav", "noise.mp3", "empty.wav"])
def test_what_is_no_sound_is_one_sentence(name: str, opened: Browser):
    """A file that cannot be decoded is named, with what can be."""
    told = opened.run(
        """async (name) => {
            const {blocksOf} = await import("/try/sound/recording.js");
            const bytes = await (await fetch(`/given/${name}`)).arrayBuffer();
            try {
                for await (const _ of blocksOf(new File([bytes], name))) {}
            } catch (error) {
                return error.message;
            }
        }""",
        name,
    )
    assert told.startswith(f"{name} cannot be decoded by this browser")
    assert told.endswith("choose a WAV, FLAC, Ogg or MP3 file.")
