"""The detector's model file: an ONNX network and what it says of itself."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from osa_daemon.errors import ModelError

FORMAT = "osa_daemon detector"
FORMAT_VERSION = "1"
DIGESTS = "SHA256SUMS"
METADATA_KEY = "detector"
CLASSES = ("audible", "breath", "apnea", "hypopnea", "snore", "gasp")


@dataclass(frozen=True, slots=True)
class Metadata:
    """What the model file says of itself.

    `delay_frames`: how far the delayed reading lies behind (frames of 0.2 s).
    `state_shape`: (1, frames, channels) of the network's memory, zeros at the start of a stream.
    `thresholds`: sensitivity → name → probability, chosen on validation nights.
    `encoder_sha256`: digest of the encoder file whose features it was trained on.
    `about`: data, figures and versions, for people.
    `calibration`: what thresholds lead to, for `Expectation.of`; empty in older files.
    """

    delay_frames: int
    state_shape: tuple[int, int, int]
    encoder_width: int
    level_width: int
    thresholds: Mapping[str, Mapping[str, float]]
    encoder_sha256: str
    about: Mapping[str, Any]
    calibration: Mapping[str, Any] = field(default_factory=dict)


def read_metadata(properties: Mapping[str, str], path: Path) -> Metadata:
    """Read the metadata from an ONNX file's properties.

    Raises:
        ModelError: it is no detector, or one of another version.
    """
    text = properties.get(METADATA_KEY)
    if text is None:
        raise ModelError(
            f"{path} is no osa_daemon detector (it lacks the property {METADATA_KEY}): "
            "install the package again or export the model with scripts/train_detector.py."
        )
    try:
        return _metadata_of(json.loads(text))
    except (KeyError, IndexError, TypeError, ValueError) as error:
        raise ModelError(
            f"{path} has metadata that cannot be read ({error}): install the package again."
        ) from error


def _metadata_of(data: Mapping[str, Any]) -> Metadata:
    if tuple(data["classes"]) != CLASSES:
        raise ValueError(f"its classes are {data['classes']}, expected {list(CLASSES)}")
    return Metadata(
        delay_frames=int(data["delay_frames"]),
        state_shape=(1, int(data["state_shape"][1]), int(data["state_shape"][2])),
        encoder_width=int(data["encoder_width"]),
        level_width=int(data["level_width"]),
        thresholds=data["thresholds"],
        encoder_sha256=str(data["encoder_sha256"]),
        about=data["about"],
        calibration=dict(data.get("calibration", {})),
    )


def write_metadata(metadata: Metadata) -> dict[str, str]:
    """Return the properties that `read_metadata` reads."""
    text = json.dumps(
        {
            "classes": CLASSES,
            "delay_frames": metadata.delay_frames,
            "state_shape": metadata.state_shape,
            "encoder_width": metadata.encoder_width,
            "level_width": metadata.level_width,
            "thresholds": metadata.thresholds,
            "encoder_sha256": metadata.encoder_sha256,
            "about": metadata.about,
            "calibration": metadata.calibration,
        },
        sort_keys=True,
    )
    return {"format": FORMAT, "format_version": FORMAT_VERSION, METADATA_KEY: text}


def file_sha256(path: Path) -> str:
    """Return the SHA-256 digest of a file as hexadecimal text."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write_digests(folder: Path, encoder: Path) -> None:
    """Write SHA256SUMS for the detector in `folder` and the encoder that it belongs to."""
    files = {"detector.onnx": folder / "detector.onnx", "encoder.onnx": encoder}
    lines = [f"{file_sha256(path)}  {name}\n" for name, path in files.items()]
    (folder / DIGESTS).write_text("".join(lines))


def read_digests(path: Path) -> dict[str, str]:
    """Return file name → SHA-256 as `write_digests` wrote them.

    Raises:
        ModelError: the list is missing or is none.
    """
    try:
        rows = [line.split() for line in path.read_text(encoding="utf-8").splitlines()]
        digests = {name: digest for digest, name in rows}
    except (OSError, ValueError) as error:
        raise ModelError(
            f"{path} is missing or damaged ({error}): install the package again."
        ) from error
    missing = {"detector.onnx", "encoder.onnx"} - digests.keys()
    if missing:
        raise ModelError(f"{path} does not name {min(missing)}: install the package again.")
    return digests
