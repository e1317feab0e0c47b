"""The trained network becomes the ONNX file that the bedside runs."""

import io
import warnings
from pathlib import Path

import onnx
import torch

from osa_daemon.detector.model import Metadata, write_metadata
from osa_daemon.training.detector.network import Network, Probabilities

OPSET = 17
EXAMPLE_FRAMES = 10


def network_bytes(network: Network) -> bytes:
    """Return `network` as ONNX without metadata: features in, probabilities out, any length."""
    shape = network.shape
    example = (
        torch.zeros(1, EXAMPLE_FRAMES, shape.encoder_width),
        torch.zeros(1, EXAMPLE_FRAMES, shape.level_width),
        torch.ones(1, EXAMPLE_FRAMES, 1),
        network.zero_state(1),
    )
    frames = {1: "frames"}
    buffer = io.BytesIO()
    with warnings.catch_warnings():
        # the TorchScript exporter is the one that needs nothing beyond torch and onnx
        warnings.simplefilter("ignore", DeprecationWarning)
        torch.onnx.export(
            Probabilities(network.eval()),
            example,
            buffer,
            input_names=["encoder", "levels", "valid", "state_in"],
            output_names=["causal", "delayed", "state_out"],
            dynamic_axes=dict.fromkeys(("encoder", "levels", "valid", "causal", "delayed"), frames),
            opset_version=OPSET,
            dynamo=False,
        )
    return buffer.getvalue()


def state_shape(network: Network) -> tuple[int, int, int]:
    """Return the shape of the network's memory."""
    return (1, network.shape.memory_frames, network.shape.channels)


def model_bytes(network: Network, metadata: Metadata) -> bytes:
    """Return `network` with its metadata as the bytes of an ONNX file."""
    model = onnx.load_model_from_string(network_bytes(network))
    # the exporter notes where each node came from: names of this machine's folders
    for node in model.graph.node:
        node.doc_string = ""
        del node.metadata_props[:]
    del model.metadata_props[:]
    for key, value in write_metadata(metadata).items():
        model.metadata_props.add(key=key, value=value)
    return bytes(model.SerializeToString())


def export(network: Network, metadata: Metadata, path: Path) -> None:
    """Write `network` with its metadata to `path`, whole or not at all."""
    temporary = path.with_suffix(".part")
    temporary.write_bytes(model_bytes(network, metadata))
    temporary.rename(path)
