"""Who listens to the beds: one counts everything, one keeps the events in a persistent session."""

import json
import time
from collections import Counter
from typing import Any

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

CONFIG = "/config"


class Watcher:
    """A client that is there again soon after the broker is.

    `events`: how often each id came. `heard`: when each bed last said anything; `announced`: when
    each last announced itself to Home Assistant (both s, monotonic).
    """

    def __init__(self, port: int, topics: list[tuple[str, int]], session: str = "") -> None:
        self.messages = 0
        self.events: Counter[str] = Counter()
        self.heard: dict[str, float] = {}
        self.announced: dict[str, float] = {}
        self.is_subscribed = False
        self._topics = topics
        client = paho.Client(
            CallbackAPIVersion.VERSION2, client_id=session, protocol=MQTTProtocolVersion.MQTTv5
        )
        client.reconnect_delay_set(1, 1)
        client.on_connect = self._on_connect
        client.on_subscribe = self._on_subscribe
        client.on_message = self._on_message
        properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]  # paho's own
        properties.SessionExpiryInterval = 3600 if session else 0
        client.connect_async("127.0.0.1", port, clean_start=not session, properties=properties)
        client.loop_start()
        self._client = client

    def bear(self) -> None:
        """Say what Home Assistant says when it has started."""
        self._client.publish("homeassistant/status", "online", 1)

    def close(self) -> None:
        """Disconnect."""
        self._client.disconnect()
        self._client.loop_stop()

    def _on_connect(self, client: paho.Client, *_: Any) -> None:
        client.subscribe(self._topics)

    def _on_subscribe(self, *_: Any) -> None:
        self.is_subscribed = True

    def _on_message(self, _client: Any, _data: Any, message: paho.MQTTMessage) -> None:
        self.messages += 1
        if message.retain:
            return
        topic = message.topic
        if topic.endswith(CONFIG):
            self.announced[topic] = time.monotonic()
            return
        # the last will is the broker's own word
        if not topic.endswith("/availability"):
            self.heard[topic.split("/")[1]] = time.monotonic()
        if topic.endswith("/event"):
            self.events[json.loads(message.payload)["id"]] += 1
