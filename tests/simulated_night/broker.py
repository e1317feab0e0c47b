"""A broker that fails by plan, and a subscriber whose session outlives everything."""

import json
from random import Random
from typing import Any

from osa_daemon.publish.connection import (
    Acknowledged,
    Closed,
    Opened,
    Received,
    Refused,
    Unreachable,
)
from osa_daemon.publish.mailbox import Message
from osa_daemon.publish.mqtt import TakeReport
from tests.simulated_night.plan import Fault
from tests.simulated_night.world import World

BASE = "osa_daemon/bedside/"
QUICK_S, SLOW_S = 0.03, 6.0  # on the way, at most
SERVER_UNAVAILABLE, NORMAL = 136, 0  # reason codes of MQTT 5.0, section 2.4


class Link:
    """One connection; see `publish.connection.Connection`."""

    def __init__(self, broker: "Broker", report: TakeReport) -> None:
        self._broker = broker
        self._report = report
        self._sent = 0
        self._arrives_s = 0.0
        self.is_open = self.is_subscribed = False
        self.is_gone = False

    def open(self) -> None:
        """Begin to connect."""
        self._broker.answer(self)

    def subscribe(self, topics: list[str]) -> None:
        """Listen to commands."""
        self.is_subscribed = True

    def publish(self, message: Message) -> int:
        """Send a message; it arrives in order, or not at all."""
        world = self._broker.world
        world.touch()
        self._sent += 1
        mid = self._sent
        self._arrives_s = max(self._arrives_s, world.now_s + self._broker.delay_s())
        world.at(self._arrives_s, lambda: self._broker.take(self, message, mid))
        return mid

    def close(self) -> None:
        """Say goodbye."""
        self.is_open = False
        self._broker.world.at(
            self._broker.world.now_s + 0.01, lambda: self.report(Closed(NORMAL, ""))
        )

    def abandon(self) -> None:
        """Cut it; what is on the way may arrive all the same."""
        self.is_gone = True

    def report(self, report: Any) -> None:
        """Tell the daemon, while it listens."""
        if not self.is_gone:
            self._report(self, report)


class Broker:
    """What is retained, which events have arrived, and whom it talks to.

    `events` are the payloads that the subscriber got, in order; `seen` every state with when it
    came.
    """

    def __init__(self, world: World, faults: tuple[Fault, ...], random: Random) -> None:
        self.world = world
        self._random = random
        self._links: list[Link] = []
        self._active: dict[str, int] = {}
        self.retained: dict[str, Any] = {}
        self.events: list[dict[str, Any]] = []
        self.seen: dict[str, list[tuple[float, Any]]] = {}
        kinds = ("broker", "acknowledgements", "messages", "events")
        for fault in faults:
            if fault.kind.split()[0] in kinds:
                world.at(fault.start_s, lambda fault=fault: self._begin(fault))  # type: ignore[misc]
                world.at(fault.end_s, lambda fault=fault: self._end(fault))  # type: ignore[misc]

    def connect(self, report: TakeReport) -> Link:
        """Make a link for the daemon; those of a daemon that was killed are gone."""
        link = Link(self, report)
        self._links = [each for each in self._links if not each.is_gone] + [link]
        return link

    def drop_links(self) -> None:
        """The daemon's process is gone."""
        for link in self._links:
            link.is_gone = True
            link.is_open = False

    def send(self, key: str, payload: bytes) -> None:
        """A command of Home Assistant's: heard by who is connected, never kept."""
        for link in self._links:
            if link.is_open and link.is_subscribed:
                link.report(Received(BASE + "set/" + key, payload))

    def is_so(self, kind: str) -> bool:
        """Whether a fault is going on."""
        return self._active.get(kind, 0) > 0

    def delay_s(self) -> float:
        """How long the next message is on its way."""
        return self._random.uniform(0, SLOW_S if self.is_so("broker slow") else QUICK_S)

    def answer(self, link: Link) -> None:
        """An attempt at a connection."""
        if self.is_so("broker silent"):
            return
        outcome: Any = Opened()
        if self.is_so("broker down"):
            outcome = Unreachable("The broker does not answer.")
        elif self.is_so("broker refuses"):
            outcome = Refused(SERVER_UNAVAILABLE, "Server unavailable")
        self.world.at(self.world.now_s + self.delay_s(), lambda: self._open(link, outcome))

    def take(self, link: Link, message: Message, mid: int) -> None:
        """A message arrives, where there is somebody to take it."""
        if not link.is_open or self.is_so("broker down") or self.is_so("broker silent"):
            return
        refusal = None
        topic = message.topic.removeprefix(BASE)
        if topic == "event" and self.is_so("events not permitted"):
            refusal = "Not authorized"
        else:
            for _ in range(
                2 if self.is_so("messages doubled") and self._random.random() < 0.5 else 1
            ):
                self._deliver(topic, message)
        lost = self.is_so("acknowledgements lost") and self._random.random() < 0.3
        if message.qos and not lost:
            self.world.at(
                self.world.now_s + self.delay_s(), lambda: link.report(Acknowledged(mid, refusal))
            )

    def _deliver(self, topic: str, message: Message) -> None:
        payload = (
            json.loads(message.payload) if message.payload.startswith("{") else message.payload
        )
        if message.is_retained:
            self.retained[topic] = payload
        if topic == "event":
            self.events.append(payload)
            self.world.note(f"broker has event {payload['id']}")
        else:
            self.seen.setdefault(topic, []).append((self.world.now_s, payload))

    def _open(self, link: Link, outcome: Any) -> None:
        if link.is_gone or self.is_so("broker down"):
            return
        link.is_open = isinstance(outcome, Opened)
        link.report(outcome)

    def _begin(self, fault: Fault) -> None:
        self._active[fault.kind] = self._active.get(fault.kind, 0) + 1
        self.world.note(f"{fault.kind} begins")
        if fault.kind == "broker down":
            for link in self._links:
                if link.is_open:
                    link.is_open = False
                    self.retained["availability"] = "offline"
                    link.report(Closed(SERVER_UNAVAILABLE, "Server shutting down"))
        if fault.kind == "broker silent" and fault.number % 2:
            for link in self._links:
                link.is_open = False  # half-open: nobody is told

    def _end(self, fault: Fault) -> None:
        self._active[fault.kind] -= 1
        self.world.note(f"{fault.kind} ends")
