"""The front end of "try it here" against the bedside's own, over what a night can bring."""

from collections.abc import Iterator
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
import pytest
import soundfile

from osa_daemon.audio.block import SAMPLE_RATE_HZ, Block, Samples
from osa_daemon.detector.properties import read_properties
from osa_daemon.features.extractor import FeatureExtractor
from osa_daemon.features.features import Features
from tests.features.conftest import FrameMeans
from tests.web.try_site import PACK, Browser, browser, floats, site

pytestmark = pytest.mark.browser

SOUND_S = 100
MODELS = Path(__file__).parents[2] / "osa_daemon" / "models"
# float32 rounds what is summed here in another order: 5e-4 dB in quiet bands
TOLERANCE = {"levels": 2e-4, "level_dbfs": 1e-3, "noise_dbfs": 1e-3, "encoder": 1e-6}
EXTRACT = (
    f"""async ({{sound, pieces, chunk_s, hop_s}}) => {{ {PACK}"""
    """
    const {FeatureExtractor} = await import("/try/features/extractor.js");
    const samples = new Float32Array(await (await fetch(sound)).arrayBuffer());
    const means = {width: 1, samplesBefore: 200, samplesAfter: 40, run: async (heard) =>
        Float32Array.from({length: (heard.length - 240) / 3200}, (_, frame) =>
            heard.subarray(200 + 3200 * frame, 3400 + 3200 * frame)
                .reduce((sum, sample) => sum + sample, 0) / 3200)};
    const extractor = new FeatureExtractor(means, chunk_s, hop_s);
    const parts = [];
    const take = (features) => features && parts.push(features);
    for (const {start, offset, count, gain} of pieces) {
        const block = samples.slice(offset, offset + count).map((sample) => sample * gain);
        take(await extractor.push({start, samples: block}));
    }
    take(await extractor.flush());
    const told = {index: parts.map(({index}) => index)};
    for (const name of Object.keys(parts[0]).filter((key) => key !== "index" && key !== "length")) {
        told[name] = await pack(parts.flatMap((part) => Array.from(part[name])));
    }
    return told;
}"""
)


@dataclass(frozen=True)
class Piece:
    """A block: part of the sound (samples) at a gain that is exact in float32."""

    start: int
    offset: int
    count: int
    gain: float


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


@pytest.fixture(scope="module")
def sound(given: Path) -> Samples:
    """Breathing of the bundled night, with a stretch that is not finite."""
    path = Path(__file__).parents[1] / "data" / "night.ogg"
    samples = soundfile.read(path, frames=SOUND_S * SAMPLE_RATE_HZ, dtype="float32")[0]
    samples[700_000:700_100] = np.nan
    (given / "sound.f32").write_bytes(samples.tobytes())
    return samples


def pieces(random: np.random.Generator, least_s: int) -> list[Piece]:
    """Return blocks of so long: other gains, digital silence, gaps short and long."""
    made: list[Piece] = []
    at = int(random.integers(0, 50_000))
    while at < least_s * SAMPLE_RATE_HZ:
        gain = float(random.choice([0, 2**-6, 2**-3, 1, 1, 1, 2**4]))
        for _ in range(int(random.integers(1, 12))):
            count = int(random.integers(1, 160_000))
            offset = int(random.integers(0, SOUND_S * SAMPLE_RATE_HZ - count))
            made.append(Piece(at, offset, count, gain))
            at += count
        at += int(random.choice([0, 1, 700, 20_000, 130 * SAMPLE_RATE_HZ]))
    return made


def heard(sound: Samples, blocks: list[Piece], chunk_s: float, hop_s: float) -> list[Features]:
    """Return what the bedside's front end makes of the blocks."""
    extractor = FeatureExtractor(FrameMeans(), chunk_s, hop_s)  # type: ignore[arg-type]
    parts = [
        extractor.push(Block(b.start, sound[b.offset : b.offset + b.count] * np.float32(b.gain)))
        for b in blocks
    ]
    return [part for part in (*parts, extractor.flush()) if part is not None]


@pytest.mark.parametrize(("chunk_s", "hop_s", "least_s"), [(4, 2, 800), (10, 8, 400)])
def test_features_are_the_same(
    chunk_s: int, hop_s: int, least_s: int, sound: Samples, opened: Browser
):
    """Levels, floors, gain and marks are the same within float32, whatever comes."""
    blocks = pieces(np.random.default_rng(chunk_s - 1), least_s)
    expected = heard(sound, blocks, chunk_s, hop_s)

    found = opened.run(
        EXTRACT,
        {
            "sound": "/given/sound.f32",
            "pieces": [vars(block) for block in blocks],
            "chunk_s": chunk_s,
            "hop_s": hop_s,
        },
    )

    assert found["index"] == [part.index for part in expected]
    for name in (field.name for field in fields(Features) if field.name != "index"):
        ours = np.concatenate([getattr(part, name).ravel() for part in expected])
        np.testing.assert_allclose(
            floats(found[name]), ours, rtol=2e-5, atol=TOLERANCE.get(name, 0), err_msg=name
        )
    flags = {name: [getattr(part, name) for part in expected] for name in ("clipped", "silent")}
    assert all(np.concatenate(rows).any() for rows in flags.values())


def test_properties_are_the_same(opened: Browser):
    """What the model files say of themselves is read as the bedside reads it."""
    read = """async (name) => {
        const {readProperties} = await import("/try/detector/properties.js");
        const file = await (await fetch(`/try/models/${name}`)).arrayBuffer();
        return readProperties(new Uint8Array(file));
    }"""
    for name in ("encoder.onnx", "detector.onnx"):
        assert opened.run(read, name) == read_properties(MODELS / name)
