"""Nights that nobody slept, read from a journal."""

from pathlib import Path

import pytest

from osa_daemon.report.night import Night
from tests.report.sample import LAST, read_night, write_nights


@pytest.fixture(scope="session")
def journal_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a journal of 20 nights; it is only read."""
    path = tmp_path_factory.mktemp("nights") / "journal.sqlite3"
    write_nights(path)
    return path


@pytest.fixture(scope="session")
def night(journal_path: Path) -> Night:
    """Return the last of them."""
    return read_night(journal_path, LAST)
