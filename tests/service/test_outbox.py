"""Events leave the outbox once the broker has them, whatever the disk does."""

import json
from collections.abc import Mapping
from datetime import UTC, date, datetime
from pathlib import Path

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
    return Outbox(Store(journal, lambda _problem: None, None), sender), journal


def put(outbox: Outbox, name: str) -> Mapping[str, object]:
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
    outbox = Outbox(Store(None, lambda _problem: None, "The disk is full."), sender)
    sent = put(outbox, "a")
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
