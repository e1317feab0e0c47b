"""What the journal's tests write events with."""

from tests.journal.conftest import event_row

__all__ = ["event_row"]
