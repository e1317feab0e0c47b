"""The state machine of the link to the broker: when to connect, when to give up, when to end.

No thread, no clock and no chance of its own: `step` is told the time, reports come through
`handle`, so that a test can play any course of events.
"""

import logging
from collections.abc import Callable
from enum import Enum
from random import Random
from typing import Protocol

from osa_daemon.errors import ConfigError
from osa_daemon.publish import problem
from osa_daemon.publish.backoff import Backoff
from osa_daemon.publish.connection import (
    Acknowledged,
    Closed,
    Opened,
    Received,
    Refused,
    Report,
    Unreachable,
)
from osa_daemon.publish.delivery import Delivery, Outlet, guarded
from osa_daemon.publish.discovery import birth_topic
from osa_daemon.publish.mailbox import Mailbox
from osa_daemon.publish.mqtt_settings import MqttSettings
from osa_daemon.publish.seldom import Seldom
from osa_daemon.publish.timing import Timing
from osa_daemon.publish.topics import OFFLINE, ONLINE, SET

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


class Peer(Outlet, Protocol):
    """What the session needs of a `Connection`; see there."""

    def open(self) -> None:
        """Begin to connect."""

    def subscribe(self, topics: list[str]) -> None:
        """Subscribe to topics."""

    def close(self) -> None:
        """Say goodbye."""

    def abandon(self) -> None:
        """Cut without waiting."""


class Session:
    """Keeps one link to the broker and empties the mailbox into it.

    `connect` makes a new peer, not yet opened, and raises ConfigError where the credentials
    cannot be read. `on_command` is given a key and its untrusted payload.
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
        self._on_command = on_command
        self._timing = timing
        self._random = random
        self._backoff = Backoff(timing, random)
        self._delivery = Delivery(settings, mailbox, on_acknowledged, timing)
        self._peer: Peer | None = None
        self._next_s = float("-inf")  # of the next attempt, or deadline of the present one
        self._birth_s: float | None = None
        self._goodbye_s: float | None = None
        self._stop_s: float | None = None
        self._failure: str | None = None
        self._ignored = Seldom(_log)
        self.link = Link.WAITING

    @property
    def problem(self) -> str | None:
        """Why there is no link, or what the broker does not take, in one sentence."""
        return self._failure or self._delivery.refusal

    @property
    def puback_s(self) -> float | None:
        """When the broker last acknowledged anything."""
        return self._delivery.puback_s

    def step(self, now_s: float) -> float:
        """Do what is due; the time in seconds until the next step at the latest."""
        if self._stop_s is not None and (now_s >= self._stop_s or self.link is Link.WAITING):
            self._end()
        elif self.link is Link.WAITING and now_s >= self._next_s:
            self._begin(now_s)
        elif self.link is Link.CONNECTING and now_s >= self._next_s:
            self._retry(problem.no_connection(self._settings, TimeoutError()), now_s)
        elif self.link is Link.ONLINE and self._peer is not None:
            self._step_online(self._peer, now_s)
        return self._pause_s(now_s)

    def stop(self, now_s: float, timeout_s: float) -> None:
        """Send what waits, say goodbye and end, all within the timeout."""
        self._stop_s = now_s + timeout_s
        self._goodbye_s = now_s + GOODBYE_SHARE * timeout_s
        self._mailbox.hurry()

    def handle(self, peer: Peer, report: Report, now_s: float) -> None:
        """Take a report; one of a peer that was given up does not matter."""
        if peer is not self._peer:
            return
        match report:
            case Opened():
                self._on_opened(peer, now_s)
            case Unreachable(sentence):
                self._retry(sentence, now_s)
            case Refused(code, name):
                self._retry(problem.refused(self._settings, code, name), now_s, is_refusal=True)
            case Closed(code, name):
                self._on_closed(code, name, now_s)
            case Acknowledged(mid, refusal):
                self._on_puback(peer, mid, refusal, now_s)
            case Received(topic, payload):
                self._on_received(topic, payload, now_s)

    def _begin(self, now_s: float) -> None:
        try:
            self._peer = self._connect()
        except ConfigError as error:
            self._retry(str(error), now_s, is_refusal=True)
            return
        self.link = Link.CONNECTING
        self._next_s = now_s + self._timing.connect_deadline_s
        self._peer.open()

    def _step_online(self, peer: Peer, now_s: float) -> None:
        if self._backoff.is_steady(now_s):
            self._failure = None
        if self._birth_s is not None and now_s >= self._birth_s:
            self._birth_s = None
            self._mailbox.repeat_states()
        self._delivery.send_waiting(peer, now_s)
        self._check_acknowledged(peer, now_s)
        if self._goodbye_s is not None and self.link is Link.ONLINE:
            self._say_goodbye(peer, self._goodbye_s, now_s)

    def _check_acknowledged(self, peer: Peer, now_s: float) -> None:
        """Nothing but a PUBACK tells a link that lives from one that only seems to."""
        silence_s = self._delivery.silence_s(now_s)
        if silence_s >= self._timing.puback_deadline_s:
            self._backoff.end(now_s)
            self._retry(problem.silent(self._settings, silence_s), now_s)
        elif self._delivery.is_idle and now_s >= (self.puback_s or 0) + self._timing.heartbeat_s:
            self._delivery.send_availability(peer, ONLINE, now_s)

    def _say_goodbye(self, peer: Peer, latest_s: float, now_s: float) -> None:
        """Once everything is acknowledged, or it is late: offline. The rest is `_on_puback`."""
        if now_s < latest_s and not (self._delivery.is_idle and not self._mailbox.waiting_events):
            return
        self._delivery.send_availability(peer, OFFLINE, now_s)
        self.link = Link.CLOSING

    def _on_opened(self, peer: Peer, now_s: float) -> None:
        self._backoff.open(now_s)
        if not self._backoff.is_flapping:
            if self._failure is not None:
                _log.info("MQTT: connected to the broker at %s", self._settings.address)
            self._failure = None
        self.link = Link.ONLINE
        self._birth_s = None
        self._delivery.begin(now_s)
        peer.subscribe(self._subscriptions())
        self._delivery.send_availability(peer, ONLINE, now_s)

    def _subscriptions(self) -> list[str]:
        commands = self._settings.topic(SET.suffix)
        return [commands, birth_topic(self._settings)] if self._settings.discovery else [commands]

    def _on_closed(self, code: int, name: str, now_s: float) -> None:
        if self.link is Link.CLOSING:
            self._end()
            return
        was_online = self.link is Link.ONLINE
        sentence = problem.lost(self._settings, code, name, was_online=was_online)
        if was_online:
            self._backoff.end(now_s)
            if self._backoff.is_flapping:
                sentence = problem.rival(self._settings)
        self._retry(sentence, now_s)

    def _on_puback(self, peer: Peer, mid: int, refusal: str | None, now_s: float) -> None:
        self._delivery.take_puback(mid, refusal, now_s)
        if self.link is Link.CLOSING and self._delivery.is_idle:
            peer.close()

    def _on_received(self, topic: str, payload: bytes, now_s: float) -> None:
        if topic == birth_topic(self._settings):
            if payload == ONLINE.encode() and self._birth_s is None:
                self._birth_s = now_s + self._random.uniform(
                    self._timing.birth_delay_min_s, self._timing.birth_delay_max_s
                )
        elif len(payload) > MAX_COMMAND_BYTES:
            # the topic is a stranger's text, too
            self._ignored.warning(f"MQTT: a command of {len(payload)} bytes is ignored.")
        elif self._on_command is not None:
            guarded(self._on_command, topic.rpartition("/")[2], payload)

    def _retry(self, sentence: str, now_s: float, *, is_refusal: bool = False) -> None:
        """Give this attempt up and plan the next."""
        if sentence != self._failure:
            _log.warning("MQTT: %s", sentence)
        self._failure = sentence
        self._drop_peer()
        self._next_s = now_s + self._backoff.pause_s(is_refusal=is_refusal)
        self.link = Link.WAITING

    def _end(self) -> None:
        self._drop_peer()
        self.link = Link.ENDED

    def _drop_peer(self) -> None:
        peer, self._peer = self._peer, None
        self._delivery.end()
        if peer is not None:
            peer.abandon()

    def _pause_s(self, now_s: float) -> float:
        """Until the next moment at which something falls due."""
        moments = [self._birth_s, self._mailbox.next_due_s(), self._stop_s, self._goodbye_s]
        if self.link in (Link.WAITING, Link.CONNECTING):
            moments = [self._next_s, self._stop_s]
        pauses = [moment - now_s for moment in moments if moment is not None and moment > now_s]
        return min([*pauses, self._timing.tick_s])
