"""A trained detector adapts to recordings with a known truth: `train_detector.py --finetune`.

Some of the people are held out: they say which step is the best, at which thresholds, and whether
it helped. Their figures are those of people that the weights never met, but the thresholds were
chosen on them: both networks are compared with thresholds chosen the same way.
"""

import json
import math
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch.nn import functional

from osa_daemon.detector.model import Metadata, file_sha256, write_digests
from osa_daemon.errors import ModelError, UsageError
from osa_daemon.evaluation.corpora.folder import read_folder
from osa_daemon.features.encoder import Encoder
from osa_daemon.features.levels import LEVEL_WIDTH
from osa_daemon.scoring.matching import pool
from osa_daemon.training.detector.corpus import FeatureNight, make_or_load
from osa_daemon.training.detector.division import Division, divide
from osa_daemon.training.detector.export import export, model_bytes
from osa_daemon.training.detector.judge import hours_of, read, score
from osa_daemon.training.detector.network import Network
from osa_daemon.training.detector.operating import choose
from osa_daemon.training.detector.plan import TRAIN, specs_of
from osa_daemon.training.detector.recordings import hear_or_load
from osa_daemon.training.detector.targets import targets_of
from osa_daemon.training.detector.train import Trainer, TrainingPlan
from osa_daemon.training.detector.weights import network_from_onnx
from osa_daemon.training.detector.workers import Workers
from osa_daemon.training.simulator.night import Which

PACKAGE_MODELS = Path(__file__).parents[2] / "models"
# few steps, small ones: what was learned from many voices is to stay
PLAN = TrainingPlan(steps=300, learning_rate=3e-4, average=0.98, check_every=25)


@dataclass(frozen=True, slots=True)
class FinetuneOptions:
    """What the script was asked for.

    `recordings`: a folder that `evaluate` can read. `out` gets the adapted model. `model`: the
    detector to begin with, None for the package's. `data`: the folder of simulation; with it, as
    many hours of simulated training nights are mixed in. `held_out`: share of the people.
    """

    recordings: Path
    out: Path
    cache: Path
    workers: Workers
    model: Path | None = None
    data: Path | None = None
    material: Which = "all"
    plan: TrainingPlan = PLAN
    held_out: float = 0.25


def finetune(options: FinetuneOptions) -> dict[str, Any]:
    """Adapt a detector; write detector.onnx, its digests and figures.json; return the figures.

    Raises:
        UsageError: `out` is the package's own folder, or there are too few recordings.
        InputError: a recording cannot be read.
        ModelError: the detector to begin with cannot be used.
    """
    _check_out(options.out)
    encoder_path = PACKAGE_MODELS / "encoder.onnx"
    model = options.model or PACKAGE_MODELS / "detector.onnx"
    start, metadata = network_from_onnx(model)
    _check_features(metadata, Encoder(encoder_path).sha256, model)
    nights = hear_or_load(
        read_folder(options.recordings.resolve()), encoder_path, options.cache, options.workers
    )
    division = divide(nights, options.held_out, options.plan.seed)
    train = [*division.train, *_simulated(options, encoder_path, hours_of(division.train))]
    begun_with = file_sha256(model)
    checkpoint = options.cache / f"finetune-{begun_with[:12]}.pt"
    trainer = Trainer(start.shape, options.plan, train, checkpoint, start=start)
    tuned = trainer.run(
        lambda n: math.exp(-event_loss(n, division.held_out)), "held-out likelihood"
    )
    if event_loss(tuned, division.held_out) >= event_loss(start, division.held_out):
        tuned = start
    figures = {
        "adapted_from": begun_with,
        "recordings": _told(division),
        "simulated_hours": round(hours_of(train) - hours_of(division.train), 2),
        "plan": asdict(options.plan),
    }
    before, _ = _judged(start, metadata, division.held_out, options.workers.jobs)
    after, chosen = _judged(tuned, metadata, division.held_out, options.workers.jobs)
    shipped = _row(start, metadata, division.held_out, metadata.thresholds["balanced"])
    figures |= {"before": before, "after": after, "before_with_its_thresholds": shipped}
    figures["helped"] = after["event_loss"] < before["event_loss"] and after["f1"] >= before["f1"]
    about = {**metadata.about, "adapted": figures}
    _write(tuned, replace(chosen, about=about), figures, options.out)
    return figures


def event_loss(network: Network, nights: Sequence[FeatureNight]) -> float:
    """Return the delayed reading's mean cross entropy of events over whole nights, in nats."""
    delay = network.shape.delay_frames
    total = weight = 0.0
    for night in nights:
        targets = targets_of(night.labels, night.features.valid, delay)
        columns = (night.features.encoder, night.features.levels, night.features.valid[:, None])
        rows = (np.pad(c.astype(np.float32), ((0, delay), (0, 0))) for c in columns)
        with torch.no_grad():
            inputs = [torch.from_numpy(row)[None] for row in rows]
            _, delayed, _ = network(*inputs, network.zero_state(1))
            event = functional.cross_entropy(
                delayed[0, :, 4:], torch.from_numpy(targets.event), reduction="none"
            )
        total += float((event.numpy() * targets.event_weight).sum())
        weight += float(targets.event_weight.sum())
    return total / max(weight, 1.0)


def _check_out(out: Path) -> None:
    if out.resolve() == PACKAGE_MODELS.resolve():
        raise UsageError(
            f"--out {out} is the package's own folder; name another one, and copy the model "
            "yourself once its figures convince you."
        )


def _check_features(metadata: Metadata, encoder_sha256: str, model: Path) -> None:
    """Refuse a detector that was trained on another front end than this package's."""
    if metadata.encoder_sha256 != encoder_sha256 or metadata.level_width != LEVEL_WIDTH:
        raise ModelError(
            f"{model} hears {metadata.level_width} levels and the encoder "
            f"{metadata.encoder_sha256[:12]}, but this release has {LEVEL_WIDTH} and "
            f"{encoder_sha256[:12]}; take a detector of this release."
        )


def _simulated(options: FinetuneOptions, encoder_path: Path, hours: float) -> list[FeatureNight]:
    if options.data is None:
        return []
    specs = specs_of(TRAIN, options.material, min(1.0, hours / TRAIN.hours))
    workers = options.workers
    return make_or_load(
        specs, options.data, encoder_path, options.cache, workers.jobs, dask=workers.dask
    )


def _told(division: Division) -> dict[str, Any]:
    people = {str(night.facts["person"]) for night in division.held_out}
    return {
        "train_hours": round(hours_of(division.train), 2),
        "held_out_hours": round(hours_of(division.held_out), 2),
        "held_out_by": division.unit,
        "held_out_people": sorted(people),
    }


def _judged(
    network: Network, metadata: Metadata, nights: Sequence[FeatureNight], jobs: int
) -> tuple[dict[str, Any], Metadata]:
    """Choose thresholds on `nights`; return the figures there, and the metadata with them."""
    readings = read(model_bytes(network, metadata), metadata.encoder_sha256, nights)
    chosen = choose(readings, jobs)
    metadata = replace(metadata, thresholds=chosen.thresholds, calibration=chosen.calibration)
    return _row(network, metadata, nights, chosen.thresholds["balanced"]), metadata


def _row(
    network: Network,
    metadata: Metadata,
    nights: Sequence[FeatureNight],
    thresholds: Mapping[str, float],
) -> dict[str, Any]:
    readings = read(model_bytes(network, metadata), metadata.encoder_sha256, nights)
    matches = pool([score(reading, thresholds).matches for reading in readings])
    return {
        "event_loss": round(event_loss(network, nights), 4),
        "f1": round(matches.f1 or 0.0, 4),
        "found": len(matches.pairs),
        "missed": len(matches.missed),
        "false": len(matches.false),
        "thresholds": dict(thresholds),
    }


def _write(network: Network, metadata: Metadata, figures: dict[str, Any], out: Path) -> None:
    """Write all at the end: an interrupted run changes nothing."""
    out.mkdir(parents=True, exist_ok=True)
    encoder = out / "encoder.onnx"
    if not encoder.exists():
        shutil.copyfile(PACKAGE_MODELS / "encoder.onnx", encoder)
    export(network, metadata, out / "detector.onnx")
    figures["detector_sha256"] = file_sha256(out / "detector.onnx")
    (out / "figures.json").write_text(json.dumps(figures, indent=1, sort_keys=True) + "\n")
    write_digests(out, encoder)
