"""Simulated nights as cached features and labels: one file a night, made in parallel.

A night is stored under a name of all that it depends on: its spec, the code that makes it, the
encoder. A run that was interrupted goes on with the nights that are still lacking.
"""

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, is_dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any, cast
from uuid import uuid4
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from osa_daemon.audio.block import SAMPLE_RATE_HZ, Block
from osa_daemon.errors import OsaError, ResourceError, StorageError
from osa_daemon.features.encoder import Encoder
from osa_daemon.features.extractor import FeatureExtractor
from osa_daemon.features.features import Features
from osa_daemon.features.levels import QUIETEST_DBFS
from osa_daemon.training.detector.logmel import log_mel_of
from osa_daemon.training.detector.workers import Workers
from osa_daemon.training.simulator import (
    Material,
    NightSpec,
    SimulatedNight,
    simulate,
)

CHUNK_S, HOP_S = 10.0, 8.0  # the same features as at the bedside, at two thirds of the cost
BLOCK_SAMPLES = 10 * SAMPLE_RATE_HZ
LABELS = ("breath", "audible", "apnea", "hypopnea", "snore", "gasp", "ignore")
ROOMS_THAT_MAKE_IT = ("features", "training/simulator", "training/synthesis")
STORED_VERSION = 2  # of what `store` writes and how the nights are made here: part of their names
FRAME_FACTS = ("valid", "level_dbfs", "noise_dbfs", "clipped", "silent")
COLUMNS = ("encoder", "levels", *FRAME_FACTS)

Array = NDArray[Any]


@dataclass(frozen=True, slots=True)
class FeatureNight:
    """A night as the detector sees it, with its truth.

    `features`: of the whole night; `labels`: name → (frames,) of 0 and 1 (`LABELS`); one that is
    absent is not known. `events`: (onset_s, duration_s, type, counts) of every scored event.
    `facts`: what is known of the night (kind, generator, person, snr_db …); its `events` tell of
    each also `level_drop_db` and `audible`. `logmel`: (frames, 80), see `log_mel_of`; None where
    it was not loaded.
    """

    name: str
    features: Features
    labels: dict[str, Array]
    events: tuple[tuple[float, float, str, bool], ...]
    facts: dict[str, Any]
    logmel: Array | None = None


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
    """Join runs of frames into one from frame 0 on; what lies between them is lost sound."""
    whole: list[Features] = []
    end = 0
    for part in parts:
        whole += [lost(part, end)] if part.index > end else []
        whole.append(part)
        end = part.index + len(part)
    columns = (np.concatenate([getattr(p, c) for p in whole]) for c in COLUMNS)
    return Features(0, *columns)


def lost(behind: Features, first: int) -> Features:
    """Return the frames of lost sound from `first` up to those of `behind`."""
    count = behind.index - first
    rows = {}
    for column in COLUMNS:
        alike = getattr(behind, column)
        rows[column] = np.zeros((count, *alike.shape[1:]), alike.dtype)
    for quiet in ("level_dbfs", "noise_dbfs"):
        rows[quiet][:] = QUIETEST_DBFS
    return Features(first, **rows)


def first_frames(features: Features, count: int) -> Features:
    """Return the first `count` frames."""
    rows = (getattr(features, column)[:count] for column in COLUMNS)
    return Features(features.index, *rows)


def features_of(blocks: Iterator[Block], encoder: Encoder) -> Features:
    """Run the front end over blocks."""
    extractor = FeatureExtractor(encoder, chunk_s=CHUNK_S, hop_s=HOP_S)
    parts = [extractor.push(block) for block in blocks]
    parts.append(extractor.flush())
    return join([part for part in parts if part is not None])


def sources_digest(rooms: Sequence[str] = ROOMS_THAT_MAKE_IT) -> str:
    """Digest of the code that makes nights and features: a change makes the cache anew."""
    digest = hashlib.sha256()
    package = Path(str(files("osa_daemon")))
    for room in rooms:
        for path in sorted((package / room).rglob("*.py")):
            digest.update(path.read_bytes())
    return digest.hexdigest()


def _key(spec: NightSpec, code: str, encoder_sha256: str) -> str:
    text = json.dumps([asdict(spec), code, encoder_sha256, STORED_VERSION], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:24]


def store(night: FeatureNight, path: Path) -> None:
    """Write a night to `path`, whole or not at all; encoder and levels as float16.

    Labels that the night lacks are unknown. Raises `StorageError` where it cannot be written.
    """
    f = night.features
    about = {"events": night.events, "facts": night.facts, "labels": list(night.labels)}
    rows = {
        "encoder": f.encoder.astype(np.float16),
        "levels": f.levels.astype(np.float16),
        **{name: getattr(f, name) for name in FRAME_FACTS},
        "labels": np.stack(list(night.labels.values())),
        "about": np.array(json.dumps(about, default=_plain)),
    }
    if night.logmel is not None:
        rows["logmel"] = night.logmel
    # two runs may make the same night: each writes a file of its own
    temporary = path.with_name(f"{path.stem}-{uuid4().hex[:8]}.part")
    try:
        with temporary.open("wb") as file:
            np.savez(file, **rows)
        temporary.replace(path)
    except OSError as error:
        raise StorageError(f"The night {path} cannot be written: {error.strerror}.") from error
    finally:
        temporary.unlink(missing_ok=True)


def load(path: Path, name: str, *, logmel: bool = False) -> FeatureNight:
    """Load a night that `store` wrote; `logmel` is left out unless it is asked for.

    Raises:
        StorageError: the file is missing or damaged.
    """
    try:
        # numpy would leave a damaged file open
        with path.open("rb") as file, np.load(file) as data:
            about = json.loads(str(data["about"]))
            encoder, levels = (data[name].astype(np.float32) for name in ("encoder", "levels"))
            features = Features(0, encoder, levels, *(data[column] for column in FRAME_FACTS))
            labels = dict(zip(about["labels"], data["labels"], strict=True))
            mel = data["logmel"] if logmel else None
    except (OSError, ValueError, KeyError, EOFError, BadZipFile) as error:
        raise StorageError(
            f"The cached night {path} cannot be read ({error}): delete it, and it is made anew."
        ) from error
    events = tuple((float(o), float(d), str(t), bool(c)) for o, d, t, c in about["events"])
    return FeatureNight(name, features, labels, events, about["facts"], mel)


def make_or_load(
    specs: Sequence[NightSpec],
    data_dir: Path | None,
    encoder_path: Path,
    cache: Path,
    jobs: int,
    *,
    dask: str | None = None,
    logmel: bool = False,
) -> list[FeatureNight]:
    """Return the nights of `specs`, making those that the cache lacks, see `make`.

    `logmel` loads that, too.
    """
    paths = make(specs, data_dir, encoder_path, cache, jobs, dask=dask)
    return [load(path, path.stem, logmel=logmel) for path in paths]


def make(
    specs: Sequence[NightSpec],
    data_dir: Path | None,
    encoder_path: Path,
    cache: Path,
    jobs: int,
    *,
    dask: str | None = None,
) -> list[Path]:
    """Make the nights of `specs` that the cache lacks; return the files of all.

    With `jobs` processes, or on the Dask cluster at `dask`, see `Workers`. A night that fails ends
    the run with an error that names its spec; the nights made before stay in the cache.
    """
    cache, encoder_path = cache.resolve(), encoder_path.resolve()  # a worker has its own folder
    data_dir = data_dir and data_dir.resolve()
    cache.mkdir(parents=True, exist_ok=True)
    code, encoder_sha256 = sources_digest(), Encoder(encoder_path).sha256
    paths = [cache / f"{_key(spec, code, encoder_sha256)}.npz" for spec in specs]
    made_by = code if dask else None
    lacking = {p: s for s, p in zip(specs, paths, strict=True) if not p.exists()}
    calls = [(spec, data_dir, encoder_path, path, made_by) for path, spec in lacking.items()]
    Workers(jobs, dask).run(_make, calls, "nights")
    require_shared(paths, cache)
    return paths


def _make(
    spec: NightSpec, data_dir: Path | None, encoder_path: Path, path: Path, made_by: str | None
) -> None:
    """Simulate and store one night; what fails says which night it was."""
    try:
        require_code(made_by)
        night = simulate(spec, Material(data_dir, spec.split, spec.material))
        store(_feature_night(night, path.stem, Encoder(encoder_path)), path)
    except OsaError as error:
        raise type(error)(f"{_called(spec)} cannot be made: {error}") from error
    except Exception as error:
        # the edge of a worker: what goes back must tell which night it was
        raise RuntimeError(f"{_called(spec)} fails: {type(error).__name__}: {error}") from error


def require_code(made_by: str | None, rooms: Sequence[str] = ROOMS_THAT_MAKE_IT) -> None:
    """Raise `ResourceError` where this worker's code is not the one that names the nights."""
    if made_by is not None and made_by != sources_digest(rooms):
        raise ResourceError(
            "a worker has another version of osa_daemon than this machine; install the same."
        )


def require_shared(paths: Sequence[Path], cache: Path) -> None:
    """Raise `ResourceError` where workers wrote to a folder that is not this one."""
    if not all(path.exists() for path in paths):
        raise ResourceError(
            f"The workers wrote their nights elsewhere: {cache} must be a folder that they share."
        )


def _called(spec: NightSpec) -> str:
    told = ", ".join(f"{k} {v}" for k, v in asdict(spec).items() if v is not None)
    return f"The night ({told})"


def _feature_night(night: SimulatedNight, name: str, encoder: Encoder) -> FeatureNight:
    features = features_of(blocks_of(night), encoder)
    frames = min(len(features), len(night.labels.breath))
    features = first_frames(features, frames)
    mel = log_mel_of(night.audio, frames)
    mel[~features.valid] = 0  # as the other rows of lost sound
    labels = {label: getattr(night.labels, label)[:frames] for label in LABELS}
    events = tuple((e.onset_s, e.duration_s, e.type, e.counts) for e in night.events)
    spec = asdict(night.spec)
    facts = {**spec, "person": night.person, "snr_db": night.snr_db, **night.facts}
    facts["events"] = [asdict(e) | {"counts": e.counts} for e in night.events]
    return FeatureNight(name, features, labels, events, facts, mel)


def _plain(value: object) -> object:
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    if isinstance(value, np.generic):
        return value.item()
    raise TypeError(f"{value!r} has no place in JSON")
