"""An exported detector becomes a network again."""

from dataclasses import replace
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")
onnx = pytest.importorskip("onnx")

from osa_daemon.detector.model import Metadata
from osa_daemon.errors import ModelError
from osa_daemon.service.models import models_folder
from osa_daemon.training.detector.export import export, model_bytes, state_shape
from osa_daemon.training.detector.network import Committee, Network, NetworkShape
from osa_daemon.training.detector.weights import network_from_onnx

pytestmark = pytest.mark.train

SHAPE = NetworkShape(24, 11, bottleneck=5, level_channels=7, channels=16, delay_frames=40)


def exported(shape: NetworkShape, path: Path, *, tells_shape: bool = True) -> Network:
    """Export a network of random weights and scaling."""
    torch.manual_seed(3)
    network = Network(shape)
    for row in network.state_dict().values():
        row.copy_(torch.randn_like(row).half().float())
    about = {"shape": {"dilations": list(shape.dilations)}} if tells_shape else {}
    metadata = Metadata(
        shape.delay_frames,
        state_shape(network),
        shape.encoder_width,
        shape.level_width,
        {},
        "e",
        about,
    )
    export(network, metadata, path)
    return network


def test_every_weight_comes_back(tmp_path: Path):
    """Weights, input scaling and shape are those that were exported, bit for bit."""
    network = exported(SHAPE, tmp_path / "detector.onnx")
    again, metadata = network_from_onnx(tmp_path / "detector.onnx")
    assert again.shape == SHAPE
    assert metadata.delay_frames == 40
    for name, row in network.state_dict().items():
        assert torch.equal(again.members[0].state_dict()[name], row), name


def test_every_member_comes_back(tmp_path: Path):
    """Members keep their order, and what they have in common is stored once; large rows in half."""
    shape = replace(SHAPE, channels=32)
    members = [Network(shape) for _ in range(2)]
    for row in members[1].state_dict().values():
        row.mul_(2)
    for name in ("encoder_mean", "encoder_scale", "level_mean", "level_scale"):
        getattr(members[1], name).copy_(getattr(members[0], name))
    committee = Committee(members)
    metadata = Metadata(40, state_shape(committee), 24, 11, {}, "e", {})
    export(committee, metadata, tmp_path / "detector.onnx")
    again, _ = network_from_onnx(tmp_path / "detector.onnx")
    assert len(again.members) == 2
    for name, row in committee.state_dict().items():
        torch.testing.assert_close(again.state_dict()[name], row, rtol=1e-3, atol=1e-4)
    half = again.members[0].state_dict()["blocks.0.over_time.weight"]
    assert torch.equal(half, half.half().float())


def test_a_network_of_other_blocks_comes_back(tmp_path: Path):
    """The blocks' reach is read from what the file says of its making."""
    shape = replace(SHAPE, dilations=(1, 3, 9))
    exported(shape, tmp_path / "detector.onnx")
    assert network_from_onnx(tmp_path / "detector.onnx")[0].shape == shape


def test_an_older_file_has_the_usual_blocks(tmp_path: Path):
    """Where the file does not tell, each block reaches twice as far as the one before."""
    exported(SHAPE, tmp_path / "detector.onnx", tells_shape=False)
    assert network_from_onnx(tmp_path / "detector.onnx")[0].shape == SHAPE


@pytest.mark.parametrize(("heads", "channels"), [(0, 0), (2, 24)])
def test_a_comparison_comes_back_or_none(tmp_path: Path, heads: int, channels: int):
    """How frames are compared is read from the weights; older detectors do not compare."""
    shape = replace(SHAPE, similarity_heads=heads, similarity_channels=channels)
    exported(shape, tmp_path / "detector.onnx")
    assert network_from_onnx(tmp_path / "detector.onnx")[0].shape == shape


def test_unknown_blocks_are_refused(tmp_path: Path):
    """Nothing is guessed: the sentence names the file and what to do."""
    shape = replace(SHAPE, dilations=(1, 3, 9))
    exported(shape, tmp_path / "detector.onnx", tells_shape=False)
    with pytest.raises(ModelError, match=r"detector\.onnx does not hold.*take a detector\.onnx"):
        network_from_onnx(tmp_path / "detector.onnx")


def test_the_encoder_is_no_detector():
    """Another ONNX file is told by what it says of itself."""
    with pytest.raises(ModelError, match="no osa_daemon detector"):
        network_from_onnx(models_folder() / "encoder.onnx")


def test_the_shipped_file_is_written_again_as_it_is():
    """The shipped detector, read and exported, is the same to the byte of its weights."""
    network, metadata = network_from_onnx(models_folder() / "detector.onnx")
    shipped = onnx.load_model(models_folder() / "detector.onnx")
    again = onnx.load_model_from_string(model_bytes(network, metadata))
    weights = [sorted(i.raw_data for i in m.graph.initializer) for m in (shipped, again)]
    assert weights[0] == weights[1]
