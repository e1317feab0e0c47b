"""MQTT commands: whatever is on `set/…` is carried out, or refused in a sentence."""

import json
import logging
from pathlib import Path

import numpy as np

from osa_daemon.audio.block import Block
from osa_daemon.audio.source import SourceHealth, SourceState
from osa_daemon.publish.connection import Acknowledged, Opened, Received
from osa_daemon.publish.mailbox import Message
from osa_daemon.publish.mqtt import MqttPublisher, TakeReport
from osa_daemon.publish.mqtt_settings import MqttSettings
from osa_daemon.publish.payloads import MAX_TEXT
from osa_daemon.publish.topics import COMMANDS
from osa_daemon.service.commands import Commands
from osa_daemon.settings.build import build
from osa_daemon.settings.model import Settings
from tests.fuzz.answers import memory_folder, shape
from tests.service.at_bedside import BREATH, FRAME, Wire, live_settings, make

BASE = "osa_daemon/bedside/set/"
BREATH_SOUND = np.full(FRAME, BREATH, np.float32)


class Peer:
    """Stands for the connection: takes everything."""

    def __init__(self, report: TakeReport) -> None:
        self.report = report
        self._sent = 0

    def open(self) -> None:
        """At once."""
        self.report(self, Opened())

    def publish(self, message: Message) -> int:
        """Acknowledge at once."""
        self._sent += 1
        if message.qos:
            self.report(self, Acknowledged(self._sent, None))
        return self._sent

    def subscribe(self, topics: list[str]) -> None:
        """Nothing comes by itself."""

    def close(self) -> None:
        """Nothing to end."""

    def abandon(self) -> None:
        """Nothing to cut."""


class Sound:
    """A source that breathes."""

    def __init__(self) -> None:
        self._index = -1

    def read(self, timeout_s: float) -> Block:
        """The next frame."""
        self._index += 1
        return Block(self._index * FRAME, BREATH_SOUND)

    def health(self) -> SourceHealth:
        """Always well."""
        return SourceHealth(SourceState.RUNNING, "A sentence.")

    def close(self) -> None:
        """Nothing to release."""


class MqttCommands:
    """The way of a command from the session to the settings, with a chain that listens."""

    name = "commands"
    words = (
        *(f"{key}\n".encode() for key in COMMANDS),
        b"ON", b"OFF", b"None", b"true", b"false", b"high", b"low", b"balanced", b"30", b"{}",
        b"homeassistant/status\n", b"set/", b"osa_daemon/bedside/set/", b"#", b"+", b"/", b"PRESS",
    )  # fmt: skip

    def __init__(self) -> None:
        logging.disable(logging.CRITICAL)
        self._folder = memory_folder()
        path = Path(self._folder.name)
        self._commands, self._wire, self._sound = Commands(), Wire(), Sound()
        self._live = live_settings(path)
        self._bedside = make(path, self._wire, self._sound, self._live, commands=self._commands)
        self._peers: list[Peer] = []
        self._publisher = MqttPublisher(
            MqttSettings("localhost"), _ignore, self._commands.put, connect=self._connect
        )
        self._publisher.step()

    def seeds(self) -> list[bytes]:
        """Return every command with values that it takes, and with some that it does not."""
        values = (
            "ON",
            "OFF",
            "None",
            "30",
            "25",
            "high",
            "PRESS",
            "30.0",
            " on ",
            "-1",
            "nan",
            "x",
        )
        keys = (*COMMANDS, "unknown", "", "{{ 7 }}")
        return [f"{key}\n{value}".encode() for key in keys for value in values]

    def answer(self, data: bytes) -> str:
        """Send it; afterwards the settings are valid and what is told is plain."""
        topic, _, payload = data.partition(b"\n")
        key = topic.decode(errors="replace").replace("\x00", "")  # paho lets no other through
        whole = key if key.startswith("homeassistant") else BASE + key
        self._wire.states = list(dict(self._wire.states).items())  # the last of each
        told_before = len(self._wire.states)
        self._peers[-1].report(self._peers[-1], Received(whole, payload))
        self._publisher.step()
        before = self._commands._waiting.qsize()
        if before:
            self._bedside._obey()
            self._check(told_before)
        self._bedside._hear(self._sound.read(0))
        self._bedside._tick()
        if not before:
            return "ignored"
        text = self._wire.last("problem/configuration")["text"]
        known = key if key in COMMANDS else "unknown"
        return f"{known}: {shape(text) if text else json.dumps(self._live.values)}"

    def _check(self, told_before: int) -> None:
        loaded = self._live._loaded
        assert isinstance(build({**loaded.base, **loaded.overrides}), Settings)
        told = [topic for topic, _ in self._wire.states[told_before:]]
        assert "settings" in told, "a command without an answer"
        for problem in self._wire.all("problem/configuration"):
            text = problem["text"]
            assert text is None or (text.isprintable() and len(text) <= MAX_TEXT), text

    def close(self) -> None:
        """Close the journal and remove the folder."""
        self._bedside._rooms.store.close()
        self._folder.cleanup()
        logging.disable(logging.NOTSET)

    def _connect(self, report: TakeReport) -> Peer:
        self._peers.append(Peer(report))
        return self._peers[-1]


def _ignore(_event_id: str) -> None:
    """No events are sent here."""
