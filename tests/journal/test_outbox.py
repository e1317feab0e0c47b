"""The outbox against a model: order, acknowledgement, cap, reopening."""

import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from osa_daemon.journal.journal import Journal
from osa_daemon.journal.rows import EventRow

NOW = datetime(2026, 11, 22, 23, 0, tzinfo=UTC)
CAP = 6


def event(name):
    """Return an event of this id."""
    end = NOW + timedelta(seconds=20)
    return EventRow(name, "apnea", NOW, end, 20.0, 0.9, "silent", True, False, NOW.date())


class OutboxMachine(RuleBasedStateMachine):
    """Whatever is done, the outbox holds what a plain list would."""

    def __init__(self):
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.path = Path(self.folder.name) / "journal.db"
        self.journal = Journal.open(self.path, outbox_cap=CAP)
        self.waiting = []
        self.events = set()
        self.count = 0

    def _put(self, kind, payload):
        self.waiting.append((kind, payload))
        if len(self.waiting) > CAP:
            oldest = next((m for m in self.waiting if m[0] != "event"), self.waiting[0])
            self.waiting.remove(oldest)

    @rule(kind=st.sampled_from(["night", "minutes"]))
    def enqueue(self, kind):
        """Put a message of telemetry."""
        self.count += 1
        self.journal.enqueue(kind, str(self.count), NOW)
        self._put(kind, str(self.count))

    @rule()
    def record(self):
        """Record a new event."""
        self.count += 1
        assert self.journal.record_event(event(str(self.count)), str(self.count), NOW)
        self.events.add(str(self.count))
        self._put("event", str(self.count))

    @rule(which=st.lists(st.integers(0, CAP - 1), max_size=3))
    def acknowledge(self, which):
        """The broker acknowledges some, in any order, some twice."""
        pending = self.journal.pending()
        chosen = [pending[k] for k in which if k < len(pending)]
        self.journal.acknowledge(*[message.id for message in chosen])
        gone = {message.payload for message in chosen}
        self.waiting = [m for m in self.waiting if m[1] not in gone]

    @rule()
    def reopen(self):
        """Stop and start."""
        self.journal.close()
        self.journal = Journal.open(self.path, outbox_cap=CAP)

    @invariant()
    def holds_what_waits(self):
        """Oldest first, never over the cap, events kept the longest; no event is forgotten."""
        assert [(m.kind, m.payload) for m in self.journal.pending()] == self.waiting
        rows = self.journal.events_between(NOW, NOW + timedelta(1))
        assert {row.id for row in rows} == self.events

    def teardown(self):
        """Remove the folder."""
        self.journal.close()
        self.folder.cleanup()


TestOutbox = OutboxMachine.TestCase
TestOutbox.settings = settings(max_examples=15, stateful_step_count=20, deadline=None)


@pytest.mark.parametrize("limit", [1, 2, 10])
def test_pending_is_limited(journal, evening, limit):
    """No more than asked for, the oldest first."""
    for number in range(5):
        journal.enqueue("night", str(number), evening)
    assert [m.payload for m in journal.pending(limit)] == [str(k) for k in range(min(limit, 5))]


def test_an_id_is_never_used_again(journal, evening):
    """A late acknowledgement of an old message cannot take a new one out."""
    journal.enqueue("night", "old", evening)
    (old,) = journal.pending()
    journal.acknowledge(old.id)
    journal.enqueue("night", "new", evening)
    journal.acknowledge(old.id)
    assert [message.payload for message in journal.pending()] == ["new"]
