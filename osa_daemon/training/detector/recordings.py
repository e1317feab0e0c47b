"""Recordings with a known truth as cached features and labels, beside the simulated nights."""

import hashlib
import json
import pickle
from collections.abc import Iterator, Sequence
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from osa_daemon.audio.block import Block
from osa_daemon.audio.source import Source, SourceState
from osa_daemon.errors import InputError, OsaError
from osa_daemon.evaluation.reference import ReferenceNight, truth_of
from osa_daemon.features.encoder import Encoder
from osa_daemon.features.features import FRAME_RATE_HZ
from osa_daemon.training.detector.corpus import (
    STORED_VERSION,
    FeatureNight,
    features_of,
    load,
    require_code,
    require_shared,
    sources_digest,
    store,
)
from osa_daemon.training.detector.workers import Workers

ROOMS_THAT_HEAR = ("audio", "features")
MOST_HOURS = 150.0  # 50 MB of memory an hour while training
_READ_S = 60.0

Flags = NDArray[np.uint8]


def hear_or_load(
    nights: Sequence[ReferenceNight],
    encoder_path: Path,
    cache: Path,
    workers: Workers,
    most_hours: float = MOST_HOURS,
) -> list[FeatureNight]:
    """Return recordings as feature nights, hearing those that the cache lacks.

    All are heard; where they are longer than `most_hours` together, some drawn by chance are
    returned that are about so long, always the same ones.

    Breath, snore and gasp are not known, nor is audibility where no spans are stated. An event
    that does not count (it lies where the sleeper is not heard) is left out of training.
    `facts["person"]` is the recording itself where nobody is named.

    Raises:
        InputError: a recording cannot be read; the sentence names it.
    """
    cache, encoder_path = cache.resolve(), encoder_path.resolve()
    cache.mkdir(parents=True, exist_ok=True)
    code, sha256 = sources_digest(ROOMS_THAT_HEAR), Encoder(encoder_path).sha256
    nights = [
        replace(night, sound=night.sound.resolve(), events=truth_of(night)) for night in nights
    ]
    paths = [cache / f"{_key(night, code, sha256)}.npz" for night in nights]
    made_by = code if workers.dask else None
    lacking = {p: n for n, p in zip(nights, paths, strict=True) if not p.exists()}
    calls = [(night, encoder_path, path, made_by) for path, night in lacking.items()]
    workers.run(_hear, calls, "recordings")
    require_shared(paths, cache)
    loaded: dict[int, FeatureNight] = {}
    frames_left = most_hours * 3600 * FRAME_RATE_HZ
    for number in np.random.default_rng(len(paths)).permutation(len(paths)):
        if frames_left > 0:
            loaded[number] = load(paths[number], paths[number].stem)
            frames_left -= len(loaded[number].features)
    return [loaded[number] for number in sorted(loaded)]


def _key(night: ReferenceNight, code: str, encoder_sha256: str) -> str:
    try:
        file = night.sound.stat()
    except OSError as error:
        raise InputError(f"{night.sound} cannot be read: {error.strerror}.") from error
    about = [str(night.sound), file.st_size, file.st_mtime_ns, pickle.dumps(night.opener).hex()]
    truth = [[asdict(event) for event in night.events], night.audible, night.facts]
    made_of = [about, truth, code, encoder_sha256, STORED_VERSION]
    return hashlib.sha256(json.dumps(made_of, default=str).encode()).hexdigest()[:24]


def _hear(night: ReferenceNight, encoder_path: Path, path: Path, made_by: str | None) -> None:
    """Hear and store one recording; what fails says which one it was."""
    try:
        require_code(made_by, ROOMS_THAT_HEAR)
        source = night.open_source()
        try:
            features = features_of(_blocks(source), Encoder(encoder_path))
        finally:
            source.close()
        facts = {"person": night.sound.stem, **night.facts, "recording": night.sound.name}
        events = tuple((e.onset_s, e.duration_s, e.type, e.counts) for e in night.events)
        labels = labels_of(night, len(features))
        store(FeatureNight(path.stem, features, labels, events, facts), path)
    except OsaError as error:
        raise type(error)(f"The recording {night.sound} cannot be used: {error}") from error
    except Exception as error:
        # the edge of a worker: what goes back must tell which recording it was
        reason = f"{type(error).__name__}: {error}"
        raise RuntimeError(f"The recording {night.sound} fails: {reason}") from error


def _blocks(source: Source) -> Iterator[Block]:
    while True:
        block = source.read(_READ_S)
        if block is not None:
            yield block
        elif source.health().state is SourceState.ENDED:
            return


def labels_of(night: ReferenceNight, frames: int) -> dict[str, Flags]:
    """Return what is known of each frame, (frames,) of 0 and 1 by name; see `hear_or_load`."""
    labels = {name: np.zeros(frames, np.uint8) for name in ("apnea", "hypopnea", "ignore")}
    for event in night.events:
        name = "hypopnea" if event.type == "hypopnea" else "apnea"
        labels[name if event.counts else "ignore"][_rows(event.onset_s, event.end_s)] = 1
    labels["ignore"] &= (1 - labels["apnea"]) & (1 - labels["hypopnea"])
    if night.audible is not None:
        labels["audible"] = np.zeros(frames, np.uint8)
        for onset_s, duration_s in night.audible:
            labels["audible"][_rows(onset_s, onset_s + duration_s)] = 1
    return labels


def _rows(start_s: float, end_s: float) -> slice:
    return slice(round(start_s * FRAME_RATE_HZ), round(end_s * FRAME_RATE_HZ))
