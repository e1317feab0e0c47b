"""Decided events on their way out: committed, sent, and forgotten once the broker has them."""

import contextlib
import json
import logging
import queue
from collections import deque
from collections.abc import Mapping
from typing import Protocol

from osa_daemon.clock import SYSTEM_CLOCK, Clock
from osa_daemon.journal.rows import EventRow
from osa_daemon.publish.payloads import Value, encode
from osa_daemon.service.store import Store

MOST_UNSTORED = 200  # events kept in memory while neither disk nor broker takes them
BATCH = 50
POLL_S = 0.02  # between looks for the last acknowledgements

_log = logging.getLogger(__name__)


class EventSender(Protocol):
    """What the outbox needs of the publisher."""

    def send_event(self, event_id: str, payload: Mapping[str, Value]) -> bool:
        """Send an event until it is acknowledged; False where there is no room now."""
        ...


class Outbox:
    """Used by the chain's thread, `acknowledged` aside, which any thread may call."""

    def __init__(self, store: Store, sender: EventSender, clock: Clock = SYSTEM_CLOCK) -> None:
        self._store = store
        self._sender = sender
        self._clock = clock
        self._acknowledged: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._unstored: deque[dict[str, Value]] = deque(maxlen=MOST_UNSTORED)
        self._rows: dict[str, int] = {}  # event id → row in the journal's outbox, once sent
        self._done: dict[str, int] = {}  # the same, acknowledged; until its row is deleted
        self._is_stale = True  # the journal may hold messages that were not sent yet

    def put(self, row: EventRow, payload: dict[str, Value]) -> dict[str, Value] | None:
        """Commit an event, then send it; return what was sent (`durable` tells the truth).

        None, and nothing is sent, where the journal holds an event of this id already.
        """
        now = self._clock.utc()
        stored = self._store.use(lambda j: j.record_event(row, encode(payload), now))
        if stored is False:
            return None
        if stored is None:
            payload = payload | {"durable": False}
            self._unstored.append(payload)
        self._is_stale = True
        self.pump()
        return payload

    def acknowledged(self, event_id: str) -> None:
        """Note that the broker has an event."""
        self._acknowledged.put(event_id)

    def pump(self) -> None:
        """Forget what was acknowledged, and send what waits and finds room."""
        with contextlib.suppress(queue.Empty):
            while True:
                self._note(self._acknowledged.get_nowait())
        self._forget()
        while self._unstored and self._send(self._unstored[0]):
            self._unstored.popleft()
        if self._is_stale:
            self._is_stale = not self._send_stored()

    def settle(self, timeout_s: float) -> None:
        """Pump until the broker has everything that was sent, for at most `timeout_s`."""
        until_s = self._clock.monotonic_s() + timeout_s
        self.pump()
        while self.length and (left_s := until_s - self._clock.monotonic_s()) > 0:
            self._clock.sleep(min(left_s, POLL_S))
            self.pump()

    @property
    def length(self) -> int:
        """Events that wait for their acknowledgement, as far as they were sent."""
        return len(self._rows) + len(self._unstored)

    def waiting(self) -> int:
        """Return how many events wait in the journal and in memory."""
        return (self._store.look(lambda j: j.outbox_length()) or 0) + len(self._unstored)

    def _note(self, event_id: str) -> None:
        row = self._rows.pop(event_id, None)
        if row is not None:
            self._done[event_id] = row

    def _forget(self) -> None:
        """Delete what the broker has; where that fails it is kept in mind, never sent again."""
        rows = tuple(self._done.values())
        if rows and self._store.does(lambda j: j.acknowledge(*rows)):
            self._done.clear()
            self._is_stale = True

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

    def _send(self, payload: dict[str, Value]) -> bool:
        return self._sender.send_event(str(payload["id"]), payload)


def _read(text: str) -> dict[str, Value] | None:
    """Return a message; None where a worn disk has made it one that cannot be sent."""
    try:
        payload = json.loads(text)
    except (ValueError, RecursionError):
        return None
    is_whole = isinstance(payload, dict) and isinstance(payload.get("id"), str)
    return payload if is_whole else None
