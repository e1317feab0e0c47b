"""The model file's metadata: written, read, and read without the runtime."""

import json
from pathlib import Path

import pytest

from osa_daemon.detector.model import METADATA_KEY, Metadata, read_metadata, write_metadata
from osa_daemon.detector.properties import read_properties
from osa_daemon.errors import ModelError
from osa_daemon.features.runtime import open_model
from osa_daemon.service.models import models_folder

FILE = Path("detector.onnx")
CALIBRATION = {"night_h": 8.0, "events": [{"threshold": 0.5, "recall": 0.9}]}


def metadata() -> Metadata:
    """Metadata with everything set."""
    thresholds = {"balanced": {"event": 0.5}}
    return Metadata(75, (1, 2, 3), 384, 12, thresholds, "e", {"hours": 1}, CALIBRATION)


def test_metadata_is_read_as_it_was_written():
    """Calibration and all."""
    assert read_metadata(write_metadata(metadata()), FILE) == metadata()


def test_an_older_file_has_no_calibration():
    """Files of before are read, with an empty one."""
    properties = write_metadata(metadata())
    data = json.loads(properties[METADATA_KEY])
    del data["calibration"]
    assert read_metadata(properties | {METADATA_KEY: json.dumps(data)}, FILE).calibration == {}


@pytest.mark.parametrize("name", ["detector.onnx", "encoder.onnx"])
def test_properties_are_those_that_the_runtime_reads(name: str):
    """The file's own bytes say the same as onnxruntime."""
    path = models_folder() / name
    found = read_properties(path)
    opened = open_model(path, found["format"], found["format_version"])
    assert found == opened.metadata


@pytest.mark.parametrize(
    "content", [b"\x80", b"\x72\x7f", b"\x73", b"\x72\x02\x08\x01", b"not a model", b"\x72\x01\xff"]
)
def test_a_damaged_file_is_one_sentence(tmp_path: Path, content: bytes):
    """Whatever the bytes are, the error names the file."""
    path = tmp_path / "detector.onnx"
    path.write_bytes(content)
    with pytest.raises(ModelError, match=r"detector\.onnx is damaged"):
        read_properties(path)


def test_a_missing_file_is_one_sentence(tmp_path: Path):
    """It names the file and what to do."""
    with pytest.raises(ModelError, match=r"gone\.onnx cannot be read.*install"):
        read_properties(tmp_path / "gone.onnx")


def test_a_file_without_properties_has_none(tmp_path: Path):
    """Fields of every other kind are passed over."""
    path = tmp_path / "bare.onnx"
    path.write_bytes(b"\x08\x96\x01" + b"\x11" + bytes(8) + b"\x1d" + bytes(4) + b"\x12\x01x")
    assert read_properties(path) == {}
