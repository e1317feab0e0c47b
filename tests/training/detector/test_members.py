"""The committee's members are trained side by side as one after the other."""

from dataclasses import replace
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")

from osa_daemon.features.encoder import Encoder
from osa_daemon.features.levels import LEVEL_WIDTH
from osa_daemon.service.models import models_folder
from osa_daemon.training.detector import members
from osa_daemon.training.detector.corpus import make
from osa_daemon.training.detector.members import Course, train_members
from osa_daemon.training.detector.network import Disturbance, NetworkShape
from osa_daemon.training.detector.train import MEMBERS, TrainingPlan
from osa_daemon.training.simulator import NightSpec

pytestmark = pytest.mark.train


def course_in(tmp_path: Path, made_by: str) -> Course:
    """Two short nights and a small network, in a cache."""
    encoder_path = models_folder() / "encoder.onnx"
    encoder = Encoder(encoder_path)
    specs = [
        NightSpec(seed, "train", "synthesised", "events", 150.0, severity="severe")
        for seed in (1, 2)
    ]
    nights = tuple(make(specs, None, encoder_path, tmp_path, jobs=1))
    return Course(
        train=nights,
        watched=nights[:1],
        plan=TrainingPlan(steps=6, batch=2, check_every=3),
        shape=NetworkShape(encoder.width, LEVEL_WIDTH, channels=8),
        encoder_sha256=encoder.sha256,
        checkpoints=tmp_path,
        made_by=made_by,
    )


def test_members_have_seeds_of_their_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Disturbed alike, they still begin with other weights and see other crops."""
    monkeypatch.setattr(members, "MEMBERS", (Disturbance(), Disturbance()))
    one, two = train_members(course_in(tmp_path, "alike"), 1)
    assert not torch.equal(one.enter.weight, two.enter.weight)


def test_members_are_the_same_however_many_train_at_once(tmp_path: Path):
    """Each has its own disturbance and checkpoint; processes change nothing."""
    course = course_in(tmp_path, "one")
    alone = train_members(course, 1)
    beside = train_members(replace(course, made_by="two"), 2)
    assert len(alone) == len(MEMBERS) == len(list(tmp_path.glob("checkpoint-two-*.pt")))
    for one, two in zip(alone, beside, strict=True):
        for name, row in one.state_dict().items():
            torch.testing.assert_close(two.state_dict()[name], row)
    assert not torch.equal(alone[0].enter.weight, alone[1].enter.weight)
