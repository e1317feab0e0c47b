"""What several tests of doctor need."""

import pytest

from osa_daemon.service.doctor import examination
from osa_daemon.service.doctor.finding import good
from tests.journal.conftest import event_row

__all__ = ["event_row"]


@pytest.fixture
def no_models(monkeypatch: pytest.MonkeyPatch) -> None:
    """Models are not looked at: that they load is a test of its own, and takes a second."""
    monkeypatch.setattr(examination, "check_models", lambda: good("models", ""))
