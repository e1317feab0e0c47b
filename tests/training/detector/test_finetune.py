"""A detector adapts to recordings: it helps, and it changes nothing that was not asked for."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from osa_daemon.errors import ModelError, UsageError
from osa_daemon.features.features import Features
from osa_daemon.service.models import load_models, models_folder
from osa_daemon.training.detector.corpus import FeatureNight
from osa_daemon.training.detector.division import divide
from osa_daemon.training.detector.finetune import PLAN, FinetuneOptions, finetune
from osa_daemon.training.detector.improvement import summary
from osa_daemon.training.detector.workers import Workers
from tests.training.detector.strange import write_nights

pytestmark = pytest.mark.train


@pytest.fixture(scope="module")
def recordings(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six people whose breath only crackles."""
    folder = tmp_path_factory.mktemp("recordings")
    write_nights(folder, people=6)
    return folder


@pytest.fixture(scope="module")
def options(recordings: Path, tmp_path_factory: pytest.TempPathFactory) -> FinetuneOptions:
    """A short run, with a cache for all tests."""
    cache = tmp_path_factory.mktemp("cache")
    plan = replace(PLAN, steps=80, batch=4, check_every=20)
    return FinetuneOptions(recordings, cache / "out", cache, Workers(1), plan=plan, held_out=0.34)


@pytest.fixture(scope="module")
def figures(options: FinetuneOptions) -> dict[str, Any]:
    """What the run says of itself."""
    return finetune(options)


def test_it_helps_on_sounds_that_nothing_was_trained_on(figures: dict[str, Any]):
    """People held out are heard better than before; a start that was good is hard to better."""
    before, after = figures["before"], figures["after"]
    assert after["event_loss"] < before["event_loss"]
    assert after["f1"] >= min(0.7, before["f1"] + 0.1)
    assert figures["helped"] == (after["f1"] >= before["f1"])


def test_the_people_who_judge_are_not_learned_from(figures: dict[str, Any]):
    """Two of six people are held out, whole."""
    assert len(figures["recordings"]["held_out_people"]) == 2
    assert figures["recordings"]["held_out_by"] == "person"
    assert figures["recordings"]["train_hours"] == pytest.approx(4 * 200 / 3600, abs=0.01)


def test_the_folder_is_a_whole_set_of_models(figures: dict[str, Any], options: FinetuneOptions):
    """The bedside loads what was written, by its digests, and reads what it was adapted to."""
    about = load_models(options.out).detector().metadata.about
    assert about["adapted"]["adapted_from"] == figures["adapted_from"]
    assert (options.out / "figures.json").exists()


def test_a_person_reads_what_it_did(figures: dict[str, Any]):
    """The summary names who was held out, and tells whether to keep the model."""
    text = summary(figures | {"helped": True})
    assert figures["recordings"]["held_out_people"][0] in text
    assert text.endswith("It helped.")
    assert summary(figures | {"helped": False}).endswith("keep what you have.")


def test_the_same_recordings_give_the_same_model(options: FinetuneOptions, tmp_path: Path):
    """Two runs from the beginning write the same bytes."""
    short = replace(options, plan=replace(options.plan, steps=4, check_every=2))
    digests = []
    short = replace(short, cache=tmp_path / "cache")
    for name in ("one", "two"):
        made = finetune(replace(short, out=tmp_path / name))
        digests.append(made["detector_sha256"])
        for checkpoint in options.cache.glob("*.pt"):
            checkpoint.unlink()
    assert digests[0] == digests[1]


def test_what_does_not_help_changes_no_weight(options: FinetuneOptions, tmp_path: Path):
    """Where no step is better on the people held out, the network stays as it was."""
    harmful = replace(options.plan, steps=2, check_every=2, learning_rate=10.0)
    made = finetune(replace(options, plan=harmful, out=tmp_path))
    assert not made["helped"]
    assert made["after"]["event_loss"] == made["before"]["event_loss"]
    assert summary(made).endswith("keep what you have.")


def test_the_shipped_model_is_not_written_over(options: FinetuneOptions):
    """The package's own folder is refused before any work."""
    with pytest.raises(UsageError, match="package's own folder"):
        finetune(replace(options, out=models_folder()))


def test_a_file_that_is_no_detector_is_refused(options: FinetuneOptions, tmp_path: Path):
    """The sentence names the file."""
    model = tmp_path / "model.onnx"
    model.write_text("none")
    with pytest.raises(ModelError, match=r"model\.onnx"):
        finetune(replace(options, model=model))


def a_night(name: str, person: str, *, has_event: bool = True) -> FeatureNight:
    """A night without features."""
    nothing = np.zeros(0, np.float32)
    flags = np.zeros(0, np.bool_)
    features = Features(0, nothing, nothing, flags, nothing, nothing, flags, flags)
    events = ((20.0, 15.0, "apnea", True),) if has_event else ()
    return FeatureNight(name, features, {}, events, {"person": person})


def test_all_nights_of_a_person_are_on_one_side():
    """Who is held out is not learned from on another night."""
    nights = [a_night(f"{person}{k}", person) for person in "abcd" for k in range(3)]
    division = divide(nights, 0.25, seed=1)
    assert {n.facts["person"] for n in division.held_out}.isdisjoint(
        n.facts["person"] for n in division.train
    )
    assert len(division.held_out) == 3


def test_nights_of_one_person_divide_by_night():
    """Someone who adapts the model to themselves can do so; the figures tell it."""
    division = divide([a_night(name, "me") for name in "abcd"], 0.25, seed=1)
    assert (len(division.train), len(division.held_out), division.unit) == (3, 1, "night")


def test_one_recording_is_too_few():
    """There is nothing left to judge by."""
    with pytest.raises(UsageError, match="at least two recordings"):
        divide([a_night("a", "me")], 0.25, seed=1)


def test_recordings_without_events_are_too_few():
    """Without an event on either side nothing can be learned or judged."""
    nights = [a_night("a", "a"), a_night("b", "b", has_event=False)]
    with pytest.raises(UsageError, match="no event that counts"):
        divide(nights, 0.5, seed=1)
