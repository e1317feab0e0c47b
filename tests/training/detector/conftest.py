"""The shipped encoder, and nights of synthesised breaths: they need no data folder."""

from pathlib import Path

import pytest

from osa_daemon.service.models import models_folder


@pytest.fixture(scope="session")
def encoder_path() -> Path:
    """The encoder that is shipped."""
    return models_folder() / "encoder.onnx"
