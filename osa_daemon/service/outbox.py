"""Decided events on their way out: committed, sent, and forgotten once the broker has them."""

import contextlib
import json
import logging
import queue
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final, Protocol

from osa_daemon.clock import SYSTEM_CLOCK, Clock
from osa_daemon.journal.journal import OUTBOX_CAP, Journal
from osa_daemon.journal.rows import EventRow
from osa_daemon.publish.payloads import Payload, Value, encode
from osa_daemon.scoring.night import night_of
from osa_daemon.service.store import Store

MOST_UNSTORED: Final = 5000  # events in memory while the disk fails: 8 MB, a week of bad nights
BATCH: Final = 50
AGAIN_S: Final = 30.0  # between tries to store what could not be
POLL_S: Final = 0.02  # between looks for the last acknowledgements

_log = logging.getLogger(__name__)


class EventSender(Protocol):
    """What the outbox needs of the publisher."""

    def send_event(self, event_id: str, payload: Mapping[str, Value]) -> bool:
        """Send an event until it is acknowledged; False where there is no room now."""
        ...


@dataclass(slots=True)
class _Unstored:
    """A decided event that the disk has not taken yet."""

    row: EventRow
    payload: Payload
    is_sent: bool = False
    is_acknowledged: bool = False


class Outbox:
    """Used by the chain's thread, `acknowledged` aside, which any thread may call.

    An event that cannot be committed is sent all the same, kept in memory, and committed once the
    disk takes it: `MOST_UNSTORED` of them, then the oldest that the broker has go first.
    """

    def __init__(self, store: Store, sender: EventSender, clock: Clock = SYSTEM_CLOCK) -> None:
        self._store = store
        self._sender = sender
        self._clock = clock
        self._acknowledged: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._unstored: dict[str, _Unstored] = {}
        self._store_s = 0.0  # when to try to store them
        self._rows: dict[str, int] = {}  # event id → row in the journal's outbox, once sent
        self._done: dict[str, int] = {}  # the same, acknowledged; until its row is deleted
        self._is_stale = True  # the journal may hold messages that were not sent yet
        self._renewals = store.renewals
        self.last: Payload | None = None  # the event that was sent last

    def put(self, row: EventRow, payload: Payload) -> Payload | None:
        """Commit an event, then send it; return what was sent (`durable` tells the truth).

        None, and nothing is sent, where an event of this id is known already.
        """
        if row.id in self._unstored:
            return None
        now = self._clock.utc()
        stored = self._store.use(lambda j: j.record_event(row, encode(payload), now))
        if stored is False:
            return None
        if stored is None:
            payload = payload | {"durable": False}
            self._keep(row, payload)
        self._is_stale = True
        self.last = payload
        self.pump()
        return payload

    def acknowledged(self, event_id: str) -> None:
        """Note that the broker has an event."""
        self._acknowledged.put(event_id)

    def pump(self) -> None:
        """Forget what was acknowledged, and send what waits and finds room."""
        self._listen()
        self._find_again()
        self._forget()
        for each in self._unstored.values():
            if not each.is_sent and not self._send(each.payload):
                break
            each.is_sent = True
        self._store_late()
        if self._is_stale:
            self._is_stale = not self._send_stored()

    def store(self) -> bool:
        """Commit what could not be, now; whether the disk has all of it."""
        while self._unstored and self._commit_late():
            pass
        return not self._unstored

    def settle(self, timeout_s: float) -> None:
        """Pump until the broker has everything that was sent, for at most `timeout_s`."""
        until_s = self._clock.monotonic_s() + timeout_s
        self.pump()
        while self.length and (left_s := until_s - self._clock.monotonic_s()) > 0:
            self._clock.sleep(min(left_s, POLL_S))
            self.pump()

    def move(self, by: timedelta) -> None:
        """The clock was set: what is not committed yet is dated anew; its message stays."""
        for each in self._unstored.values():
            onset, end = each.row.onset_utc + by, each.row.end_utc + by
            night = night_of(onset.astimezone())
            each.row = replace(each.row, onset_utc=onset, end_utc=end, night=night)

    @property
    def length(self) -> int:
        """Events that wait for their acknowledgement, as far as they were sent."""
        return len(self._rows) + self._unacknowledged()

    def waiting(self) -> int:
        """Return how many events wait in the journal and in memory."""
        return (self._store.look(lambda j: j.outbox_length()) or 0) + self._unacknowledged()

    def _unacknowledged(self) -> int:
        return sum(not each.is_acknowledged for each in self._unstored.values())

    def _listen(self) -> None:
        """Take the acknowledgements that have come."""
        with contextlib.suppress(queue.Empty):
            while True:
                self._note(self._acknowledged.get_nowait())

    def _note(self, event_id: str) -> None:
        row = self._rows.pop(event_id, None)
        if row is not None:
            self._done[event_id] = row
        if event_id in self._unstored:
            self._unstored[event_id].is_acknowledged = True

    def _keep(self, row: EventRow, payload: Payload) -> None:
        """Keep an event in memory until the disk takes it."""
        self._unstored[row.id] = _Unstored(row, payload)
        self._store_s = self._clock.monotonic_s() + AGAIN_S
        if len(self._unstored) > MOST_UNSTORED:
            self._listen()
            known = (name for name, each in self._unstored.items() if each.is_acknowledged)
            oldest = next(known, next(iter(self._unstored)))
            del self._unstored[oldest]
            _log.error("The event %s is given up: the disk does not take it.", oldest)

    def _store_late(self) -> None:
        """Commit some of what could not be, where the disk takes it again."""
        now_s = self._clock.monotonic_s()
        if not self._unstored or (self._store.failure is not None and now_s < self._store_s):
            return
        self._store_s = now_s + AGAIN_S
        self._commit_late()

    def _commit_late(self) -> bool:
        """Commit a batch of them; False where the disk does not take it."""
        late = list(self._unstored.values())[:BATCH]
        rows = [(each.row, None if each.is_acknowledged else encode(each.payload)) for each in late]
        if not self._store.does(lambda j: j.record_late(rows, self._clock.utc())):
            return False
        for each in late:
            del self._unstored[each.row.id]
        self._take_rows({e.row.id for e in late if e.is_sent and not e.is_acknowledged})
        self._is_stale = True
        return True

    def _find_again(self) -> None:
        """Learn the rows anew after the journal was: they have other numbers in a new file."""
        if self._knows_rows():
            return
        self._renewals = self._store.renewals
        done, sent = set(self._done), set(self._rows)
        self._done.clear()
        self._rows.clear()
        self._take_rows(sent | done)
        for event_id in done & set(self._rows):
            self._note(event_id)
        self._is_stale = True

    def _take_rows(self, sent: set[str]) -> None:
        """Note in which rows the journal holds events that were sent."""
        for row in self._store.look(lambda j: j.pending(OUTBOX_CAP)) or () if sent else ():
            payload = _read(row.payload)
            if payload is not None and payload["id"] in sent:
                self._rows[str(payload["id"])] = row.id

    def _forget(self) -> None:
        """Delete what the broker has; where that fails it is kept in mind, never sent again."""
        rows = tuple(self._done.values())
        if rows and self._store.does(lambda j: self._delete(j, rows)) and self._knows_rows():
            self._done.clear()
            self._is_stale = True

    def _delete(self, journal: Journal, rows: tuple[int, ...]) -> None:
        """Delete rows, unless the file has become another one, where the numbers mean others."""
        if self._knows_rows():
            journal.acknowledge(*rows)

    def _knows_rows(self) -> bool:
        return self._renewals == self._store.renewals

    def _send_stored(self) -> bool:
        """Send what the journal holds; False where not all found room."""
        limit = BATCH + len(self._rows) + len(self._done)
        waiting = self._store.look(lambda j: j.pending(limit))
        if waiting is None:
            return False  # what cannot be read now may wait there all the same
        for row in waiting:
            payload = _read(row.payload)
            event_id = f"row {row.id}" if payload is None else str(payload["id"])
            if event_id in self._rows or event_id in self._done:
                continue
            if payload is None:
                _log.error("A message in the outbox is damaged and dropped: look after the disk.")
                self._done[event_id] = row.id
            elif self._send(payload):
                self._rows[event_id] = row.id
            else:
                return False
        return len(waiting) < limit

    def _send(self, payload: Payload) -> bool:
        return self._sender.send_event(str(payload["id"]), payload)


def _read(text: str) -> dict[str, Value] | None:
    """Return a message; None where a worn disk has made it one that cannot be sent."""
    try:
        payload = json.loads(text)
    except (ValueError, RecursionError):
        return None
    is_whole = isinstance(payload, dict) and isinstance(payload.get("id"), str)
    return payload if is_whole else None
