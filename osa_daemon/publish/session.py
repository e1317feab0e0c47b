"""The state machine of the link to the broker: when to connect, what to send, when to give up.

No thread, no clock and no chance of its own: `step` is told the time, reports come through
`handle`, so that a test can play any course of events.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from random import Random
from typing import Literal, Protocol

from osa_daemon.errors import ConfigError
from osa_daemon.publish import problem
from osa_daemon.publish.connection import (
    MAX_INFLIGHT,
    Acknowledged,
    Closed,
    Opened,
    Received,
    Refused,
    Report,
    Unreachable,
)
from osa_daemon.publish.discovery import birth_topic
from osa_daemon.publish.mailbox import Mailbox, Message
from osa_daemon.publish.mqtt_settings import MqttSettings
from osa_daemon.publish.topics import AVAILABILITY, OFFLINE, ONLINE, SET

MAX_COMMAND_BYTES = 256
GOODBYE_SHARE = 0.7  # of the time to stop in: when "offline" goes out, whatever still waits

_log = logging.getLogger(__name__)


class Link(Enum):
    """States of the link."""

    WAITING = "waiting for the next attempt"
    CONNECTING = "connecting"
    ONLINE = "online"
    CLOSING = "saying goodbye"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class Timing:
    """Deadlines and pauses in seconds; a test makes them short."""

    puback_deadline_s: float = 10.0  # a broker on the far side of bad WLAN answers within 2 s
    heartbeat_s: float = 30.0
    connect_deadline_s: float = 30.0
    retry_min_s: float = 1.0
    retry_max_s: float = 30.0
    refused_retry_s: float = 30.0
    birth_delay_min_s: float = 1.0
    birth_delay_max_s: float = 5.0  # many devices must not all answer a birth at once
    tick_s: float = 1.0


class Peer(Protocol):
    """What the session needs of a `Connection`."""

    def open(self) -> None:
        """Begin to connect."""

    def subscribe(self, topics: list[str]) -> None:
        """Subscribe to topics."""

    def publish(self, message: Message) -> int | None:
        """Hand over a message; its id, or None where there was no room."""

    def close(self) -> None:
        """Say goodbye."""

    def abandon(self) -> None:
        """Cut without waiting."""


@dataclass(frozen=True, slots=True)
class _Outstanding:
    """A QoS 1 message without its PUBACK."""

    kind: Literal["state", "event", "availability"]
    key: str  # the event's id, else the topic
    topic: str
    sent_s: float


class Session:
    """Keeps one link to the broker and empties the mailbox into it.

    `connect` makes a new peer, not yet opened, and raises ConfigError where the credentials
    cannot be read. `on_acknowledged` is given an event's id, `on_command` a key and its payload.
    """

    def __init__(
        self,
        settings: MqttSettings,
        mailbox: Mailbox,
        connect: Callable[[], Peer],
        *,
        on_acknowledged: Callable[[str], None],
        on_command: Callable[[str, bytes], None] | None,
        timing: Timing,
        random: Random,
    ) -> None:
        self._settings = settings
        self._mailbox = mailbox
        self._connect = connect
        self._on_acknowledged = on_acknowledged
        self._on_command = on_command
        self._timing = timing
        self._random = random
        self._peer: Peer | None = None
        self._outstanding: dict[int, _Outstanding] = {}
        self._failures = 0
        self._next_s = float("-inf")  # of the next attempt, or deadline of the present one
        self._birth_s: float | None = None
        self._events_from_s = float("-inf")
        self._stop_s: float | None = None
        self._goodbye_s = float("inf")
        self._refused_topics: set[str] = set()
        self.link = Link.WAITING
        self.problem: str | None = None
        self.puback_s: float | None = None

    def step(self, now_s: float) -> float:
        """Do what is due; the time in seconds until the next step at the latest."""
        if self.link is Link.WAITING:
            self._step_waiting(now_s)
        elif self.link is Link.CONNECTING:
            self._step_connecting(now_s)
        elif self.link is Link.ONLINE:
            self._step_online(now_s)
        elif self.link is Link.CLOSING and self._is_past_stop(now_s):
            self._end()
        return self._pause_s(now_s)

    def stop(self, now_s: float, timeout_s: float) -> None:
        """Send what waits, say goodbye and end, all within the timeout."""
        self._stop_s = now_s + timeout_s
        self._goodbye_s = now_s + GOODBYE_SHARE * timeout_s
        self._mailbox.hurry()

    def handle(self, peer: Peer, report: Report, now_s: float) -> None:
        """Take a report; one of a peer that was given up only matters if it still opened."""
        if peer is not self._peer:
            if isinstance(report, Opened):
                peer.abandon()
            return
        match report:
            case Opened():
                self._on_opened(peer, now_s)
            case Unreachable(error):
                self._retry(problem.no_connection(self._settings, error), now_s)
            case Refused(code, name):
                self._retry(problem.refused(self._settings, code, name), now_s, is_refusal=True)
            case Closed(code, name):
                self._on_closed(code, name, now_s)
            case Acknowledged(mid, refusal):
                self._on_puback(mid, refusal, now_s)
            case Received(topic, payload):
                self._on_received(topic, payload, now_s)

    def _step_waiting(self, now_s: float) -> None:
        if self._stop_s is not None:
            self._end()
        elif now_s >= self._next_s:
            self._begin(now_s)

    def _begin(self, now_s: float) -> None:
        try:
            self._peer = self._connect()
        except ConfigError as error:
            self._retry(str(error), now_s, is_refusal=True)
            return
        self.link = Link.CONNECTING
        self._next_s = now_s + self._timing.connect_deadline_s
        self._peer.open()

    def _step_connecting(self, now_s: float) -> None:
        if self._is_past_stop(now_s):
            self._end()
        elif now_s >= self._next_s:
            self._retry(problem.no_connection(self._settings, TimeoutError()), now_s)

    def _step_online(self, now_s: float) -> None:
        if self._birth_s is not None and now_s >= self._birth_s:
            self._birth_s = None
            self._mailbox.repeat_states()
        self._send_waiting(now_s)
        self._check_acknowledged(now_s)
        if self._stop_s is not None:
            self._say_goodbye(now_s)

    def _send_waiting(self, now_s: float) -> None:
        for message in self._mailbox.take_states(now_s):
            if not self._send("state", message.topic, message, now_s):
                self._mailbox.return_state(message.topic, now_s + self._timing.tick_s)
        if now_s < self._events_from_s:
            return
        for event_id, message in self._mailbox.take_events(MAX_INFLIGHT):
            if not self._send("event", event_id, message, now_s):
                self._mailbox.return_event(event_id)

    def _send(
        self,
        kind: Literal["state", "event", "availability"],
        key: str,
        message: Message,
        now_s: float,
    ) -> bool:
        assert self._peer is not None
        mid = self._peer.publish(message)
        if mid is None:
            return False
        if message.qos > 0:
            self._outstanding[mid] = _Outstanding(kind, key, message.topic, now_s)
        return True

    def _check_acknowledged(self, now_s: float) -> None:
        """Nothing else tells a link that lives from one that only seems to."""
        oldest_s = min((out.sent_s for out in self._outstanding.values()), default=None)
        if oldest_s is None:
            assert self.puback_s is not None
            if now_s - self.puback_s >= self._timing.heartbeat_s:
                self._send_availability(ONLINE, now_s)
        elif now_s - oldest_s >= self._timing.puback_deadline_s:
            self._retry(problem.silent(self._settings, now_s - oldest_s), now_s)

    def _say_goodbye(self, now_s: float) -> None:
        """Once everything is acknowledged, or late: offline; once that is too: disconnect."""
        if self.link is not Link.ONLINE:
            return
        is_late = now_s >= self._goodbye_s
        if not is_late and (self._outstanding or self._mailbox.waiting_events):
            return
        self._send_availability(OFFLINE, now_s)
        self.link = Link.CLOSING

    def _send_availability(self, value: str, now_s: float) -> None:
        message = availability(self._settings, value)
        self._send("availability", message.topic, message, now_s)

    def _on_opened(self, peer: Peer, now_s: float) -> None:
        if self.problem is not None:
            _log.info("MQTT: connected to the broker at %s again", self._settings.address)
        self.link = Link.ONLINE
        self.problem = None
        self.puback_s = now_s
        self._failures = 0
        self._birth_s = None
        self._refused_topics.clear()
        self._mailbox.return_all()
        peer.subscribe([self._settings.topic(SET.suffix), birth_topic(self._settings)])
        self._send_availability(ONLINE, now_s)

    def _on_closed(self, code: int, name: str, now_s: float) -> None:
        if self.link is Link.CLOSING:
            self._end()
            return
        was_online = self.link is Link.ONLINE
        self._retry(problem.lost(self._settings, code, name, was_online=was_online), now_s)

    def _on_puback(self, mid: int, refusal: str | None, now_s: float) -> None:
        sent = self._outstanding.pop(mid, None)
        if sent is None:
            return
        self.puback_s = now_s
        if refusal is not None:
            self._on_refused_message(sent, refusal, now_s)
        else:
            self._on_taken(sent)
        if self.link is Link.CLOSING and not self._outstanding and self._peer is not None:
            self._peer.close()

    def _on_taken(self, sent: _Outstanding) -> None:
        if sent.kind == "event":
            self._mailbox.finish_event(sent.key)
            _guarded(self._on_acknowledged, sent.key)
        if sent.topic in self._refused_topics:
            self._refused_topics.discard(sent.topic)
            if not self._refused_topics:
                self.problem = None

    def _on_refused_message(self, sent: _Outstanding, refusal: str, now_s: float) -> None:
        self._refused_topics.add(sent.topic)
        self._set_problem(problem.not_permitted(self._settings, sent.topic, refusal))
        again_s = now_s + self._timing.refused_retry_s
        if sent.kind == "state":
            self._mailbox.return_state(sent.key, again_s)
        elif sent.kind == "event":
            self._mailbox.return_event(sent.key)
            self._events_from_s = again_s

    def _on_received(self, topic: str, payload: bytes, now_s: float) -> None:
        if topic == birth_topic(self._settings):
            if payload == ONLINE.encode():
                self._birth_s = now_s + self._random.uniform(
                    self._timing.birth_delay_min_s, self._timing.birth_delay_max_s
                )
            return
        key = topic.rpartition("/")[2]
        if len(payload) > MAX_COMMAND_BYTES:
            _log.warning("MQTT: a command on %s of %d bytes is ignored", topic, len(payload))
        elif self._on_command is not None:
            _guarded(self._on_command, key, payload)

    def _retry(self, sentence: str, now_s: float, *, is_refusal: bool = False) -> None:
        """Give this attempt up and plan the next: later each time, at once only where it ran."""
        self._drop_peer()
        self._set_problem(sentence)
        longest_s = self._timing.retry_max_s
        pause_s = min(longest_s, self._timing.retry_min_s * 2.0 ** min(self._failures, 16))
        if is_refusal:
            pause_s = longest_s
        self._failures += 1
        self._next_s = now_s + pause_s * self._random.uniform(0.5, 1.0)
        self.link = Link.WAITING

    def _end(self) -> None:
        self._drop_peer()
        self.link = Link.ENDED

    def _drop_peer(self) -> None:
        peer, self._peer = self._peer, None
        self._outstanding.clear()
        if peer is not None:
            peer.abandon()

    def _set_problem(self, sentence: str) -> None:
        if sentence != self.problem:
            _log.warning("MQTT: %s", sentence)
        self.problem = sentence

    def _is_past_stop(self, now_s: float) -> bool:
        return self._stop_s is not None and now_s >= self._stop_s

    def _pause_s(self, now_s: float) -> float:
        """Until the next moment at which something falls due."""
        moments = [self._birth_s, self._mailbox.next_due_s(), self._stop_s, self._goodbye_s]
        if self.link in (Link.WAITING, Link.CONNECTING):
            moments = [self._next_s, self._stop_s]
        pauses = [moment - now_s for moment in moments if moment is not None and moment > now_s]
        return min([*pauses, self._timing.tick_s])


def availability(settings: MqttSettings, value: str) -> Message:
    """The message on the topic `availability`, also the last will."""
    return Message(
        settings.topic(AVAILABILITY.suffix), value, AVAILABILITY.qos, AVAILABILITY.is_retained
    )


def _guarded(callback: Callable[..., None], *arguments: object) -> None:
    """Call into the service: what fails there must not take the link down."""
    try:
        callback(*arguments)
    except Exception:  # noqa: BLE001 whatever the service raises, the link goes on
        _log.exception("MQTT: a callback of the service failed")
