"""Trains a variant as the shipped detector is trained, and judges nights with it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from typing import Any

from osa_daemon.evaluation.night import JudgedNight
from osa_daemon.evaluation.store import make_folder
from osa_daemon.training.detector.calibration import calibrated
from osa_daemon.training.detector.command import CHECK_EVERY
from osa_daemon.training.detector.comparison.variants import Variant
from osa_daemon.training.detector.comparison.views import View, seen
from osa_daemon.training.detector.comparison.workshop import Way, Workshop, digest_of
from osa_daemon.training.detector.corpus import FeatureNight, load
from osa_daemon.training.detector.judge import hours_of, judge, read
from osa_daemon.training.detector.members import plain_f1, readings_of, unrated
from osa_daemon.training.detector.network import Committee, NetworkShape
from osa_daemon.training.detector.operating import choose
from osa_daemon.training.detector.train import Trainer, TrainingPlan
from osa_daemon.training.simulator import NightSpec

ENCODER = "of a trial"  # stands for the digest of an encoder: trials are never shipped
Specs = Sequence[NightSpec]


@dataclass(frozen=True, slots=True)
class Trained:
    """A trained detector: its file's bytes, what it must be given, and its balanced thresholds."""

    model: bytes
    view: View
    thresholds: Mapping[str, float]
    plan: TrainingPlan
    train_hours: float
    weights: int
    encoder_sha256: str = ENCODER
    members: int = 1

    @property
    def way(self) -> Way:
        """How it judges a night."""
        made_of = digest_of(self.model.hex(), asdict(self.view), dict(self.thresholds))
        return Way(made_of, partial(judged, self), logmel=self.view.sound == "logmel")

    @property
    def facts(self) -> dict[str, Any]:
        """What a table says of it."""
        return {
            "threshold": self.thresholds["event"],
            "members": self.members,
            "steps": self.plan.steps,
            "train_hours": self.train_hours,
            "weights": self.weights,
            "size_mb": round(len(self.model) / 1e6, 3),
        }


def train(
    variant: Variant,
    shop: Workshop,
    specs: tuple[Specs, Specs],
    plan: TrainingPlan,
    *,
    members: int = 1,
    calm: Specs = (),
) -> tuple[Trained, list[JudgedNight]]:
    """Train `variant` and choose its thresholds on training and validation nights of `specs`.

    `members`: how many networks make its committee, each by a seed of its own. `calm`: more nights
    without events, for the rates of what is false. Goes on from its
    checkpoints. Returns it and the judged validation nights.
    """
    nights, validation = ([*_seen(variant, shop, part)] for part in specs)
    plan = replace(plan, **variant.plan)
    shape = _shape_of(variant, nights[0])
    make_folder(shop.checkpoints)
    watched = validation[::CHECK_EVERY]
    networks = []
    for number in range(members):
        own = replace(plan, seed=plan.seed + number)
        key = digest_of(asdict(variant), asdict(own), asdict(shape), [n.name for n in nights])
        path = shop.checkpoints / f"{key}.pt"
        trainer = Trainer(
            shape,
            own,
            nights,
            path,
            disturbance=variant.disturbed_by,
            watched=[night.name for night in watched],
        )
        networks.append(trainer.run(lambda n: plain_f1(readings_of(n, ENCODER, watched))))
    network = calibrated(Committee(networks), validation)
    readings = readings_of(network, ENCODER, validation)
    quiet = readings_of(network, ENCODER, [*_seen(variant, shop, calm)])
    thresholds = choose(readings, shop.jobs, quiet).thresholds["balanced"]
    trained = Trained(
        model=unrated(network, ENCODER),
        view=variant.view,
        thresholds=thresholds,
        plan=plan,
        train_hours=round(hours_of(nights), 2),
        weights=sum(p.numel() for p in network.parameters()),
        members=members,
    )
    return trained, [judge(reading, thresholds) for reading in readings]


def judged(trained: Trained, night: FeatureNight) -> JudgedNight:
    """Judge a night with a trained detector at its thresholds."""
    (reading,) = read(trained.model, trained.encoder_sha256, [seen(night, trained.view)])
    return judge(reading, trained.thresholds)


def _seen(variant: Variant, shop: Workshop, specs: Specs) -> Iterator[FeatureNight]:
    """Load nights one by one, and keep what the variant is given of them."""
    logmel = variant.view.sound == "logmel"
    for path in shop.paths(specs, variant.encoder):
        yield seen(load(path, path.stem, logmel=logmel), variant.view)


def _shape_of(variant: Variant, night: FeatureNight) -> NetworkShape:
    features = night.features
    shape = NetworkShape(features.encoder.shape[1], features.levels.shape[1])
    return replace(shape, **variant.shape)
