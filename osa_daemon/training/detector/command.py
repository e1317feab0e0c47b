"""From a data folder to the shipped detector: the steps of `scripts/train_detector.py`."""

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
from osa_daemon.scoring.matching import pool
from osa_daemon.training.detector.calibration import calibrated
from osa_daemon.training.detector.corpus import FeatureNight, make_or_load
from osa_daemon.training.detector.export import export, model_bytes, state_shape
from osa_daemon.training.detector.judge import Reading, hours_of, judge, read, score
from osa_daemon.training.detector.network import AnyNetwork, Committee, NetworkShape
from osa_daemon.training.detector.operating import Operating, choose
from osa_daemon.training.detector.plan import GENERATORS, TRAIN, VALIDATION, Share, specs_of
from osa_daemon.training.detector.train import MEMBERS, Trainer, TrainingPlan
from osa_daemon.training.simulator.night import Generator, Which

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
    encoder_path = PACKAGE_MODELS / "encoder.onnx"
    sha256 = Encoder(encoder_path).sha256
    train, validation = (_nights(share, options) for share in (TRAIN, VALIDATION))
    plan = TrainingPlan() if options.steps is None else TrainingPlan(steps=options.steps)
    shape = NetworkShape(Encoder(encoder_path).width, LEVEL_WIDTH)
    made_by = "-".join((options.material, *options.generators))
    watched = validation[::CHECK_EVERY]
    members = []
    for number, disturbance in enumerate(MEMBERS, 1):
        path = options.cache / f"checkpoint-{made_by}-{number}.pt"
        trainer = Trainer(shape, plan, train, path, disturbance=disturbance)
        members.append(trainer.run(lambda n: _f1(_readings(n, sha256, watched))))
    network = calibrated(Committee(members), validation)
    readings = _readings(network, sha256, validation)
    chosen = choose(readings, options.jobs)
    judged = [judge(reading, chosen.thresholds["balanced"]) for reading in readings]
    about = {
        "material": options.material,
        "generators": options.generators,
        "train_hours": round(hours_of(train), 1),
        "validation_hours": round(hours_of(validation), 1),
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
    return path


def _nights(share: Share, options: Options) -> list[FeatureNight]:
    generators = options.generators if share.split == "train" else tuple(GENERATORS)
    specs = specs_of(share, options.material, options.scale, generators)
    encoder_path = PACKAGE_MODELS / "encoder.onnx"
    return make_or_load(
        specs, options.data, encoder_path, options.cache, options.jobs, dask=options.dask
    )


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


def _readings(
    network: AnyNetwork, encoder_sha256: str, nights: Sequence[FeatureNight]
) -> list[Reading]:
    """Read nights with a network that is not exported yet."""
    model = model_bytes(network, _metadata(network, encoder_sha256, Operating({}, {}), {}))
    return read(model, encoder_sha256, nights)


def _f1(readings: Sequence[Reading]) -> float:
    return pool([score(reading, {}).matches for reading in readings]).f1 or 0.0
