"""Sends what waits in the mailbox and follows each message to its acknowledgement."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, Protocol

from osa_daemon.publish import problem
from osa_daemon.publish.mailbox import Mailbox, Message
from osa_daemon.publish.mqtt_settings import MqttSettings
from osa_daemon.publish.timing import Timing
from osa_daemon.publish.topics import AVAILABILITY

MAX_EVENTS_UNDERWAY = 20  # mosquitto's own limit per client

_log = logging.getLogger(__name__)

Kind = Literal["state", "event", "availability"]


class Outlet(Protocol):
    """Where messages go: a `Connection`."""

    def publish(self, message: Message) -> int | None:
        """Hand over a message; its id, or None where there was no room."""


@dataclass(frozen=True, slots=True)
class _Underway:
    """A QoS 1 message without its PUBACK; `key` is the event's id, else the topic."""

    kind: Kind
    key: str
    topic: str
    sent_s: float


class Delivery:
    """From the mailbox to the PUBACK, over one outlet after another.

    `on_acknowledged` is given the id of an event that the broker has.
    """

    def __init__(
        self,
        settings: MqttSettings,
        mailbox: Mailbox,
        on_acknowledged: Callable[[str], None],
        timing: Timing,
    ) -> None:
        self._settings = settings
        self._mailbox = mailbox
        self._on_acknowledged = on_acknowledged
        self._timing = timing
        self._underway: dict[int, _Underway] = {}
        self._refused: dict[str, str] = {}
        self._events_from_s = float("-inf")
        self.puback_s: float | None = None

    def begin(self, now_s: float) -> None:
        """A new outlet is open: everything retained and unacknowledged goes again."""
        self._underway.clear()
        self._refused.clear()
        self._events_from_s = float("-inf")
        self.puback_s = now_s
        self._mailbox.return_all()

    def end(self) -> None:
        """The outlet is gone, and with it every answer to what is underway."""
        self._underway.clear()

    def send_waiting(self, outlet: Outlet, now_s: float) -> None:
        """Hand over every state that is due, then events, oldest first."""
        for message in self._mailbox.take_states(now_s):
            if not self._send(outlet, "state", message.topic, message, now_s):
                self._mailbox.return_state(message.topic, now_s + self._timing.tick_s)
        if now_s < self._events_from_s:
            return
        for event_id, message in self._mailbox.take_events(MAX_EVENTS_UNDERWAY):
            if not self._send(outlet, "event", event_id, message, now_s):
                self._mailbox.return_event(event_id)

    def send_availability(self, outlet: Outlet, value: str, now_s: float) -> None:
        """Say `online` or `offline`."""
        message = availability(self._settings, value)
        self._send(outlet, "availability", message.topic, message, now_s)

    def take_puback(self, mid: int, refusal: str | None, now_s: float) -> None:
        """An answer has come; `refusal` is its reason where the message was not taken."""
        sent = self._underway.pop(mid, None)
        if sent is None:
            return
        self.puback_s = now_s
        if refusal is not None:
            self._keep(sent, refusal, now_s)
            return
        self._refused.pop(sent.topic, None)
        if sent.kind == "event":
            self._mailbox.finish_event(sent.key)
            guarded(self._on_acknowledged, sent.key)

    def silence_s(self, now_s: float) -> float:
        """How long the oldest message has been without an answer; 0 where none is underway."""
        return now_s - min((sent.sent_s for sent in self._underway.values()), default=now_s)

    @property
    def is_idle(self) -> bool:
        """Whether everything sent is answered."""
        return not self._underway

    @property
    def refusal(self) -> str | None:
        """What the broker does not take, in one sentence."""
        return next(iter(self._refused.values()), None)

    def _send(self, outlet: Outlet, kind: Kind, key: str, message: Message, now_s: float) -> bool:
        mid = outlet.publish(message)
        if mid is None:
            return False
        if message.qos > 0:
            self._underway[mid] = _Underway(kind, key, message.topic, now_s)
        return True

    def _keep(self, sent: _Underway, refusal: str, now_s: float) -> None:
        """Try a message that was not taken again, but not soon."""
        sentence = problem.not_permitted(self._settings, sent.topic, refusal)
        if sent.topic not in self._refused:
            _log.warning("MQTT: %s", sentence)
        self._refused[sent.topic] = sentence
        again_s = now_s + self._timing.refused_retry_s
        if sent.kind == "state":
            self._mailbox.return_state(sent.key, again_s)
        elif sent.kind == "event":
            self._mailbox.return_event(sent.key)
            self._events_from_s = again_s


def availability(settings: MqttSettings, value: str) -> Message:
    """The message on the topic `availability`, also the last will."""
    return Message(
        settings.topic(AVAILABILITY.suffix), value, AVAILABILITY.qos, AVAILABILITY.is_retained
    )


def guarded(callback: Callable[..., None], *arguments: object) -> None:
    """Call into the service: what fails there must not take the link down."""
    try:
        callback(*arguments)
    except Exception:  # noqa: BLE001 whatever the service raises, the link goes on
        _log.exception("MQTT: a callback of the service failed")
