"""What waits to be sent: the latest value of each state, and a bounded queue of events.

Written to by any thread, emptied by the publisher's own. The mailbox is memory only: events that
must survive the process lie in the journal's outbox until they are acknowledged.
"""

import threading
from collections import OrderedDict
from dataclasses import dataclass

EVENT_LIMIT = 1000  # more than a night of severe apnea; about 0.5 MB


@dataclass(frozen=True, slots=True)
class Message:
    """One MQTT message; see `topics.Topic` for the meaning of the last three."""

    topic: str
    payload: str
    qos: int
    is_retained: bool
    expiry_s: int | None = None
    min_interval_s: float = 0.0


@dataclass(slots=True)
class _Slot:
    message: Message
    put_s: float
    is_waiting: bool = True
    not_before_s: float = float("-inf")


class Mailbox:
    """Latest-value slots by topic and a first-in first-out queue of events by id."""

    def __init__(self, event_limit: int = EVENT_LIMIT) -> None:
        self._event_limit = event_limit
        self._lock = threading.Lock()
        self._slots: dict[str, _Slot] = {}
        self._waiting: OrderedDict[str, Message] = OrderedDict()
        self._sent: OrderedDict[str, Message] = OrderedDict()

    def put_state(self, message: Message, now_s: float = 0.0) -> None:
        """Replace what waits on this topic; a value equal to the last one is not sent again.

        A value with an expiry is, it would vanish otherwise; but not once it is that old.
        """
        with self._lock:
            slot = self._slots.get(message.topic)
            if slot is None:
                self._slots[message.topic] = _Slot(message, now_s)
            elif slot.message != message or message.expiry_s is not None:
                slot.message = message
                slot.put_s = now_s
                slot.is_waiting = True

    def put_event(self, event_id: str, message: Message) -> bool:
        """Queue an event. False where the queue is full: offer it again later."""
        with self._lock:
            if event_id in self._waiting or event_id in self._sent:
                return True
            if len(self._waiting) + len(self._sent) >= self._event_limit:
                return False
            self._waiting[event_id] = message
            return True

    def take_states(self, now_s: float) -> list[Message]:
        """The states that may be sent now, in the order in which their topics first came."""
        with self._lock:
            due = [slot for slot in self._slots.values() if _is_due(slot, now_s)]
            for slot in due:
                slot.is_waiting = False
                slot.not_before_s = now_s + slot.message.min_interval_s
            return [slot.message for slot in due]

    def return_state(self, topic: str, not_before_s: float) -> None:
        """Send this topic's latest value again, from `not_before_s` on."""
        with self._lock:
            slot = self._slots[topic]
            slot.is_waiting = True
            slot.not_before_s = max(slot.not_before_s, not_before_s)

    def take_events(self, limit: int) -> list[tuple[str, Message]]:
        """Up to `limit` events less those that are sent and not yet acknowledged, oldest first."""
        with self._lock:
            taken = []
            while self._waiting and len(self._sent) < limit:
                event_id, message = self._waiting.popitem(last=False)
                self._sent[event_id] = message
                taken.append((event_id, message))
            return taken

    def finish_event(self, event_id: str) -> None:
        """Forget an event: the broker has it."""
        with self._lock:
            self._sent.pop(event_id, None)

    def return_event(self, event_id: str) -> None:
        """Put an event that the broker did not take back in front of the queue."""
        with self._lock:
            message = self._sent.pop(event_id, None)
            if message is not None:
                self._waiting[event_id] = message
                self._waiting.move_to_end(event_id, last=False)

    def return_all(self) -> None:
        """Let every retained state and every event that is not acknowledged be sent anew.

        What is not retained was for those who listened then.
        """
        self.repeat_states()
        with self._lock:
            for slot in self._slots.values():
                slot.is_waiting &= slot.message.is_retained
            self._sent.update(self._waiting)
            self._waiting, self._sent = self._sent, OrderedDict()

    def repeat_states(self) -> None:
        """Let every retained state be sent at once, changed or not.

        Not those with an expiry: it would begin anew, and the value outlive its truth.
        """
        with self._lock:
            for slot in self._slots.values():
                if slot.message.is_retained and slot.message.expiry_s is None:
                    slot.is_waiting = True
                    slot.not_before_s = float("-inf")

    def repeat_state(self, topic: str) -> None:
        """Let this topic's latest value be sent once more, if there is one."""
        with self._lock:
            if topic in self._slots:
                self._slots[topic].is_waiting = True

    def hurry(self) -> None:
        """Drop the intervals between values: these are the last."""
        with self._lock:
            for slot in self._slots.values():
                slot.not_before_s = float("-inf")

    def next_due_s(self) -> float | None:
        """When a waiting state may be sent, or None where none waits."""
        with self._lock:
            waiting = [slot.not_before_s for slot in self._slots.values() if slot.is_waiting]
            return min(waiting, default=None)

    @property
    def waiting_events(self) -> int:
        """Events that the broker has not acknowledged."""
        with self._lock:
            return len(self._waiting) + len(self._sent)


def _is_due(slot: _Slot, now_s: float) -> bool:
    expiry_s = slot.message.expiry_s
    if expiry_s is not None and now_s - slot.put_s >= expiry_s:
        return False
    return slot.is_waiting and now_s >= slot.not_before_s
