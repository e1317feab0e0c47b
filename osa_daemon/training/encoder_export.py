"""Exports a Whisper encoder as the ONNX file that the front end runs."""

from dataclasses import dataclass
from pathlib import Path

from onnx import ModelProto, checker

from osa_daemon.errors import StorageError, UsageError
from osa_daemon.features.encoder import FORMAT, FORMAT_VERSION
from osa_daemon.training.encoder_checkpoint import Checkpoint, read_checkpoint
from osa_daemon.training.encoder_graph import HOP_SAMPLES, WINDOW_SAMPLES, build_graph

EXPORTER_VERSION = "1"
LICENCE = "Weights derived from OpenAI Whisper, MIT License, Copyright (c) 2022 OpenAI"

_FRAME_RATE_HZ = 50  # of Whisper's encoder, before pooling


@dataclass(frozen=True, slots=True)
class EncoderSpec:
    """What to keep of a Whisper encoder, and how.

    `depth` blocks; row `position_row` of the positional table for every frame; attention over
    `band` frames of 20 ms to each side; log10-mel floor `floor`; mean over `pool` frames
    (10 gives 5 Hz); `int8` products with weights, else float32.
    """

    depth: int = 2
    position_row: int = 250
    band: int = 25
    floor: float = -8.0
    pool: int = 10
    int8: bool = True


def export_encoder(model: str, out: Path, spec: EncoderSpec) -> ModelProto:
    """Write the encoder of `model` (a Whisper name or checkpoint file) to `out`.

    Raises `ModelError` for the checkpoint, `UsageError` for the spec, `StorageError` for `out`.
    """
    onnx_model = build_encoder(read_checkpoint(model), spec)
    try:
        _write_whole(out, onnx_model.SerializeToString(deterministic=True))
    except OSError as error:
        raise StorageError(
            f"The encoder cannot be written to {out} ({error.strerror}); "
            "name a file in a folder that exists and is writable."
        ) from error
    return onnx_model


def build_encoder(checkpoint: Checkpoint, spec: EncoderSpec) -> ModelProto:
    """Return the checked ONNX model with its metadata."""
    _check_spec(checkpoint, spec)
    model = build_graph(
        checkpoint,
        depth=spec.depth,
        position_row=spec.position_row,
        band=spec.band,
        floor=spec.floor,
        pool=spec.pool,
        int8=spec.int8,
    )
    for key, value in _metadata(checkpoint, spec).items():
        entry = model.metadata_props.add()
        entry.key, entry.value = key, value
    checker.check_model(model)
    return model


def _metadata(checkpoint: Checkpoint, spec: EncoderSpec) -> dict[str, str]:
    """What a reader of the file must know, by name."""
    return {
        "format": FORMAT,
        "format_version": FORMAT_VERSION,
        "exporter_version": EXPORTER_VERSION,
        "source_model": checkpoint.name,
        "checkpoint_sha256": checkpoint.sha256,
        "licence": LICENCE,
        "depth": str(spec.depth),
        "mel_bins": str(checkpoint.mel_bins),
        "position_row": str(spec.position_row),
        "band_frames": str(spec.band),
        "floor_log10_mel": f"{spec.floor:g}",
        "precision": "int8" if spec.int8 else "float32",
        "width": str(checkpoint.width),
        "frame_rate_hz": f"{_FRAME_RATE_HZ / spec.pool:g}",
        # the first mel window is centred on the first sample of the first frame,
        # the last one starts a hop before the end of the last frame
        "samples_before": str(WINDOW_SAMPLES // 2),
        "samples_after": str(WINDOW_SAMPLES // 2 - HOP_SAMPLES),
    }


def _check_spec(checkpoint: Checkpoint, spec: EncoderSpec) -> None:
    allowed = {
        "depth": (spec.depth, 1, checkpoint.layers),
        "position row": (spec.position_row, 0, checkpoint.context - 1),
        "band": (spec.band, 1, checkpoint.context),
        "pool": (spec.pool, 1, checkpoint.context),
        "floor": (spec.floor, -10, 0),
    }
    for name, (value, least, most) in allowed.items():
        if not least <= value <= most:
            raise UsageError(
                f"The {name} {value:g} is out of range: {checkpoint.name} allows {least} to {most}."
            )


def _write_whole(path: Path, content: bytes) -> None:
    """Write beside `path` and rename, so that no half file is ever seen."""
    partial = path.with_name(path.name + ".part")
    try:
        partial.write_bytes(content)
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
