"""A journal in a folder of its own, and rows to write."""

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from osa_daemon.journal.journal import Journal
from osa_daemon.journal.rows import EventRow

EVENING = datetime(2026, 11, 22, 23, 0, tzinfo=UTC)
NIGHT = EVENING.date()


@pytest.fixture
def evening() -> datetime:
    """Return 23:00 UTC of the night 2026-11-22."""
    return EVENING


@pytest.fixture(scope="session")
def event_row() -> Callable[..., EventRow]:
    """Make an apnea of 20 s that begins so many seconds after 23:00 UTC."""

    def _event_row(name: str, at_s: float = 0.0, night: date = NIGHT) -> EventRow:
        onset = EVENING + timedelta(seconds=at_s)
        return EventRow(
            id=name,
            type="apnea",
            onset_utc=onset,
            end_utc=onset + timedelta(seconds=20),
            duration_s=20.0,
            confidence=0.9,
            character="silent",
            monitorable=True,
            truncated=False,
            night=night,
        )

    return _event_row


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Return where the journal lies."""
    return tmp_path / "state" / "journal.db"


@pytest.fixture
def journal(path: Path) -> Iterator[Journal]:
    """Open a new journal."""
    with Journal.open(path) as opened:
        yield opened
