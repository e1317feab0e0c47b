"""Recordings as feature nights: what is known of them, and when they are heard."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("joblib")

from osa_daemon.errors import InputError
from osa_daemon.evaluation.corpora.folder import read_folder
from osa_daemon.evaluation.reference import ReferenceNight
from osa_daemon.scoring.matching import Span
from osa_daemon.training.detector import recordings
from osa_daemon.training.detector.corpus import FeatureNight
from osa_daemon.training.detector.recordings import hear_or_load, labels_of
from osa_daemon.training.detector.targets import targets_of
from osa_daemon.training.detector.workers import Workers
from tests.training.detector.strange import write_nights

pytestmark = pytest.mark.train

APNEA = Span(10.0, 20.0, "obstructive_apnea")
HYPOPNEA = Span(50.0, 15.0, "hypopnea")
UNHEARD = Span(80.0, 10.0, "apnea", counts=False)


def night_of(*events: Span, audible: Any = None) -> ReferenceNight:
    """A night with a truth and no sound."""
    return ReferenceNight(Path("night.wav"), events, audible, {})


def test_events_become_labels():
    """Each type has its frames at 5 Hz; what does not count is left out of training."""
    labels = labels_of(night_of(APNEA, HYPOPNEA, UNHEARD), 500)
    assert np.flatnonzero(labels["apnea"])[[0, -1]].tolist() == [50, 149]
    assert np.flatnonzero(labels["hypopnea"])[[0, -1]].tolist() == [250, 324]
    assert np.flatnonzero(labels["ignore"])[[0, -1]].tolist() == [400, 449]


def test_an_event_behind_the_end_labels_nothing():
    """A scorer's clock may run longer than the sound."""
    assert not labels_of(night_of(replace(APNEA, onset_s=200.0)), 500)["apnea"].any()


def test_what_nobody_scored_weighs_nothing():
    """Breath, snore and gasp are unknown, and audibility without spans."""
    targets = targets_of(labels_of(night_of(APNEA), 500), np.ones(500, np.bool_))
    assert not targets.causal_weight[:, [0, 1, 4, 5]].any()
    assert not targets.delayed_weight.any()
    assert targets.causal_weight[:500, [2, 3]].all()


def test_stated_audibility_is_learned():
    """Spans in which the sleeper can be heard are a truth of their own."""
    labels = labels_of(night_of(APNEA, audible=((0.0, 40.0),)), 500)
    targets = targets_of(labels, np.ones(500, np.bool_))
    assert targets.causal_weight[:500, 0].all()
    assert targets.causal[:, 0].sum() == 200


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Recordings of two people, 40 s each."""
    write_nights(tmp_path / "data", people=2, duration_s=40.0)
    return tmp_path / "data"


def hear(folder: Path, encoder_path: Path) -> list[FeatureNight]:
    """Hear or load what a folder holds, in this process."""
    return hear_or_load(read_folder(folder), encoder_path, folder.parent / "cache", Workers())


def test_frames_are_those_of_the_sound(folder: Path, encoder_path: Path):
    """A recording is heard whole, and named after its file and person."""
    night = hear(folder, encoder_path)[1]
    assert len(night.features) == 200 == len(night.labels["apnea"])
    assert night.features.valid.all()
    assert (night.facts["person"], night.facts["recording"]) == ("person 1", "night1.wav")


def test_no_recording_is_heard_twice(
    folder: Path, encoder_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """A second run loads what the first one heard."""
    first = hear(folder, encoder_path)

    def never(*_: Any) -> None:
        raise AssertionError

    monkeypatch.setattr(recordings, "features_of", never)
    second = hear(folder, encoder_path)
    np.testing.assert_array_equal(first[0].features.encoder, second[0].features.encoder)


def test_more_than_fits_into_memory_is_drawn_from(folder: Path, encoder_path: Path):
    """Of recordings that are too long together some are taken, the same at every run."""
    nights, cache = read_folder(folder), folder.parent / "cache"
    most_hours = 30 / 3600
    one, two = (hear_or_load(nights, encoder_path, cache, Workers(), most_hours) for _ in "ab")
    assert len(one) == 1
    assert one[0].name == two[0].name


def test_a_corrected_truth_counts(folder: Path, encoder_path: Path):
    """Whoever changes the events gets them at the next run."""
    hear(folder, encoder_path)
    table = folder / "night0.events.csv"
    table.write_text("onset_s,duration_s,type\n5.0,12.0,hypopnea\n")
    assert hear(folder, encoder_path)[0].events == ((5.0, 12.0, "hypopnea", True),)


def test_events_that_the_facts_deny_are_not_learned(folder: Path, encoder_path: Path):
    """Where NAME.json says that sound cannot find an event, training asks nothing of it."""
    (folder / "night0.events.csv").write_text("onset_s,duration_s,type\n5.0,12.0,hypopnea\n")
    told = {"person": "a", "events": [{"onset_s": 5.0, "counts": False}]}
    (folder / "night0.json").write_text(json.dumps(told))
    night = hear(folder, encoder_path)[0]
    assert not night.labels["hypopnea"].any()
    assert night.labels["ignore"].sum() == 60


def test_a_recording_that_cannot_be_heard_is_named(folder: Path, encoder_path: Path):
    """The sentence names the file."""
    (folder / "night1.wav").write_bytes(b"no sound")
    with pytest.raises(InputError, match=r"night1\.wav"):
        hear(folder, encoder_path)


def test_a_cluster_hears_recordings(
    folder: Path, encoder_path: Path, start_cluster: Callable[..., str]
):
    """The workers of a Dask cluster fill the same cache."""
    workers = Workers(1, start_cluster(1, processes=False))
    there = hear_or_load(read_folder(folder), encoder_path, folder.parent / "there", workers)
    here = hear(folder, encoder_path)
    np.testing.assert_array_equal(here[1].features.levels, there[1].features.levels)
