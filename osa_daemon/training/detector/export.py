"""The trained network becomes the ONNX file that the bedside runs."""

import io
import warnings
from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import numpy_helper

from osa_daemon.detector.model import Metadata, write_metadata
from osa_daemon.training.detector.network import AnyNetwork, Probabilities

OPSET = 17
EXAMPLE_FRAMES = 10
LEAST_IN_HALF = 1_000  # weights: smaller tensors are not worth a node
IN_HALF = "_half"  # what the stored tensor is called, after the weight


def network_bytes(network: AnyNetwork) -> bytes:
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


def state_shape(network: AnyNetwork) -> tuple[int, int, int]:
    """Return the shape of the network's memory."""
    return (1, network.shape.memory_rows, network.shape.channels * len(network.members))


def model_bytes(network: AnyNetwork, metadata: Metadata) -> bytes:
    """Return `network` with its metadata as the bytes of an ONNX file."""
    model = onnx.load_model_from_string(network_bytes(network))
    # the exporter notes where each node came from: names of this machine's folders
    for node in model.graph.node:
        node.doc_string = ""
        del node.metadata_props[:]
    del model.metadata_props[:]
    store_in_half(model.graph)
    for key, value in write_metadata(metadata).items():
        model.metadata_props.add(key=key, value=value)
    return bytes(model.SerializeToString())


def store_in_half(graph: onnx.GraphProto) -> None:
    """Store large weights as float16, which onnxruntime turns back when it loads the file.

    Half the size; the network still reckons in float32.
    """
    casts = []
    for initializer in graph.initializer:
        values = numpy_helper.to_array(initializer)
        if values.dtype != np.float32 or values.size < LEAST_IN_HALF:
            continue
        name = initializer.name
        stored = numpy_helper.from_array(values.astype(np.float16), name + IN_HALF)
        initializer.CopyFrom(stored)
        cast = onnx.helper.make_node("Cast", [name + IN_HALF], [name], to=onnx.TensorProto.FLOAT)
        casts.append(cast)
    nodes = list(graph.node)
    del graph.node[:]
    graph.node.extend([*casts, *nodes])


def export(network: AnyNetwork, metadata: Metadata, path: Path) -> None:
    """Write `network` with its metadata to `path`, whole or not at all."""
    temporary = path.with_suffix(".part")
    temporary.write_bytes(model_bytes(network, metadata))
    temporary.rename(path)
