"""A trained detector adapts to recordings with a known truth: `train_detector.py --finetune`.

Some of the people are held out: they say which step is the best, at which thresholds, and whether
it helped. The weights never met them, but the thresholds were chosen on them: before and after are
compared with thresholds that were chosen the same way.
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
from osa_daemon.training.detector.calibration import calibrated
from osa_daemon.training.detector.corpus import FeatureNight, make_or_load
from osa_daemon.training.detector.division import Division, divide
from osa_daemon.training.detector.export import export, model_bytes
from osa_daemon.training.detector.judge import Reading, hours_of, read, score
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
ENCODER = PACKAGE_MODELS / "encoder.onnx"
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
    model = options.model or PACKAGE_MODELS / "detector.onnx"
    start, metadata = network_from_onnx(model)
    _check_features(metadata, Encoder(ENCODER).sha256, model)
    recordings = read_folder(options.recordings.resolve())
    width = start.shape.level_width
    nights = _narrow(hear_or_load(recordings, ENCODER, options.cache, options.workers), width)
    division = divide(nights, options.held_out, options.plan.seed)
    simulated = _narrow(_simulated(options, hours_of(division.train)), width)
    begun_with = file_sha256(model)
    tuned = _tune(start, options, division, simulated, options.cache / f"{begun_with[:12]}.pt")
    before, _ = _judged(start, metadata, division.held_out, options.workers.jobs)
    after, chosen = _judged(tuned, metadata, division.held_out, options.workers.jobs)
    figures = {
        "adapted_from": begun_with,
        "recordings": _told(division),
        "simulated_hours": round(hours_of(simulated), 2),
        "plan": asdict(options.plan),
        "before": before,
        "after": after,
        "helped": after["event_loss"] < before["event_loss"] and after["f1"] >= before["f1"],
    }
    chosen = replace(chosen, about={**metadata.about, "adapted": figures})
    _write(tuned, chosen, figures, options.out)
    return figures


def summary(figures: Mapping[str, Any]) -> str:
    """Return what `finetune` found, for a person."""
    about = figures["recordings"]
    lines = [
        f"Held out: {about['held_out_hours']:.1f} h of {', '.join(about['held_out_people'])}; "
        f"learned from {about['train_hours']:.1f} h.",
        f"{'':6} {'F1':>6} {'found':>6} {'missed':>6} {'false':>6} {'loss':>8}",
    ]
    for name in ("before", "after"):
        row = figures[name]
        counts = "".join(f" {row[count]:6d}" for count in ("found", "missed", "false"))
        lines.append(f"{name:6} {row['f1']:6.3f}{counts} {row['event_loss']:8.4f}")
    lines.append("It helped." if figures["helped"] else "It did not help: keep what you have.")
    return "\n".join(lines)


def _tune(
    start: Network,
    options: FinetuneOptions,
    division: Division,
    simulated: Sequence[FeatureNight],
    checkpoint: Path,
) -> Network:
    """Train on from `start`; return the best step, calibrated, or `start` where none is better."""
    train = [*division.train, *simulated]
    trainer = Trainer(start.shape, options.plan, train, checkpoint, start=start)
    held_out = division.held_out
    tuned = trainer.run(lambda n: math.exp(-event_loss(n, held_out)), "held-out likelihood")
    if event_loss(tuned, held_out) >= event_loss(start, held_out):
        return start
    return calibrated(tuned, held_out)


def _narrow(nights: Sequence[FeatureNight], width: int) -> list[FeatureNight]:
    """Leave out the levels that a detector of an older release does not hear."""
    return [
        replace(night, features=replace(night.features, levels=night.features.levels[:, :width]))
        for night in nights
    ]


def event_loss(network: Network, nights: Sequence[FeatureNight]) -> float:
    """Return the delayed reading's mean cross entropy of events over whole nights, in nats."""
    delay = network.shape.delay_frames
    network.eval()  # exporting leaves a network in training
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
    if metadata.encoder_sha256 != encoder_sha256 or metadata.level_width > LEVEL_WIDTH:
        raise ModelError(
            f"{model} hears {metadata.level_width} levels and the encoder "
            f"{metadata.encoder_sha256[:12]}, but this release has {LEVEL_WIDTH} and "
            f"{encoder_sha256[:12]}; take a detector of this release."
        )


def _simulated(options: FinetuneOptions, hours: float) -> list[FeatureNight]:
    """Return `hours` of simulated training nights, none without a data folder."""
    if options.data is None:
        return []
    specs = specs_of(TRAIN, options.material, min(1.0, hours / TRAIN.hours))
    jobs, dask = options.workers.jobs, options.workers.dask
    return make_or_load(specs, options.data, ENCODER, options.cache, jobs, dask=dask)


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
    """Choose thresholds on `nights`; return the figures there, and the metadata with them.

    Few nights choose badly: where they find nothing better, the thresholds stay as they are.
    """
    readings = read(model_bytes(network, metadata), metadata.encoder_sha256, nights)
    chosen = choose(readings, jobs)
    row, anew = (_row(readings, t["balanced"]) for t in (metadata.thresholds, chosen.thresholds))
    thresholds = metadata.thresholds
    if anew["f1"] > row["f1"]:
        row, thresholds = anew, chosen.thresholds
    row["event_loss"] = round(event_loss(network, nights), 4)
    return row, replace(metadata, thresholds=thresholds, calibration=chosen.calibration)


def _row(readings: Sequence[Reading], thresholds: Mapping[str, float]) -> dict[str, Any]:
    matches = pool([score(reading, thresholds).matches for reading in readings])
    return {
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
        shutil.copyfile(ENCODER, encoder)
    export(network, metadata, out / "detector.onnx")
    figures["detector_sha256"] = file_sha256(out / "detector.onnx")
    (out / "figures.json").write_text(json.dumps(figures, indent=1, sort_keys=True) + "\n")
    write_digests(out, encoder)
