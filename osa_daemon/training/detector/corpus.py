"""Simulated nights as cached features and labels: one file a night, made in parallel."""

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any, cast

import numpy as np
from joblib import Parallel, delayed
from numpy.typing import NDArray
from tqdm import tqdm

from osa_daemon.audio.block import SAMPLE_RATE_HZ, Block
from osa_daemon.features.encoder import Encoder
from osa_daemon.features.extractor import FeatureExtractor
from osa_daemon.features.features import Features
from osa_daemon.training.simulator import (
    Material,
    NightSpec,
    SimulatedNight,
    simulate,
)

CHUNK_S, HOP_S = 20.0, 18.0  # long chunks give the bedside's features at 60 % of the cost
BLOCK_SAMPLES = 10 * SAMPLE_RATE_HZ
LABELS = ("breath", "audible", "apnea", "hypopnea", "snore", "gasp", "ignore")
ROOMS_THAT_MAKE_IT = ("features", "training/simulator", "training/synthesis")

Array = NDArray[Any]


@dataclass(frozen=True, slots=True)
class FeatureNight:
    """A night as the detector sees it, with its truth.

    `features`: of the whole night; `labels`: name → (frames,) of 0 and 1 (`LABELS`).
    `events`: (onset_s, duration_s, type, counts) of every scored event; `facts`: JSON of the
    simulator (kind, generator, person, snr_db …).
    """

    name: str
    features: Features
    labels: dict[str, Array]
    events: tuple[tuple[float, float, str, bool], ...]
    facts: dict[str, Any]


def blocks_of(night: SimulatedNight) -> Iterator[Block]:
    """Cut a night into blocks, leaving out its gaps."""
    edges = [0]
    gaps = cast("Sequence[tuple[float, float]]", night.facts.get("gaps", ()))
    for start_s, duration_s in sorted(gaps):
        edges += [int(start_s * SAMPLE_RATE_HZ), int((start_s + duration_s) * SAMPLE_RATE_HZ)]
    edges.append(len(night.audio))
    for start, end in zip(edges[::2], edges[1::2], strict=True):
        for at in range(start, end, BLOCK_SAMPLES):
            yield Block(at, night.audio[at : min(at + BLOCK_SAMPLES, end)])


def join(parts: Sequence[Features]) -> Features:
    """Join consecutive runs of frames."""
    columns = ("encoder", "levels", "valid", "level_dbfs", "noise_dbfs", "clipped", "silent")
    return Features(
        parts[0].index, *(np.concatenate([getattr(p, c) for p in parts]) for c in columns)
    )


def features_of(blocks: Iterator[Block], encoder: Encoder) -> Features:
    """Run the front end over blocks."""
    extractor = FeatureExtractor(encoder, chunk_s=CHUNK_S, hop_s=HOP_S)
    parts = [extractor.push(block) for block in blocks]
    parts.append(extractor.flush())
    return join([part for part in parts if part is not None])


def sources_digest() -> str:
    """Digest of the code that makes nights and features: a change makes the cache anew."""
    digest = hashlib.sha256()
    package = Path(str(files("osa_daemon")))
    for room in ROOMS_THAT_MAKE_IT:
        for path in sorted((package / room).rglob("*.py")):
            digest.update(path.read_bytes())
    return digest.hexdigest()


def _key(spec: NightSpec, code: str, encoder_sha256: str) -> str:
    text = json.dumps([asdict(spec), code, encoder_sha256], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:24]


def _make(spec: NightSpec, data_dir: Path, encoder_path: Path, path: Path) -> None:
    """Simulate one night and store it; an interrupted run leaves no half-written file."""
    night = simulate(spec, Material(data_dir, spec.split, spec.material))
    features = features_of(blocks_of(night), Encoder(encoder_path))
    frames = min(len(features), len(night.labels.breath))
    temporary = path.with_suffix(".part.npz")
    np.savez(
        temporary,
        encoder=features.encoder[:frames].astype(np.float16),
        levels=features.levels[:frames].astype(np.float16),
        valid=features.valid[:frames],
        level_dbfs=features.level_dbfs[:frames],
        noise_dbfs=features.noise_dbfs[:frames],
        clipped=features.clipped[:frames],
        silent=features.silent[:frames],
        labels=np.stack([getattr(night.labels, name)[:frames] for name in LABELS]),
        about=json.dumps(_about(night), default=str),
    )
    temporary.rename(path)


def _about(night: SimulatedNight) -> dict[str, Any]:
    events = [(e.onset_s, e.duration_s, e.type, e.counts) for e in night.events]
    facts = {**asdict(night.spec), "person": night.person, "snr_db": night.snr_db, **night.facts}
    return {"events": events, "facts": facts}


def load(path: Path, name: str) -> FeatureNight:
    """Load a night that `_make` stored."""
    with np.load(path) as data:
        about = json.loads(str(data["about"]))
        features = Features(
            0,
            data["encoder"].astype(np.float32),
            data["levels"].astype(np.float32),
            *(data[c] for c in ("valid", "level_dbfs", "noise_dbfs", "clipped", "silent")),
        )
        labels = dict(zip(LABELS, data["labels"], strict=True))
    events = tuple((float(o), float(d), str(t), bool(c)) for o, d, t, c in about["events"])
    return FeatureNight(name, features, labels, events, about["facts"])


def make_or_load(
    specs: Sequence[NightSpec], data_dir: Path, encoder_path: Path, cache: Path, jobs: int
) -> list[FeatureNight]:
    """Return the nights of `specs`, making those that the cache lacks with `jobs` processes."""
    cache.mkdir(parents=True, exist_ok=True)
    code, encoder_sha256 = sources_digest(), Encoder(encoder_path).sha256
    paths = [cache / f"{_key(spec, code, encoder_sha256)}.npz" for spec in specs]
    lacking = [(s, p) for s, p in zip(specs, paths, strict=True) if not p.exists()]
    work = (delayed(_make)(spec, data_dir, encoder_path, path) for spec, path in lacking)
    runs = Parallel(n_jobs=jobs, return_as="generator_unordered")(work)
    for _ in tqdm(runs, total=len(lacking), desc="nights", disable=not lacking):
        pass
    return [load(path, path.stem) for path in paths]
