"""Which message waits to be sent: at most one, because an alert of long ago tells nobody anything.

Told by the chain's thread, emptied by the channel's own.
"""

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from osa_daemon.publish.ntfy_message import Message, is_test, message_of, message_of_end
from osa_daemon.publish.ntfy_settings import NtfySettings
from osa_daemon.publish.payloads import Value
from osa_daemon.scoring.event import AlertLevel

SAME_S = 5.0  # a clock that is being set moves the beginning of a pause that goes on
_RANKS = {level.value: rank for rank, level in enumerate(AlertLevel)}


@dataclass(frozen=True, slots=True, eq=False)
class Job:
    """A message to send, and when it came (s, monotonic). `is_end`: it tells that one is over."""

    message: Message
    put_s: float
    is_end: bool = False


@dataclass(frozen=True, slots=True)
class _Raised:
    kind: Value
    is_test: bool
    since: datetime
    rank: int

    @classmethod
    def of(cls, payload: Mapping[str, Value]) -> "_Raised":
        since = datetime.fromisoformat(str(payload["since"]))
        return cls(payload["kind"], is_test(payload), since, _RANKS[str(payload["level"])])

    def goes_on_from(self, other: "_Raised") -> bool:
        apart_s = abs((self.since - other.since).total_seconds())
        return (self.kind, self.is_test) == (other.kind, other.is_test) and apart_s <= SAME_S


class Waiting:
    """Makes messages of what is told on the topic `alert`, and keeps the latest.

    One message for an alert that is raised, and one more where it becomes urgent. What is over,
    acknowledged or replaced before it was sent is not sent.
    """

    def __init__(self, settings: NtfySettings) -> None:
        self._settings = settings
        self._lock = threading.Lock()
        self._raised: _Raised | None = None
        self._job: Job | None = None
        self._is_end_owed = False  # a message went out, and its end is not told yet

    def tell(self, payload: Mapping[str, Value], now_s: float) -> None:
        """Take a payload of the topic `alert`."""
        with self._lock:
            if payload["active"] and not payload["acknowledged"]:
                self._raise(payload, now_s)
            elif payload["level"] != AlertLevel.NOTICE.value:
                self._end(now_s)

    def next(self) -> Job | None:
        """Return what waits; it goes on waiting until it is `finished`."""
        with self._lock:
            return self._job

    def finish(self, job: Job, now_s: float, *, is_sent: bool) -> None:
        """Forget a job: the server has it, or it is too late for it."""
        with self._lock:
            if self._job is job:
                self._job = None
            if not is_sent:
                return
            self._is_end_owed = not job.is_end
            if self._raised is None and self._job is None:
                self._end(now_s)  # it ended while it was being sent

    def _raise(self, payload: Mapping[str, Value], now_s: float) -> None:
        raised = _Raised.of(payload)
        if raised.rank < _RANKS[self._settings.least_level.value] and not raised.is_test:
            return
        before = self._raised
        if before is not None and raised.goes_on_from(before) and raised.rank <= before.rank:
            return
        self._raised = raised
        self._job = Job(message_of(payload, self._settings), now_s)

    def _end(self, now_s: float) -> None:
        self._raised = None
        if self._job is not None and not self._job.is_end:
            self._job = None
        if self._is_end_owed and self._settings.tell_over:
            self._is_end_owed = False
            self._job = Job(message_of_end(), now_s, is_end=True)
