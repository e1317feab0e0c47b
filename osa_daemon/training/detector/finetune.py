"""A trained detector adapts to recordings with a known truth: `train_detector.py --finetune`.

Some of the people are held out: they say which step is the best, at which thresholds, and whether
it helped. Training never met them, but the step, the calibration of the adapted network and the
thresholds were chosen on them, and the thresholds of both before and after: so expect a little less
of new people than the figures say.
"""

import json
import math
import shutil
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from osa_daemon.detector.model import Metadata, file_sha256, write_digests
from osa_daemon.errors import ModelError, UsageError
from osa_daemon.evaluation.corpora.folder import read_folder
from osa_daemon.evaluation.store import write_whole
from osa_daemon.features.encoder import Encoder
from osa_daemon.features.levels import LEVEL_WIDTH
from osa_daemon.training.detector.calibration import calibrated
from osa_daemon.training.detector.corpus import FeatureNight, make_or_load
from osa_daemon.training.detector.division import Division, divide
from osa_daemon.training.detector.export import export
from osa_daemon.training.detector.improvement import (
    counts_of,
    event_loss,
    judged,
    read_nights,
)
from osa_daemon.training.detector.judge import hours_of
from osa_daemon.training.detector.network import AnyNetwork, Committee
from osa_daemon.training.detector.plan import TRAIN, VALIDATION, Share, specs_of
from osa_daemon.training.detector.recordings import hear_or_load
from osa_daemon.training.detector.train import Trainer, TrainingPlan
from osa_daemon.training.detector.weights import network_from_onnx
from osa_daemon.training.detector.workers import Workers
from osa_daemon.training.simulator.night import Which

PACKAGE_MODELS = Path(__file__).parents[2] / "models"
ENCODER = PACKAGE_MODELS / "encoder.onnx"
# few steps, small ones: what was learned from many voices is to stay
KEPT_HOURS = 2.0  # of simulated validation nights, which tell what was lost
PLAN = TrainingPlan(steps=300, learning_rate=3e-4, average=0.98, check_every=25)


@dataclass(frozen=True, slots=True)
class FinetuneOptions:
    """What the script was asked for.

    `recordings`: a folder that `evaluate` can read. `out` gets the adapted model. `model`: the
    detector to begin with, None for the package's. `data`: the folder of simulation; with it, as
    many hours of simulated training nights are mixed in, and the figures tell what was lost of
    what simulated nights teach. `held_out`: share of the people.
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
    nights = hear_or_load(recordings, ENCODER, options.cache, options.workers)
    division = divide(_narrow(nights, start), options.held_out, options.plan.seed)
    simulated = _simulated(options, TRAIN, hours_of(division.train), start)
    begun_with = file_sha256(model)
    tuned = _tune(start, options, division, simulated, options.cache / f"{begun_with[:12]}.pt")
    before, was = judged(start, metadata, division.held_out, options.workers.jobs)
    after, chosen = judged(tuned, metadata, division.held_out, options.workers.jobs)
    figures = {
        "adapted_from": begun_with,
        "recordings": _told(division, len(recordings)),
        "simulated_hours": round(hours_of(simulated), 2),
        "plan": asdict(options.plan),
        "before": before,
        "after": after,
        "helped": after["event_loss"] < before["event_loss"] and after["f1"] >= before["f1"],
    }
    kept = _simulated(options, VALIDATION, KEPT_HOURS, start)
    if kept:
        figures["simulated_before"] = _counted(start, was, kept)
        figures["simulated_after"] = _counted(tuned, chosen, kept)
    chosen = replace(chosen, about={**metadata.about, "adapted": figures})
    _write(tuned, chosen, figures, options.out)
    return figures


def _counted(
    network: AnyNetwork, metadata: Metadata, nights: Sequence[FeatureNight]
) -> dict[str, Any]:
    readings = read_nights(network, metadata, nights)
    return counts_of(readings, metadata.thresholds["balanced"])


def _tune(
    start: Committee,
    options: FinetuneOptions,
    division: Division,
    simulated: Sequence[FeatureNight],
    checkpoint: Path,
) -> Committee:
    """Train each member on from `start`; return their best steps together, calibrated.

    Where they are no better than `start`, it is `start`.
    """
    train = [*division.train, *simulated]
    held_out = division.held_out
    members = []
    for number, member in enumerate(start.members, 1):
        path = checkpoint.with_stem(f"{checkpoint.stem}-{number}")
        judges = [night.name for night in held_out]
        trainer = Trainer(start.shape, options.plan, train, path, start=member, watched=judges)
        likelihood = "held-out likelihood"
        members.append(trainer.run(lambda n: math.exp(-event_loss(n, held_out)), likelihood))
    tuned = Committee(members)
    if event_loss(tuned, held_out) >= event_loss(start, held_out):
        return start
    return calibrated(tuned, held_out)


def _narrow(nights: Sequence[FeatureNight], network: AnyNetwork) -> list[FeatureNight]:
    """Leave out the levels that a detector of an older release does not hear."""
    width = network.shape.level_width
    return [
        replace(night, features=replace(night.features, levels=night.features.levels[:, :width]))
        for night in nights
    ]


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


def _simulated(
    options: FinetuneOptions, share: Share, hours: float, network: AnyNetwork
) -> list[FeatureNight]:
    """Return about `hours` of simulated nights of a split, none without a data folder."""
    if options.data is None:
        return []
    scale = min(1.0, hours / share.all_hours)
    specs = specs_of(share, options.material, scale)
    jobs, dask = options.workers.jobs, options.workers.dask
    nights = make_or_load(specs, options.data, ENCODER, options.cache, jobs, dask=dask)
    return _narrow(nights, network)


def _told(division: Division, recordings: int) -> dict[str, Any]:
    people = {str(night.facts["person"]) for night in division.held_out}
    return {
        "train_hours": round(hours_of(division.train), 2),
        "held_out_hours": round(hours_of(division.held_out), 2),
        "held_out_by": division.unit,
        "held_out_people": sorted(people),
        "left_out": recordings - len(division.train) - len(division.held_out),
    }


def _write(network: AnyNetwork, metadata: Metadata, figures: dict[str, Any], out: Path) -> None:
    """Write all at the end: an interrupted run changes nothing."""
    out.mkdir(parents=True, exist_ok=True)
    encoder = out / "encoder.onnx"
    shutil.copyfile(ENCODER, encoder)
    export(network, metadata, out / "detector.onnx")
    figures["detector_sha256"] = file_sha256(out / "detector.onnx")
    write_whole(out / "figures.json", json.dumps(figures, indent=1, sort_keys=True) + "\n")
    write_digests(out, encoder)
