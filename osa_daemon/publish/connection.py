"""One attempt at a connection: one paho client from its opening to its end, never used again.

What happens on it is reported as plain data; nothing is decided here. A new client for each
attempt, because paho resends what an old one still held after what is published on connecting,
so that an old state would replace a newer one; and because an exception in paho's network thread
leaves a client that says for ever that it is connected.
"""

import contextlib
import logging
import socket
import ssl
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions

from osa_daemon.publish.mailbox import Message
from osa_daemon.publish.mqtt_settings import MqttSettings
from osa_daemon.publish.problem import no_connection

MAX_INFLIGHT = 20  # mosquitto's own limit per client
MAX_QUEUED = 200
MAX_PACKET_BYTES = 16_384  # nothing that we subscribe to needs more
CONNECT_TIMEOUT_S = 5.0
LOOK_S = 5  # off a keepalive: mosquitto 2.0 looks for silent clients every 5 s, in whole seconds
LEAST_KEEPALIVE_S = 3
# MQTT 5.0 section 3.8.3.1: send retained messages on subscribing, or never
AS_IT_IS, NEVER_RETAINED = 0, 2

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Opened:
    """The broker took the connection."""


@dataclass(frozen=True, slots=True)
class Unreachable:
    """The attempt ended before the broker could answer; `sentence` tells why."""

    sentence: str


@dataclass(frozen=True, slots=True)
class Refused:
    """The broker answered with a refusal."""

    code: int
    name: str


@dataclass(frozen=True, slots=True)
class Closed:
    """The connection ended."""

    code: int
    name: str


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """A PUBACK; `refusal` is the name of its reason where the broker did not take the message."""

    mid: int
    refusal: str | None


@dataclass(frozen=True, slots=True)
class Received:
    """A message on one of the subscribed topics; its content is not to be trusted."""

    topic: str
    payload: bytes


Report: TypeAlias = Opened | Unreachable | Refused | Closed | Acknowledged | Received


class Connection:
    """A paho client with a network thread of its own.

    `report` is called from that thread and must not block. No method here blocks either.
    """

    def __init__(
        self,
        settings: MqttSettings,
        password: str | None,
        tls: ssl.SSLContext | None,
        will: Message,
        report: Callable[["Connection", Report], None],
        *,
        largest_packet: int = MAX_PACKET_BYTES,
    ) -> None:
        self._settings = settings
        self._largest_packet = largest_packet
        self._report_to = report
        client = paho.Client(
            CallbackAPIVersion.VERSION2,
            client_id=settings.client_name,
            protocol=MQTTProtocolVersion.MQTTv5,
            reconnect_on_failure=False,
        )
        client.suppress_exceptions = True
        client.connect_timeout = CONNECT_TIMEOUT_S
        client.max_inflight_messages_set(MAX_INFLIGHT)
        client.max_queued_messages_set(MAX_QUEUED)
        if settings.username is not None:
            client.username_pw_set(settings.username, password)
        if tls is not None:
            client.tls_set_context(tls)
        client.will_set(will.topic, will.payload, will.qos, will.is_retained)
        client.on_connect = lambda _c, _u, _flags, reason, _p: self._on_connect(reason)
        client.on_connect_fail = lambda _c, _u: self._on_connect_fail()
        client.on_disconnect = lambda _c, _u, _flags, reason, _p: self._report(
            Closed(reason.value, str(reason))
        )
        client.on_publish = lambda _c, _u, mid, reason, _p: self._report(
            Acknowledged(mid, str(reason) if reason.is_failure else None)
        )
        client.on_message = lambda _c, _u, message: self._report(
            Received(message.topic, bytes(message.payload))
        )
        self._client = client

    def open(self) -> None:
        """Begin to connect; the outcome is reported."""
        properties = _properties(PacketTypes.CONNECT)
        properties.MaximumPacketSize = self._largest_packet
        self._client.connect_async(
            self._settings.host,
            self._settings.port,
            told_keepalive_s(self._settings.keepalive_s),
            clean_start=True,
            properties=properties,
        )
        self._client.loop_start()

    def subscribe(self, topics: list[str], *, with_retained: bool = False) -> None:
        """Subscribe with QoS 1; retained messages mostly are not wanted: a command is for now."""
        handling = AS_IT_IS if with_retained else NEVER_RETAINED
        options = SubscribeOptions(qos=1, retainHandling=handling)
        self._client.subscribe([(topic, options) for topic in topics])

    def publish(self, message: Message) -> int | None:
        """Hand a message to the network thread; its id, or None where there was no room."""
        properties = None
        if message.expiry_s is not None:
            properties = _properties(PacketTypes.PUBLISH)
            properties.MessageExpiryInterval = message.expiry_s
        info = self._client.publish(
            message.topic, message.payload, message.qos, message.is_retained, properties
        )
        return info.mid if info.rc == MQTTErrorCode.MQTT_ERR_SUCCESS else None

    def close(self) -> None:
        """Say goodbye, so that the last will is not sent; `Closed` is reported when done."""
        self._client.disconnect()

    def abandon(self) -> None:
        """Cut the connection without waiting for anything; its thread ends by itself.

        The broker then sends the last will. Nothing is reported any more.
        """
        client = self._client
        # without callbacks no circle of references keeps the client and its sockets
        client.on_connect_fail = client.on_disconnect = None
        client.on_publish = client.on_message = None
        client.on_connect = _leave
        link = client.socket()
        if isinstance(link, socket.socket):
            # the plain method: SSLSocket's would take the TLS state from under paho's thread
            with contextlib.suppress(OSError):
                socket.socket.shutdown(link, socket.SHUT_RDWR)
        client.disconnect()

    def _report(self, report: Report) -> None:
        """Pass on from a callback, in which an exception would end paho's network thread."""
        try:
            self._report_to(self, report)
        except Exception:  # noqa: BLE001 the edge of paho's thread
            _log.exception("MQTT: %s could not be handled", type(report).__name__)

    def _on_connect(self, reason: ReasonCode) -> None:
        if reason.is_failure:
            self._report(Refused(reason.value, str(reason)))
        else:
            self._report(Opened())

    def _on_connect_fail(self) -> None:
        # paho calls this inside its `except OSError`: the only way to the cause
        self._report(Unreachable(no_connection(self._settings, sys.exc_info()[1])))
        self._client.disconnect()


def _leave(client: paho.Client, *_: object) -> None:
    """An attempt that was given up has succeeded after all."""
    client.disconnect()


def told_keepalive_s(keepalive_s: int) -> int:
    """What the broker is told, so that it gives up within 1.5 times `keepalive_s` (from 7 s on).

    By MQTT it gives up after 1.5 times what it was told, and it is slow to look.
    """
    return max(keepalive_s - LOOK_S, LEAST_KEEPALIVE_S)


def _properties(packet_type: int) -> Properties:
    return Properties(packet_type)  # type: ignore[no-untyped-call]  # paho's own is not annotated
