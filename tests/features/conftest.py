"""The real encoder, sounds from a seed, and a way to send them through the front end."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, fields
from importlib.resources import files
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from osa_daemon.audio.block import Block
from osa_daemon.features.encoder import Encoder
from osa_daemon.features.extractor import FeatureExtractor
from osa_daemon.features.features import FRAME_SAMPLES, Features

REFERENCE = Path(__file__).parent / "data" / "reference.npz"


@pytest.fixture(scope="session")
def encoder_path() -> Path:
    """The encoder file that ships with the package."""
    return Path(str(files("osa_daemon"))) / "models" / "encoder.onnx"


@pytest.fixture(scope="session")
def encoder(encoder_path: Path) -> Encoder:
    """The shipped encoder, open."""
    return Encoder(encoder_path)


@dataclass(frozen=True)
class FrameMeans:
    """Stands for an encoder where only its place in time matters: gives each frame's mean."""

    width: int = 1
    samples_before: int = 200
    samples_after: int = 40

    def run(self, samples: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the mean of each frame, (frames, 1)."""
        inner = samples[self.samples_before : -self.samples_after]
        return inner.reshape(-1, FRAME_SAMPLES).mean(axis=1, keepdims=True)


@pytest.fixture
def frame_means() -> FrameMeans:
    """An encoder stand-in whose features tell which samples they saw."""
    return FrameMeans()


@pytest.fixture(scope="session")
def reference() -> dict[str, NDArray[np.float32]]:
    """Whisper's own figures for a synthesised sound; data/README.md names them."""
    with np.load(REFERENCE) as file:
        return {key: file[key] for key in file}


@pytest.fixture(scope="session")
def breathing() -> Callable[[float], NDArray[np.float32]]:
    """Makes seconds of breath-like noise, 15 a minute at -45 dBFS, in a room at -75 dBFS."""

    def make(duration_s: float) -> NDArray[np.float32]:
        random = np.random.default_rng(7)
        time_s = np.arange(round(duration_s * 16_000)) / 16_000
        breath = np.clip(np.sin(2 * np.pi * time_s / 4), 0, None) ** 2 * 10 ** (-45 / 20)
        room = 10 ** (-75 / 20)
        return ((breath + room) * random.standard_normal(len(time_s))).astype(np.float32)

    return make


def join(parts: Iterable[Features | None]) -> Features:
    """Return one `Features` for consecutive ones, and fail where they are not."""
    given = [part for part in parts if part is not None]
    for before, after in pairwise(given):
        assert after.index == before.index + len(before)
    joined = {
        field.name: np.concatenate([getattr(part, field.name) for part in given])
        for field in fields(Features)
        if field.name != "index"
    }
    return Features(index=given[0].index, **joined)


@pytest.fixture(scope="session")
def extract() -> Callable[..., Features]:
    """Sends a sound through a new front end in blocks of one size or cut at given places."""

    def run(
        encoder: Encoder,
        sound: NDArray[np.float32],
        *,
        start: int = 0,
        block: int = 1_600,
        cuts: Iterable[int] | None = None,
        chunk_s: float = 4.0,
        hop_s: float = 2.0,
    ) -> Features:
        extractor = FeatureExtractor(encoder, chunk_s=chunk_s, hop_s=hop_s)
        places = range(block, len(sound), block) if cuts is None else sorted(cuts)
        edges = [0, *places, len(sound)]
        parts = [extractor.push(Block(start + a, sound[a:b])) for a, b in pairwise(edges)]
        return join([*parts, extractor.flush()])

    return run
