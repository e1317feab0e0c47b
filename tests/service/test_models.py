"""Model files are verified before they are used."""

import shutil
from pathlib import Path

import pytest

from osa_daemon.errors import ModelError
from osa_daemon.service.models import load_models, models_folder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the package's models."""
    return Path(shutil.copytree(models_folder(), tmp_path / "models"))


def test_the_shipped_models_load():
    """The package's own files are whole and belong together."""
    assert load_models().detector().metadata.encoder_width == load_models().encoder.width


def test_a_missing_model_is_one_sentence(folder: Path):
    """A model that is not there is named."""
    (folder / "detector.onnx").unlink()
    with pytest.raises(ModelError, match=r"detector\.onnx is missing"):
        load_models(folder)


def test_a_model_cut_short_is_one_sentence(folder: Path):
    """A damaged file is named, with its digest."""
    path = folder / "encoder.onnx"
    path.write_bytes(path.read_bytes()[:-1000])
    with pytest.raises(ModelError, match=r"encoder\.onnx is damaged or of another version"):
        load_models(folder)


def test_missing_digests_are_one_sentence(folder: Path):
    """Without the list of digests nothing is loaded."""
    (folder / "SHA256SUMS").unlink()
    with pytest.raises(ModelError, match="SHA256SUMS is missing or damaged"):
        load_models(folder)


def test_an_empty_list_of_digests_verifies_nothing_and_is_refused(folder: Path):
    """A list that names no model must not pass for a verification."""
    (folder / "SHA256SUMS").write_text("")
    with pytest.raises(ModelError, match="does not name"):
        load_models(folder)
