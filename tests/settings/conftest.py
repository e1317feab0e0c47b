"""Fixtures of the settings tests."""

from collections.abc import Callable
from pathlib import Path

import pytest

from osa_daemon.settings.load import Loaded, load


@pytest.fixture
def load_text(tmp_path: Path) -> Callable[..., Loaded]:
    """Loads a settings file that holds this text, with overrides in the same folder."""

    def make(text: str, environ: dict[str, str] | None = None) -> Loaded:
        path = tmp_path / "config.yaml"
        path.write_text(text, encoding="utf-8")
        return load(path, tmp_path / "overrides.json", environ or {})

    return make
