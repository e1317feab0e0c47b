"""An independent listener on the broker: QoS 1, a session that outlives it, every message timed."""

import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.subscribeoptions import SubscribeOptions

from tests.mosquitto import wait_for

SESSION_S = 24 * 3600
KEEPALIVE_S = 5
READY_S = 30.0


@dataclass(frozen=True, slots=True)
class Message:
    """A message, and when (monotonic s) it came."""

    at_s: float
    topic: str
    payload: str


class Witness:
    """Notes what one device tells; `topic` is the filter of what it listens to."""

    def __init__(
        self,
        port: int,
        topic: str = "osa_daemon/#",
        *,
        client_id: str = "witness",
        user: str | None = None,
        password: str | None = None,
        ca_file: str | None = None,
    ) -> None:
        self.heard: list[Message] = []
        self._ready = threading.Event()
        client = paho.Client(
            CallbackAPIVersion.VERSION2, client_id, protocol=MQTTProtocolVersion.MQTTv5
        )
        client.reconnect_delay_set(1, 1)
        if user is not None:
            client.username_pw_set(user, password)
        if ca_file is not None:
            client.tls_set(ca_file)
        client.on_connect = lambda c, *_: c.subscribe(topic, options=SubscribeOptions(qos=1))
        client.on_subscribe = lambda *_: self._ready.set()
        client.on_message = lambda _c, _u, message: self.heard.append(
            Message(time.monotonic(), message.topic, message.payload.decode(errors="replace"))
        )
        session = Properties(PacketTypes.CONNECT)
        session.SessionExpiryInterval = SESSION_S
        client.connect_async("127.0.0.1", port, KEEPALIVE_S, clean_start=False, properties=session)
        client.loop_start()
        self._client = client

    def wait_until_ready(self) -> None:
        """Wait until the broker holds its subscription."""
        assert self._ready.wait(READY_S), "the witness could not subscribe"

    def on(self, suffix: str) -> list[Message]:
        """What came on topics that end so."""
        return [message for message in list(self.heard) if message.topic.endswith(suffix)]

    def last(self, suffix: str) -> str:
        """The last payload of them; empty where none came."""
        messages = self.on(suffix)
        return messages[-1].payload if messages else ""

    @property
    def events(self) -> list[dict[str, Any]]:
        """The decided events that came, doubles too."""
        return [json.loads(message.payload) for message in self.on("/event")]

    @property
    def event_ids(self) -> set[str]:
        """Their ids."""
        return {event["id"] for event in self.events}

    def wait(self, condition: Callable[[], object], timeout_s: float, what: str) -> None:
        """Wait until `condition()` is true."""
        wait_for(condition, timeout_s, what)

    def publish(self, topic: str, payload: str | bytes) -> None:
        """Send something to the daemon or others."""
        self._client.publish(topic, payload, 1).wait_for_publish(10)

    def send(self, topic: str, payload: bytes) -> None:
        """Send something and wait for nothing."""
        self._client.publish(topic, payload, 0)

    def first_after(self, suffix: str, text: str, since_s: float) -> float | None:
        """When `text` first stood in a payload on `suffix` after `since_s`."""
        return next(
            (m.at_s for m in self.on(suffix) if m.at_s >= since_s and text in m.payload), None
        )

    def deaf_s(self) -> float:
        """For how long (s) since the first sound it was told that nothing is heard."""
        deaf_s, since_s, has_heard = 0.0, None, False
        for message in self.on("/hearing"):
            if message.payload == "online":
                deaf_s += message.at_s - since_s if since_s is not None else 0.0
                since_s, has_heard = None, True
            elif has_heard and since_s is None:
                since_s = message.at_s
        return deaf_s + (time.monotonic() - since_s if since_s is not None else 0.0)

    def close(self) -> None:
        """Leave; the broker keeps the session."""
        self._client.disconnect()
        self._client.loop_stop()
        self._client.on_connect = self._client.on_subscribe = self._client.on_message = None
