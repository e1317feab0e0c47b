"""The weights of an exported detector, back in the network that they came from."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from onnx import numpy_helper

from osa_daemon.detector.model import Metadata, read_metadata
from osa_daemon.errors import ModelError
from osa_daemon.training.detector.export import IN_HALF
from osa_daemon.training.detector.network import Committee, Network, NetworkShape
from osa_daemon.training.detector.self_similarity import LAG_COLUMNS

Weights = dict[str, NDArray[np.float32]]

_ROOT = "network."  # the exported module holds the network under this name
_MEMBER = "networks."  # and a committee its members, by number


def network_from_onnx(path: Path) -> tuple[Committee, Metadata]:
    """Return the networks in the detector file at `path`, ready to be used, and its metadata.

    Raises:
        ModelError: the file cannot be read, or was not exported from such networks.
    """
    try:
        model = onnx.load_model(path)
    # onnx raises protobuf's errors, which share no base but Exception
    except Exception as error:
        raise ModelError(f"{path} cannot be read as an ONNX file: {error}.") from error
    metadata = read_metadata({p.key: p.value for p in model.metadata_props}, path)
    weights = dict(_weights(model.graph))
    try:
        members = [_network_of(part, metadata) for part in _parted(weights)]
    except (KeyError, RuntimeError, ValueError) as error:
        reason = " ".join(str(error).split())
        raise ModelError(
            f"{path} does not hold the weights of this version's network ({reason}): take a "
            "detector.onnx that scripts/train_detector.py of this version wrote."
        ) from error
    return Committee(members).eval(), metadata


def _parted(weights: Weights) -> list[Weights]:
    """Return the weights of each member; a detector of an older release is one alone."""
    parts: dict[int, Weights] = {}
    for name, value in weights.items():
        inside = name.removeprefix(_MEMBER)
        number, own = inside.split(".", 1) if inside != name else ("0", name)
        parts.setdefault(int(number), {})[own] = value
    return [parts[number] for number in sorted(parts)]


def _network_of(weights: Weights, metadata: Metadata) -> Network:
    network = Network(_shape_of(weights, metadata))
    network.load_state_dict({name: torch.tensor(row) for name, row in weights.items()})
    return network


def _weights(graph: onnx.GraphProto) -> Iterator[tuple[str, NDArray[np.float32]]]:
    """Yield name and value of each weight, by the nodes that use it, then by its own name.

    The exporter turns the matrices of linear layers around and renames them, and stores equal
    tensors once; nodes keep the names of their modules.
    """
    stored = {
        i.name.removesuffix(IN_HALF): numpy_helper.to_array(i).astype(np.float32)
        for i in graph.initializer
    }
    for node in graph.node:
        if node.op_type == "Identity" and node.input[0] in stored:  # an equal tensor's other name
            stored[node.output[0]] = stored[node.input[0]]
    for node in graph.node:
        module = ".".join(node.name.strip("/").split("/")[:-1]).removeprefix(_ROOT)
        constants = [stored[name] for name in node.input if name in stored]
        if node.op_type == "MatMul" and len(constants) == 1:
            yield f"{module}.weight", constants[0].T
        elif node.op_type == "LayerNormalization" and len(constants) == 2:
            yield f"{module}.weight", constants[0]
            yield f"{module}.bias", constants[1]
    for name, value in stored.items():
        if name.startswith(_ROOT):
            yield name.removeprefix(_ROOT), value


def _shape_of(weights: Weights, metadata: Metadata) -> NetworkShape:
    """Return the network's shape; `ValueError` where its blocks cannot be told."""
    blocks = len({name.split(".")[1] for name in weights if name.startswith("blocks.")})
    told = metadata.about.get("shape", {})
    dilations = tuple(told.get("dilations") or (2**block for block in range(blocks)))
    beside = weights.get("similarity.out.weight")
    shape = NetworkShape(
        encoder_width=weights["from_encoder.weight"].shape[1],
        level_width=weights["from_levels.weight"].shape[1],
        bottleneck=weights["from_encoder.weight"].shape[0],
        level_channels=weights["from_levels.weight"].shape[0],
        channels=weights["enter.weight"].shape[0],
        dilations=dilations,
        delay_frames=metadata.delay_frames,
        similarity_heads=0 if beside is None else beside.shape[1] // LAG_COLUMNS,
        similarity_channels=0 if beside is None else beside.shape[0],
    )
    if beside is not None and beside.shape[1] % LAG_COLUMNS:
        raise ValueError(f"a comparison of {beside.shape[1]} columns")
    if shape.memory_rows != metadata.state_shape[1]:
        raise ValueError(f"{blocks} blocks with a memory of {metadata.state_shape[1]} frames")
    return shape
