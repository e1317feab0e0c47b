"""The committee's members, trained side by side: each in a process of its own."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from joblib import Parallel, cpu_count, delayed

from osa_daemon.detector.model import Metadata
from osa_daemon.scoring.matching import pool
from osa_daemon.training.detector.corpus import FeatureNight, load
from osa_daemon.training.detector.export import model_bytes, state_shape
from osa_daemon.training.detector.judge import Reading, read, score
from osa_daemon.training.detector.network import AnyNetwork, Network, NetworkShape
from osa_daemon.training.detector.train import MEMBERS, Trainer, TrainingPlan


@dataclass(frozen=True, slots=True)
class Course:
    """What every member learns from and is watched on, and where its checkpoint lies.

    `train` and `watched`: files of nights; `checkpoints` a folder, `made_by` a part of the name.
    """

    train: tuple[Path, ...]
    watched: tuple[Path, ...]
    plan: TrainingPlan
    shape: NetworkShape
    encoder_sha256: str
    checkpoints: Path
    made_by: str


def train_members(course: Course, jobs: int) -> list[Network]:
    """Train the networks of `MEMBERS`, at most `jobs` at once; each goes on from its checkpoint.

    Each by a seed of its own: with other first weights and other crops they err apart.
    """
    numbers = range(1, len(MEMBERS) + 1)
    side_by_side = Parallel(n_jobs=min(jobs, len(MEMBERS)))
    return list(side_by_side(delayed(_train_member)(course, number) for number in numbers))


def readings_of(
    network: AnyNetwork, encoder_sha256: str, nights: Sequence[FeatureNight]
) -> list[Reading]:
    """Read nights with a network that has no thresholds yet."""
    return read(unrated(network, encoder_sha256), encoder_sha256, nights)


def unrated(network: AnyNetwork, encoder_sha256: str) -> bytes:
    """Return the file of a network that has no thresholds yet."""
    shape = network.shape
    widths = (shape.encoder_width, shape.level_width)
    state = state_shape(network)
    metadata = Metadata(shape.delay_frames, state, *widths, {}, encoder_sha256, {})
    return model_bytes(network, metadata)


def _train_member(course: Course, number: int) -> Network:
    # the same number of threads however many train at once: sums in other parts round otherwise
    torch.set_num_threads(max(1, cpu_count() // len(MEMBERS)))
    watched = list(_loaded(course.watched))
    trainer = Trainer(
        course.shape,
        replace(course.plan, seed=course.plan.seed + number - 1),
        _loaded(course.train),
        course.checkpoints / f"checkpoint-{course.made_by}-{number}.pt",
        disturbance=MEMBERS[number - 1],
        watched=tuple(path.stem for path in course.watched),
    )
    return trainer.run(
        lambda network: plain_f1(readings_of(network, course.encoder_sha256, watched)),
        f"network {number}, validation F1",
    )


def _loaded(paths: Sequence[Path]) -> Iterator[FeatureNight]:
    return (load(path, path.stem) for path in paths)


def plain_f1(readings: Sequence[Reading]) -> float:
    """Return the pooled F1 at plain thresholds: it chooses the best step of a training."""
    return pool([score(reading, {}).matches for reading in readings]).f1 or 0.0
