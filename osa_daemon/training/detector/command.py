"""From a data folder to the shipped detector: the steps of `scripts/train_detector.py`."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from osa_daemon import __version__
from osa_daemon.detector.model import Metadata, file_sha256, write_digests
from osa_daemon.features.encoder import Encoder
from osa_daemon.features.features import FRAME_RATE_HZ
from osa_daemon.features.levels import LEVEL_WIDTH
from osa_daemon.scoring.matching import pool
from osa_daemon.training.detector.card import card_of
from osa_daemon.training.detector.corpus import FeatureNight, make_or_load
from osa_daemon.training.detector.export import export, model_bytes, state_shape
from osa_daemon.training.detector.figures import all_figures
from osa_daemon.training.detector.judge import Reading, Verdict, hours_of, read, score
from osa_daemon.training.detector.network import Network, NetworkShape
from osa_daemon.training.detector.operating import Operating, choose
from osa_daemon.training.detector.plan import TEST, TRAIN, VALIDATION, Share, specs_of
from osa_daemon.training.detector.train import Trainer, TrainingPlan
from osa_daemon.training.simulator.night import Which

PACKAGE_MODELS = Path(__file__).parents[2] / "models"


@dataclass(frozen=True, slots=True)
class Options:
    """What the script was asked for; None takes the plan's own."""

    data: Path
    out: Path | None
    cache: Path
    material: Which
    scale: float
    steps: int | None
    jobs: int


def train_detector(options: Options) -> None:
    """Make nights, train, choose thresholds, export, and write the card."""
    encoder_path = PACKAGE_MODELS / "encoder.onnx"
    encoder = Encoder(encoder_path)

    def nights(share: Share) -> list[FeatureNight]:
        specs = specs_of(share, options.material, options.scale)
        return make_or_load(specs, options.data, encoder_path, options.cache, options.jobs)

    train, validation = nights(TRAIN), nights(VALIDATION)
    plan = TrainingPlan() if options.steps is None else TrainingPlan(steps=options.steps)
    shape = NetworkShape(encoder.width, LEVEL_WIDTH)
    checkpoint = options.cache / f"checkpoint-{options.material}.pt"
    trainer = Trainer(shape, plan, train, checkpoint)
    network = trainer.run(lambda n: _f1(_readings(n, encoder.sha256, validation)))
    out = options.out or PACKAGE_MODELS
    out.mkdir(parents=True, exist_ok=True)
    chosen = choose(_readings(network, encoder.sha256, validation), options.jobs)
    thresholds = chosen.thresholds
    about = {
        "material": options.material,
        "train_hours": round(hours_of(train), 1),
        "validation_hours": round(hours_of(validation), 1),
        "weights": sum(p.numel() for p in network.parameters()),
        "encoder_sha256": encoder.sha256,
        "frame_rate_hz": FRAME_RATE_HZ,
        "thresholds": thresholds,
        "validation": all_figures(_verdicts(network, encoder.sha256, thresholds, validation)),
        "plan": asdict(plan),
        "versions": {"osa_daemon": __version__, "torch": version("torch")},
    }
    test = nights(TEST)
    verdicts = _verdicts(network, encoder.sha256, thresholds, test)
    figures = about | {"test_hours": round(hours_of(test), 1), "test": all_figures(verdicts)}
    # all that is written is written at the end: an interrupted run changes nothing
    path = out / "detector.onnx"
    export(network, _metadata(network, encoder.sha256, chosen, figures), path)
    figures["detector_sha256"] = file_sha256(path)
    (out / "figures.json").write_text(json.dumps(figures, indent=1, sort_keys=True) + "\n")
    (out / "CARD.md").write_text(card_of(figures))
    write_digests(out, encoder_path)
    print(card_of(figures))


def _verdicts(
    network: Network,
    encoder_sha256: str,
    thresholds: Mapping[str, Mapping[str, float]],
    nights: Sequence[FeatureNight],
) -> list[Verdict]:
    """Judge nights at the balanced operating point."""
    readings = _readings(network, encoder_sha256, nights)
    return [score(reading, thresholds["balanced"]) for reading in readings]


def _metadata(
    network: Network, encoder_sha256: str, chosen: Operating, about: dict[str, Any]
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
    network: Network, encoder_sha256: str, nights: Sequence[FeatureNight]
) -> list[Reading]:
    """Read nights with a network that is not exported yet."""
    model = model_bytes(network, _metadata(network, encoder_sha256, Operating({}, {}), {}))
    return read(model, encoder_sha256, nights)


def _f1(readings: Sequence[Reading]) -> float:
    return pool([score(reading, {}).matches for reading in readings]).f1 or 0.0
