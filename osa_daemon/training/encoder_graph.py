"""Builds the encoder as an ONNX graph: sound in, features out, by hand and node by node."""

import numpy as np
from numpy.typing import ArrayLike, NDArray
from onnx import ModelProto, NodeProto, TensorProto, helper, numpy_helper

from osa_daemon.training.encoder_checkpoint import Checkpoint

OPSET = 20  # the first with Gelu; onnxruntime 1.17 and later run it
IR_VERSION = 9

WINDOW_SAMPLES = 400  # Whisper's log-mel: 25 ms Hann windows every 10 ms
HOP_SAMPLES = 160
LOG_EPSILON = 1e-10  # Whisper's own, before the logarithm
_MASKED = -1e9  # e to this is 0 in float32


class Graph:
    """Collects nodes and constants; every call of `op` returns the name of its output."""

    def __init__(self, *, int8: bool) -> None:
        self._int8 = int8
        self._nodes: list[NodeProto] = []
        self._constants: list[TensorProto] = []

    def constant(self, name: str, value: ArrayLike) -> str:
        """Store `value` and return its name."""
        self._constants.append(numpy_helper.from_array(np.array(value), name))
        return name

    def op(self, kind: str, *inputs: str, name: str, **attributes: object) -> str:
        """Add a node with one output."""
        return self.ops(kind, *inputs, names=(name,), **attributes)[0]

    def ops(
        self, kind: str, *inputs: str, names: tuple[str, ...], **attributes: object
    ) -> tuple[str, ...]:
        """Add a node with several outputs."""
        self._nodes.append(helper.make_node(kind, inputs, names, name=names[0], **attributes))
        return names

    def linear(
        self, x: str, weight: NDArray[np.float32], bias: NDArray[np.float32], name: str
    ) -> str:
        """Multiply (…, in) by `weight` (in, out), in int8 where the graph is, and add `bias`."""
        multiply = self._int8_product if self._int8 else self._product
        product = multiply(x, weight, name)
        return self.op("Add", self.constant(f"{name}.bias", bias), product, name=f"{name}.out")

    def _product(self, x: str, weight: NDArray[np.float32], name: str) -> str:
        return self.op("MatMul", x, self.constant(f"{name}.weight", weight), name=f"{name}.product")

    def _int8_product(self, x: str, weight: NDArray[np.float32], name: str) -> str:
        """Dynamic quantisation: uint8 activations, int8 weights with one scale per column."""
        scale = np.maximum(np.abs(weight).max(axis=0), 1e-12).astype(np.float32) / 127
        quantised = np.clip(np.rint(weight / scale), -127, 127).astype(np.int8)
        x8, x_scale, x_zero = self.ops(
            "DynamicQuantizeLinear",
            x,
            names=(f"{name}.x8", f"{name}.x_scale", f"{name}.x_zero"),
        )
        zero = self.constant(f"{name}.zero", np.zeros(weight.shape[1], np.int8))
        weight8 = self.constant(f"{name}.weight8", quantised)
        total = self.op("MatMulInteger", x8, weight8, x_zero, zero, name=f"{name}.int32")
        real = self.op("Cast", total, name=f"{name}.float", to=TensorProto.FLOAT)
        scales = self.op(
            "Mul", x_scale, self.constant(f"{name}.scale", scale), name=f"{name}.scales"
        )
        return self.op("Mul", real, scales, name=f"{name}.product")

    def model(self, output: str, width: int) -> ModelProto:
        """Close the graph: `audio` (batch, samples) to `features` (batch, frames, width)."""
        self.op("Identity", output, name="features")
        inputs = [helper.make_tensor_value_info("audio", TensorProto.FLOAT, ["batch", "samples"])]
        outputs = [
            helper.make_tensor_value_info("features", TensorProto.FLOAT, ["batch", "frames", width])
        ]
        graph = helper.make_graph(self._nodes, "encoder", inputs, outputs, self._constants)
        return helper.make_model(
            graph,
            opset_imports=[helper.make_opsetid("", OPSET)],
            ir_version=IR_VERSION,
            producer_name="osa-daemon",
        )


def build_graph(
    checkpoint: Checkpoint,
    *,
    depth: int,
    position_row: int,
    band: int,
    floor: float,
    pool: int,
    int8: bool,
) -> ModelProto:
    """Return the model: log-mel, convolutions, `depth` blocks, mean over `pool` frames.

    `position_row` of the positional table stands for all frames. Attention reaches `band`
    frames (of 20 ms) to each side. `floor` is the least log10-mel value. With `int8` the
    products with weights are quantised dynamically; everything before the blocks is float32.
    """
    graph = Graph(int8=int8)
    mel = _log_mel(graph, checkpoint.mel_filters, floor)
    x = _stem(graph, checkpoint, mel, position_row)
    mask = _band_mask(graph, x, band)
    for layer in range(depth):
        x = _block(graph, checkpoint, x, mask, layer)
    pooled = graph.op("Transpose", x, name="pool.in", perm=[0, 2, 1])
    pooled = graph.op("AveragePool", pooled, name="pool.mean", kernel_shape=[pool], strides=[pool])
    pooled = graph.op("Transpose", pooled, name="pool.out", perm=[0, 2, 1])
    return graph.model(pooled, checkpoint.width)


def dft_kernels() -> NDArray[np.float32]:
    """Return (402, 1, 400): cosine, then sine part of bins 0-200 under a periodic Hann window."""
    n = np.arange(WINDOW_SAMPLES)
    window = 0.5 - 0.5 * np.cos(2 * np.pi * n / WINDOW_SAMPLES)
    bins = np.arange(WINDOW_SAMPLES // 2 + 1)[:, None]
    # the product is reduced modulo the period, so that the angles stay exact
    angle = 2 * np.pi * ((bins * n) % WINDOW_SAMPLES) / WINDOW_SAMPLES
    kernels = np.concatenate([np.cos(angle), np.sin(angle)]) * window
    return kernels[:, None, :].astype(np.float32)


def _log_mel(graph: Graph, filters: NDArray[np.float32], floor: float) -> str:
    """Whisper's log-mel with a fixed floor, (batch, mel_bins, frames of 10 ms); no padding."""
    axis = graph.constant("mel.axis", np.array([1], np.int64))
    wave = graph.op("Unsqueeze", "audio", axis, name="mel.wave")
    dft = graph.constant("mel.dft.weight", dft_kernels())
    spectrum = graph.op("Conv", wave, dft, name="mel.dft", strides=[HOP_SAMPLES])
    power = graph.op("Mul", spectrum, spectrum, name="mel.power")
    both = np.concatenate([filters, filters], axis=1)[:, :, None].astype(np.float32)
    mel = graph.op("Conv", power, graph.constant("mel.filters", both), name="mel.bands")
    # one clamp does both: the floor lies above Whisper's epsilon or at it
    least = np.float32(max(LOG_EPSILON, 10.0**floor))
    mel = graph.op("Max", mel, graph.constant("mel.least", least), name="mel.clamped")
    mel = graph.op("Log", mel, name="mel.log")
    # (log10(x) + 4) / 4
    mel = graph.op(
        "Mul", mel, graph.constant("mel.gain", np.float32(0.25 / np.log(10))), name="mel.scaled"
    )
    return graph.op("Add", mel, graph.constant("mel.one", np.float32(1)), name="mel.out")


def _stem(graph: Graph, checkpoint: Checkpoint, mel: str, position_row: int) -> str:
    """Two convolutions to frames of 20 ms, plus the one position row: (batch, frames, width)."""
    x = mel
    for name, stride in (("conv1", 1), ("conv2", 2)):
        weight = graph.constant(f"{name}.weight", checkpoint.weights[f"{name}.weight"])
        bias = graph.constant(f"{name}.bias", checkpoint.weights[f"{name}.bias"])
        x = graph.op("Conv", x, weight, bias, name=name, strides=[stride], pads=[1, 1])
        x = graph.op("Gelu", x, name=f"{name}.gelu")
    x = graph.op("Transpose", x, name="stem.frames", perm=[0, 2, 1])
    row = checkpoint.weights["positional_embedding"][position_row]
    return graph.op("Add", x, graph.constant("stem.position", row), name="stem.out")


def _band_mask(graph: Graph, x: str, band: int) -> str:
    """0 where |i - j| ≤ band, else a large negative number: (frames, frames)."""
    count = graph.op("Shape", x, name="mask.count", start=1, end=2)
    axis = graph.constant("mask.axis", np.array([0], np.int64))
    scalar = graph.op("Squeeze", count, axis, name="mask.scalar")
    zero = graph.constant("mask.zero", np.int64(0))
    one = graph.constant("mask.one", np.int64(1))
    column = graph.constant("mask.column", np.array([1], np.int64))
    index = graph.op("Range", zero, scalar, one, name="mask.index")
    rows = graph.op("Unsqueeze", index, column, name="mask.rows")
    apart = graph.op("Abs", graph.op("Sub", rows, index, name="mask.diff"), name="mask.apart")
    inside = graph.op(
        "LessOrEqual", apart, graph.constant("mask.band", np.int64(band)), name="mask.inside"
    )
    keep = graph.constant("mask.keep", np.float32(0))
    drop = graph.constant("mask.drop", np.float32(_MASKED))
    return graph.op("Where", inside, keep, drop, name="mask.out")


def _block(graph: Graph, checkpoint: Checkpoint, x: str, mask: str, layer: int) -> str:
    """One residual attention block."""
    prefix = f"blocks.{layer}"
    weights = checkpoint.weights
    attended = _attention(
        graph, checkpoint, _norm(graph, checkpoint, x, f"{prefix}.attn_ln"), mask, prefix
    )
    x = graph.op("Add", x, attended, name=f"{prefix}.attn.residual")
    hidden = graph.linear(
        _norm(graph, checkpoint, x, f"{prefix}.mlp_ln"),
        weights[f"{prefix}.mlp.0.weight"].T,
        weights[f"{prefix}.mlp.0.bias"],
        f"{prefix}.mlp.0",
    )
    hidden = graph.op("Gelu", hidden, name=f"{prefix}.mlp.gelu")
    out = graph.linear(
        hidden,
        weights[f"{prefix}.mlp.2.weight"].T,
        weights[f"{prefix}.mlp.2.bias"],
        f"{prefix}.mlp.2",
    )
    return graph.op("Add", x, out, name=f"{prefix}.residual")


def _norm(graph: Graph, checkpoint: Checkpoint, x: str, name: str) -> str:
    scale = graph.constant(f"{name}.weight", checkpoint.weights[f"{name}.weight"])
    bias = graph.constant(f"{name}.bias", checkpoint.weights[f"{name}.bias"])
    return graph.op("LayerNormalization", x, scale, bias, name=name, axis=-1, epsilon=1e-5)


def _attention(graph: Graph, checkpoint: Checkpoint, x: str, mask: str, prefix: str) -> str:
    """Multi-head attention inside the band."""
    name = f"{prefix}.attn"
    query, key, value = _heads(graph, checkpoint, x, name)
    scores = graph.op("MatMul", query, key, name=f"{name}.scores")
    scores = graph.op("Add", scores, mask, name=f"{name}.banded")
    share = graph.op("Softmax", scores, name=f"{name}.softmax", axis=-1)
    mixed = graph.op("MatMul", share, value, name=f"{name}.mixed")
    mixed = graph.op("Transpose", mixed, name=f"{name}.merge", perm=[0, 2, 1, 3])
    shape = graph.constant(f"{name}.joined", np.array([0, 0, checkpoint.width], np.int64))
    mixed = graph.op("Reshape", mixed, shape, name=f"{name}.together")
    weights = checkpoint.weights
    return graph.linear(
        mixed, weights[f"{name}.out.weight"].T, weights[f"{name}.out.bias"], f"{name}.out"
    )


def _heads(graph: Graph, checkpoint: Checkpoint, x: str, name: str) -> tuple[str, ...]:
    """Query and value (batch, heads, frames, head_width), key with its last two axes swapped."""
    head_width = checkpoint.width // checkpoint.heads
    weight, bias = _joint_projection(checkpoint, name, head_width)
    together = graph.linear(x, weight, bias, f"{name}.qkv")
    names = (f"{name}.q", f"{name}.k", f"{name}.v")
    parts = graph.ops("Split", together, names=names, axis=-1, num_outputs=3)
    shape = np.array([0, 0, checkpoint.heads, head_width], np.int64)
    split = graph.constant(f"{name}.heads", shape)
    orders = ([0, 2, 1, 3], [0, 2, 3, 1], [0, 2, 1, 3])
    return tuple(
        graph.op(
            "Transpose",
            graph.op("Reshape", part, split, name=f"{part}.heads"),
            name=f"{part}.order",
            perm=order,
        )
        for part, order in zip(parts, orders, strict=True)
    )


def _joint_projection(
    checkpoint: Checkpoint, name: str, head_width: int
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Query, key and value as one product (width, 3·width), its bias; scores' scale in the query.

    Whisper's key has no bias.
    """
    shrink = np.float32(head_width**-0.5)
    query, key, value = (
        checkpoint.weights[f"{name}.{part}.weight"].T for part in ("query", "key", "value")
    )
    query_bias, value_bias = (
        checkpoint.weights[f"{name}.{part}.bias"] for part in ("query", "value")
    )
    weight = np.concatenate([query * shrink, key, value], axis=1)
    bias = np.concatenate([query_bias * shrink, np.zeros_like(query_bias), value_bias])
    return weight, bias
