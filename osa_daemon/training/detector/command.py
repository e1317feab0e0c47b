"""From a data folder to the shipped detector: the steps of `scripts/train_detector.py`."""

import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from osa_daemon import __version__
from osa_daemon.detector.model import Metadata, write_digests
from osa_daemon.evaluation.figures.events import event_row
from osa_daemon.evaluation.figures.matched import match_nights
from osa_daemon.evaluation.store import make_folder
from osa_daemon.features.encoder import Encoder
from osa_daemon.features.levels import LEVEL_WIDTH
from osa_daemon.training.detector.calibration import calibrated
from osa_daemon.training.detector.corpus import load, make
from osa_daemon.training.detector.export import export, state_shape
from osa_daemon.training.detector.judge import hours_of, judge
from osa_daemon.training.detector.members import Course, readings_of, train_members
from osa_daemon.training.detector.network import AnyNetwork, Committee, NetworkShape
from osa_daemon.training.detector.operating import Operating, choose
from osa_daemon.training.detector.plan import (
    CALM_TRAIN,
    CALM_VALIDATION,
    GENERATORS,
    TRAIN,
    VALIDATION,
    calm_specs,
    specs_of,
)
from osa_daemon.training.detector.train import TrainingPlan
from osa_daemon.training.simulator.night import Generator, NightSpec, Which

PACKAGE_MODELS = Path(__file__).parents[2] / "models"
CHECK_EVERY = 3  # of the validation nights watched while training goes on


@dataclass(frozen=True, slots=True)
class Options:
    """What the script was asked for; None takes the plan's own."""

    data: Path
    out: Path
    cache: Path
    material: Which
    scale: float
    steps: int | None
    jobs: int
    dask: str | None = None
    generators: tuple[Generator, ...] = tuple(GENERATORS)


def train_detector(options: Options) -> Path:
    """Make nights, train, calibrate, choose thresholds, export; return the detector's file.

    Raises:
        StorageError: `out` cannot be written, which is tried before hours are spent.
    """
    make_folder(options.out)
    watch = _StopWatch()
    encoder_path = PACKAGE_MODELS / "encoder.onnx"
    sha256 = Encoder(encoder_path).sha256
    specs = [_train_specs(options), specs_of(VALIDATION, options.material, options.scale)]
    train, watched = (_made(some, options) for some in specs)
    calm_paths = _made(calm_specs(CALM_VALIDATION, options.material, options.scale), options)
    watch.lap("Nights and their features")
    plan = TrainingPlan() if options.steps is None else TrainingPlan(steps=options.steps)
    shape = NetworkShape(Encoder(encoder_path).width, LEVEL_WIDTH)
    course = Course(
        tuple(train),
        tuple(watched[::CHECK_EVERY]),
        plan,
        shape,
        sha256,
        options.cache.resolve(),
        "-".join((options.material, *options.generators)),
    )
    members = train_members(course, options.jobs)
    watch.lap("Training of the networks")
    validation = [load(path, path.stem) for path in watched]
    network = calibrated(Committee(members), validation)
    readings = readings_of(network, sha256, validation)
    calm = [load(path, path.stem) for path in calm_paths]
    chosen = choose(readings, options.jobs, readings_of(network, sha256, calm))
    judged = [judge(reading, chosen.thresholds["balanced"]) for reading in readings]
    about = {
        "material": options.material,
        "generators": options.generators,
        "train_hours": round(sum(spec.duration_s for spec in specs[0]) / 3600, 1),
        "validation_hours": round(hours_of(validation), 1),
        "calm_hours": round(hours_of(calm), 1),
        "weights": sum(p.numel() for p in network.parameters()),
        "validation": event_row(match_nights(judged)),
        "plan": asdict(plan),
        "shape": asdict(shape),
        "members": len(members),
        "versions": {"osa_daemon": __version__, "torch": version("torch")},
    }
    path = options.out / "detector.onnx"
    # what is written is written at the end: an interrupted run changes nothing
    export(network, _metadata(network, sha256, chosen, about), path)
    write_digests(options.out, encoder_path)
    watch.lap("Calibration and thresholds")
    return path


class _StopWatch:
    """Says how long each part of a training took: what is cached takes no time."""

    def __init__(self) -> None:
        self._since = time.monotonic()

    def lap(self, part: str) -> None:
        """Print how long it is since the last part."""
        now = time.monotonic()
        print(f"{part}: {(now - self._since) / 60:.1f} min.", flush=True)
        self._since = now


def _train_specs(options: Options) -> list[NightSpec]:
    drawn = (options.material, options.scale, options.generators)
    return [*specs_of(TRAIN, *drawn), *calm_specs(CALM_TRAIN, *drawn)]


def _made(specs: Sequence[NightSpec], options: Options) -> list[Path]:
    encoder_path = PACKAGE_MODELS / "encoder.onnx"
    return make(specs, options.data, encoder_path, options.cache, options.jobs, dask=options.dask)


def _metadata(
    network: AnyNetwork, encoder_sha256: str, chosen: Operating, about: dict[str, Any]
) -> Metadata:
    return Metadata(
        network.shape.delay_frames,
        state_shape(network),
        network.shape.encoder_width,
        network.shape.level_width,
        chosen.thresholds,
        encoder_sha256,
        about,
        chosen.calibration,
    )
