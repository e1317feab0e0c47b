"""The detector over a stream: what it says must not depend on how the stream was cut."""

import functools
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from osa_daemon.detector.detector import Detector
from osa_daemon.detector.frame import Delayed, Frame
from osa_daemon.detector.model import FORMAT, FORMAT_VERSION
from osa_daemon.errors import EXIT_RESOURCE, ModelError
from osa_daemon.features.features import Features
from osa_daemon.features.levels import LEVEL_WIDTH
from osa_daemon.features.runtime import OnnxModel, open_model
from osa_daemon.service.models import Models, load_models, models_folder

FRAMES = 260


@functools.cache
def shipped() -> Models:
    """The shipped pair of models, loaded once."""
    return load_models()


@pytest.fixture
def models() -> Models:
    """The shipped pair of models."""
    return shipped()


def make_features(models: Models, frames: int = FRAMES, gap: slice = slice(0, 0)) -> Features:
    """Features of no meaning, from a seed."""
    rng = np.random.default_rng(3)
    metadata = models.detector().metadata
    valid = np.ones(frames, np.bool_)
    valid[gap] = False
    encoder = rng.normal(size=(frames, metadata.encoder_width)).astype(np.float32)
    levels = rng.normal(size=(frames, metadata.level_width)).astype(np.float32)
    level = np.full(frames, -50, np.float32)
    flags = np.zeros(frames, np.bool_)
    return Features(0, encoder, levels, valid, level, level, flags, flags)


def part(features: Features, start: int, end: int) -> Features:
    """Frames start … end-1."""
    rows = slice(start, end)
    return Features(
        features.index + start,
        features.encoder[rows],
        features.levels[rows],
        features.valid[rows],
        features.level_dbfs[rows],
        features.noise_dbfs[rows],
        features.clipped[rows],
        features.silent[rows],
    )


def numbers(frames: list[Frame]) -> np.ndarray:
    """The causal probabilities of frames."""
    return np.array([(f.audible, f.breath, f.apnea, f.hypopnea, f.snore, f.gasp) for f in frames])


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.integers(0, FRAMES), max_size=6))
def test_frames_do_not_depend_on_the_cut(cuts: list[int]):
    """Any cut of the stream gives the same probabilities, to float rounding."""
    models = shipped()
    features = make_features(models)
    whole = models.detector().push(features)
    detector = models.detector()
    edges = [0, *sorted(cuts), FRAMES]
    pieces = [
        frame
        for start, end in pairwise(edges)
        for frame in detector.push(part(features, start, end))
    ]
    assert [f.index for f in pieces] == [f.index for f in whole]
    np.testing.assert_allclose(numbers(pieces), numbers(whole), atol=1e-4)


def test_every_frame_gets_its_delayed_reading_once(models: Models):
    """Delayed readings come in order, one for each frame, the rest at the flush."""
    detector = models.detector()
    frames = detector.push(make_features(models))
    readings: list[Delayed] = [f.delayed for f in frames if f.delayed is not None]
    assert frames[detector.metadata.delay_frames - 1].delayed is None
    readings += detector.flush()
    assert [r.index for r in readings] == list(range(FRAMES))


def test_a_stream_shorter_than_the_delay_is_read_at_the_flush(models: Models):
    """A recording of ten seconds still gets a delayed reading for each frame."""
    detector = models.detector()
    assert all(f.delayed is None for f in detector.push(make_features(models, 50)))
    assert [r.index for r in detector.flush()] == list(range(50))


def test_lost_frames_say_nothing(models: Models):
    """In a gap all probabilities are 0, in both readings."""
    detector = models.detector()
    frames = detector.push(make_features(models, gap=slice(20, 40)))
    assert not numbers(frames[20:40]).any()
    delayed = frames[25 + detector.metadata.delay_frames].delayed
    assert delayed is not None
    assert (delayed.index, delayed.apnea, delayed.breath) == (25, 0.0, 0.0)


def test_probabilities_are_probabilities(models: Models):
    """All readings lie within 0 … 1, and apnea and hypopnea exclude each other."""
    detector = models.detector()
    frames = detector.push(make_features(models))
    assert ((numbers(frames) >= 0) & (numbers(frames) <= 1)).all()
    assert all(f.delayed.apnea + f.delayed.hypopnea <= 1.0001 for f in frames if f.delayed)


def test_a_jump_of_the_index_begins_anew(models: Models):
    """After a gap that the features skip, frames go on at their own index."""
    detector = models.detector()
    features = make_features(models)
    detector.push(part(features, 0, 200))
    jumped = part(features, 0, 50)
    later = Features(9_000, *(getattr(jumped, n) for n in Features.__slots__[1:]))
    frames = detector.push(later)
    assert [f.index for f in frames] == list(range(9_000, 9_050))
    assert [r.index for r in detector.flush()] == list(range(9_000, 9_050))


def test_a_detector_of_another_encoder_is_refused(models: Models):
    """The pair of encoder and detector must be of one release."""
    network: OnnxModel = models.network
    with pytest.raises(ModelError, match="belongs to the encoder"):
        Detector(network.session, network.metadata, Path("detector.onnx"), "0" * 64, LEVEL_WIDTH)


def test_a_detector_that_wants_more_levels_is_refused(models: Models):
    """One trained on a later front end ends in a sentence and exit code 4, before any sound."""
    network, path = models.network, Path("detector.onnx")
    with pytest.raises(
        ModelError, match=r"^detector\.onnx wants \d+ levels, .* makes 3: "
    ) as caught:
        Detector(network.session, network.metadata, path, models.encoder.sha256, 3)
    assert caught.value.exit_code == EXIT_RESOURCE


def test_a_detector_that_wants_fewer_levels_hears_those(models: Models):
    """Columns are only added at the end: one of an earlier front end leaves them unheard."""
    wider = LEVEL_WIDTH + 2
    detector = Detector(
        models.network.session,
        models.network.metadata,
        Path("detector.onnx"),
        models.encoder.sha256,
        wider,
    )
    features = make_features(models, 50)
    levels = np.pad(features.levels, ((0, 0), (0, 2)), constant_values=9)
    frames = detector.push(replace(features, levels=levels))
    np.testing.assert_array_equal(numbers(frames), numbers(models.detector().push(features)))


def test_another_model_is_no_detector():
    """The encoder's file is refused as a detector, in one sentence."""
    with pytest.raises(ModelError, match=r"format osa.daemon"):
        open_model(models_folder() / "encoder.onnx", FORMAT, FORMAT_VERSION)
