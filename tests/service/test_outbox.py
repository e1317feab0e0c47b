"""Events leave the outbox once the broker has them, whatever the disk does."""

import json
import threading
from collections.abc import Mapping
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from osa_daemon.errors import StorageError
from osa_daemon.journal.journal import Journal
from osa_daemon.journal.rows import EventRow
from osa_daemon.service.outbox import Outbox
from osa_daemon.service.store import Store

MOMENT = datetime(2026, 3, 1, 2, 3, tzinfo=UTC)


class Sender:
    """Stands for the publisher, whose broker cannot be made to have no room at will."""

    def __init__(self, room: int = 100) -> None:
        self.room = room
        self.sent: list[str] = []
        self.payloads: list[Mapping[str, object]] = []

    def send_event(self, event_id: str, payload: Mapping[str, object]) -> bool:
        """Take an event while there is room."""
        if len(self.sent) >= self.room:
            return False
        self.sent.append(event_id)
        self.payloads.append(payload)
        return True


def row_of(name: str) -> EventRow:
    """An event of no meaning."""
    night = date(2026, 2, 28)
    return EventRow(
        name, "apnea", MOMENT, MOMENT, 12.0, 0.9, "silent", True, False, night, durable=True
    )


def make(tmp_path: Path, sender: Sender) -> tuple[Outbox, Journal]:
    """An outbox over a real journal."""
    journal = Journal.open(tmp_path / "journal.sqlite3")
    return Outbox(Store(lambda: journal, lambda _problem: None), sender), journal


def no_journal() -> Journal:
    """A journal that cannot be opened."""
    raise StorageError("The disk is full.")


def put(outbox: Outbox, name: str) -> Mapping[str, object] | None:
    """Put an event of that name."""
    return outbox.put(row_of(name), {"id": name, "durable": True})


def test_an_event_stays_until_it_is_acknowledged(tmp_path: Path):
    """The journal holds the message until the broker has it."""
    outbox, journal = make(tmp_path, Sender())
    put(outbox, "a")
    assert journal.outbox_length() == 1
    outbox.acknowledged("a")
    outbox.pump()
    assert journal.outbox_length() == 0
    journal.close()


def test_each_event_is_offered_once_while_it_waits(tmp_path: Path):
    """Pumping again does not send what is already on its way."""
    sender = Sender()
    outbox, journal = make(tmp_path, sender)
    put(outbox, "a")
    put(outbox, "b")
    outbox.pump()
    assert sender.sent == ["a", "b"]
    journal.close()


def test_events_without_room_are_sent_when_there_is_some(tmp_path: Path):
    """A full queue delays events and loses none."""
    sender = Sender(room=1)
    outbox, journal = make(tmp_path, sender)
    put(outbox, "a")
    put(outbox, "b")
    assert sender.sent == ["a"]
    sender.room = 5
    outbox.pump()
    assert sender.sent == ["a", "b"]
    journal.close()


def test_events_left_by_a_crash_are_sent_by_the_next_run(tmp_path: Path):
    """What a killed daemon had committed is sent after its restart."""
    outbox, journal = make(tmp_path, Sender(room=0))
    put(outbox, "a")
    journal.close()
    sender = Sender()
    outbox, journal = make(tmp_path, sender)
    outbox.pump()
    assert sender.sent == ["a"]
    journal.close()


def test_without_a_disk_events_go_out_and_say_so():
    """Where nothing can be stored, the event is sent with durable false."""
    sender = Sender()
    outbox = Outbox(Store(no_journal, lambda _problem: None), sender)
    sent = put(outbox, "a")
    assert sent is not None
    assert sent["durable"] is False
    assert json.loads(json.dumps(sender.payloads[0]))["durable"] is False


def test_many_waiting_events_all_leave(tmp_path: Path):
    """More events than one batch holds are all sent."""
    sender = Sender(room=0)
    outbox, journal = make(tmp_path, sender)
    for number in range(130):
        put(outbox, f"e{number}")
    sender.room = 1_000
    for _ in range(5):
        outbox.pump()
    assert len(set(sender.sent)) == 130 == len(sender.sent)
    journal.close()


def test_an_acknowledged_event_is_not_sent_again_while_the_disk_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """Where it cannot be deleted from the outbox, it is kept in mind until it can."""
    sender = Sender()
    outbox, journal = make(tmp_path, sender)
    put(outbox, "a")

    def fail(*_ids: int) -> None:
        raise StorageError("The disk is full.")

    with monkeypatch.context() as patched:
        patched.setattr(journal, "acknowledge", fail)
        outbox.acknowledged("a")
        put(outbox, "b")
        outbox.pump()
    assert sender.sent == ["a", "b"]
    assert outbox.waiting() == 2
    outbox.pump()
    assert outbox.waiting() == 1
    assert sender.sent == ["a", "b"]
    journal.close()


def test_an_event_decided_twice_is_sent_once(tmp_path: Path):
    """An id that the journal has already is refused."""
    sender = Sender()
    outbox, journal = make(tmp_path, sender)
    assert put(outbox, "a") is not None
    assert put(outbox, "a") is None
    assert sender.sent == ["a"]
    journal.close()


def test_at_the_end_it_waits_for_the_broker(tmp_path: Path):
    """What the broker acknowledges in time is not left for the next start."""
    outbox, journal = make(tmp_path, Sender())
    put(outbox, "a")
    threading.Timer(0.05, outbox.acknowledged, ("a",)).start()
    outbox.settle(60.0)
    assert journal.outbox_length() == 0
    journal.close()


def test_a_broker_that_is_away_does_not_hold_the_end_up(tmp_path: Path):
    """The wait is bounded; the event stays for the next start."""
    outbox, journal = make(tmp_path, Sender())
    put(outbox, "a")
    outbox.settle(0.01)
    assert journal.outbox_length() == 1
    journal.close()


def test_what_cannot_be_read_now_is_sent_once_it_can(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """Events that a killed daemon left wait for the disk, not for the next event."""
    outbox, journal = make(tmp_path, Sender(room=0))
    put(outbox, "a")
    journal.close()
    sender = Sender()
    outbox, journal = make(tmp_path, sender)

    def fail(_limit: int) -> None:
        raise StorageError("The disk fails to read.")

    with monkeypatch.context() as patched:
        patched.setattr(journal, "pending", fail)
        outbox.pump()
    assert sender.sent == []
    outbox.pump()
    assert sender.sent == ["a"]
    journal.close()


@pytest.mark.parametrize("payload", ["{", "[]", '{"ib": "a"}', '{"id": 1}', "[" * 100_000])
def test_a_damaged_message_is_dropped_and_the_next_is_sent(tmp_path: Path, payload: str):
    """What could never be sent must not keep the others back, nor end the chain."""
    sender = Sender()
    outbox, journal = make(tmp_path, sender)
    journal.record_event(row_of("x"), payload, MOMENT)
    assert put(outbox, "a") is not None
    assert sender.sent == ["a"]
    outbox.acknowledged("a")
    outbox.pump()
    assert journal.outbox_length() == 0
    journal.close()
