"""Opens ONNX files the one way this daemon runs them: one thread, no spinning, no telemetry."""

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from osa_daemon.errors import ModelError

_FATAL_ONLY = 4  # onnxruntime's log severity; its failures reach us as exceptions


class Session(Protocol):
    """What is used of `onnxruntime.InferenceSession`."""

    def run(
        self, output_names: list[str] | None, input_feed: dict[str, NDArray[Any]]
    ) -> list[NDArray[np.float32]]:
        """Compute the outputs."""
        ...


@dataclass(frozen=True, slots=True)
class OnnxModel:
    """An open model: its session, its own metadata, and the sha256 of its file (hexadecimal)."""

    session: Session
    metadata: dict[str, str]
    sha256: str


def open_model(path: Path, kind: str, version: str) -> OnnxModel:
    """Open the ONNX file at `path`, which must say that it is of `kind` and `version`.

    These are the metadata `format` and `format_version`. Raises `ModelError` where the file is
    missing, damaged or something else.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ModelError(
            f"The model file {path} cannot be read ({error.strerror}); reinstall osa-daemon "
            "or name another file."
        ) from error
    session = _open_session(content, path)
    metadata = dict(session.get_modelmeta().custom_metadata_map)
    found = (metadata.get("format"), metadata.get("format_version"))
    if found != (kind, version):
        raise ModelError(
            f"The model file {path} is of format {found[0]} version {found[1]}, and "
            f"this osa-daemon needs {kind} version {version}; reinstall it or export it anew."
        )
    return OnnxModel(session, metadata, hashlib.sha256(content).hexdigest())


def _open_session(content: bytes, path: Path) -> Any:
    """Return an onnxruntime session, single-threaded and silent."""
    # official builds from 1.29 on report to their maker unless this is set before the import
    os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
    import onnxruntime  # noqa: PLC0415 - see the line above

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.log_severity_level = _FATAL_ONLY
    try:
        return onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    # onnxruntime's exceptions share no base but Exception
    except Exception as error:
        raise ModelError(
            f"The model file {path} is damaged or cut short ({len(content)} bytes); "
            "reinstall osa-daemon or export it anew."
        ) from error
