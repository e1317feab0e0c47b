"""Runs of the daemon against a private broker: what it costs, when it starts, how late it tells."""

import json
import os
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from osa_daemon.errors import BrokerError, ResourceError
from osa_daemon.publish import topics
from osa_daemon.scoring.matching import Span
from osa_daemon.service.demo import START_S, free_port, private_broker, wait_until

PAUSE_S = 10.0  # a pause counts from here on: the threshold
EARLY_S = 5.0  # told so much before the threshold, it is taken for this pause still
LATE_S = 5.0  # and so much after its end
ARRIVAL_S = 10.0  # a message that takes longer is another one
RUN_S = 3600.0


@dataclass(frozen=True, slots=True)
class Message:
    """What the subscriber received, and when by the monotonic clock (s)."""

    topic: str
    payload: str
    at_s: float


@dataclass(frozen=True, slots=True)
class Place:
    """A private broker, a subscriber that notes all it hears, and room for the daemon's files."""

    folder: Path
    port: int
    heard: list[Message]

    def settings(self) -> Path:
        """Return a settings file with a state folder that nobody used yet."""
        home = Path(tempfile.mkdtemp(dir=self.folder))
        config = home / "config.yaml"
        config.write_text(
            f"mqtt:\n  host: 127.0.0.1\n  port: {self.port}\n"
            f"journal:\n  state_dir: {home / 'state'}\nlogging:\n  level: warning\n"
        )
        return config


@dataclass(frozen=True, slots=True)
class Cost:
    """What one run used: CPU milliseconds per second of sound (one core), memory in MB."""

    cpu_ms: float
    stages_ms: dict[str, float]
    peak_mb: float


@dataclass(frozen=True, slots=True)
class Start:
    """Wall-clock seconds from starting the program, and the sound that the first frame took."""

    first_frame_s: float
    ready_s: float


@dataclass(frozen=True, slots=True)
class Latency:
    """From 10 s into a true pause to the message `apnea` ON.

    `frame_s`  seconds of sound to the end of the frame that decided
    `heard_s`  seconds of sound to the last sample that had been read then
    `wall_ms`  wall-clock milliseconds from having read that sample to the subscriber's receipt
    """

    onset_s: float
    frame_s: float
    heard_s: float
    wall_ms: float | None


@contextmanager
def place() -> Iterator[Place]:
    """Start a broker and the subscriber; end both."""
    with ExitStack() as ends, tempfile.TemporaryDirectory(prefix="osa-bench-") as name:
        folder, port = Path(name), free_port()
        ends.enter_context(private_broker(folder, port))
        heard: list[Message] = []
        client = _subscriber(port, heard)
        ends.callback(client.loop_stop)
        ends.callback(client.disconnect)
        yield Place(folder, port, heard)


def _subscriber(port: int, heard: list[Message]) -> mqtt.Client:
    client = mqtt.Client(CallbackAPIVersion.VERSION2, protocol=mqtt.MQTTv5)
    granted = threading.Event()

    def take(_client: mqtt.Client, _data: object, message: mqtt.MQTTMessage) -> None:
        heard.append(Message(message.topic, message.payload.decode(), time.monotonic()))

    client.on_message = take
    client.on_connect = lambda c, *_: c.subscribe("osa_daemon/#", qos=1)
    client.on_subscribe = lambda *_: granted.set()
    client.connect_async("127.0.0.1", port)
    client.loop_start()
    if not granted.wait(START_S):
        raise BrokerError(f"The private broker on port {port} did not answer in {START_S:.0f} s.")
    return client


def watched_run(at: Place, sound: Path, speed: float | None = None) -> dict[str, Any]:
    """Run the watched daemon over a sound; return what it wrote (see `daemon.py`)."""
    config = at.settings()
    out = config.with_name("found.json")
    command = [sys.executable, "-m", "osa_daemon.service.bench.daemon", str(sound)]
    command += ["--config", str(config), "--out", str(out)]
    command += [] if speed is None else ["--speed", str(speed)]
    code = subprocess.run(command, check=False, timeout=RUN_S).returncode
    if code:
        raise ResourceError(f"The daemon ended with exit code {code}; see above.")
    found: dict[str, Any] = json.loads(out.read_text())
    return found


def cost(found: dict[str, Any]) -> Cost:
    """Return the cost in what a watched run found."""
    per_second = 1000 / found["audio_s"]
    stages = {name: spent * per_second for name, spent in found["stages_s"].items()}
    return Cost(found["cpu_s"] * per_second, stages, found["peak_mb"])


def start(at: Place, sound: Path) -> Start:
    """Start `osa-daemon run` in real time, as systemd would, and stop it when it is ready."""
    config = at.settings()
    address = str(config.with_name("notify"))
    command = [sys.executable, "-m", "osa_daemon", "run", "--config", str(config)]
    command += ["--source", f"file:{sound}"]
    before = len(at.heard)

    def first_frame() -> list[Message]:
        # the level of the first frame is told at once
        name = f"/{topics.LEVEL.suffix}"
        return [message for message in at.heard[before:] if message.topic.endswith(name)]

    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notified:
        notified.bind(address)
        notified.settimeout(START_S)
        began_s = time.monotonic()
        daemon = subprocess.Popen(command, env={**os.environ, "NOTIFY_SOCKET": address})
        try:
            while b"READY=1" not in notified.recv(4096).splitlines():
                pass
            ready_s = time.monotonic()
            failure = BrokerError("The daemon's first level did not reach the subscriber.")
            wait_until(lambda: bool(first_frame()), START_S, failure)
        except TimeoutError as error:
            raise ResourceError(f"The daemon was not ready within {START_S:.0f} s.") from error
        finally:
            daemon.terminate()
            daemon.wait(30)
    return Start(first_frame()[0].at_s - began_s, ready_s - began_s)


def latencies(
    found: dict[str, Any], pauses: Sequence[Span], heard: Sequence[Message]
) -> list[Latency]:
    """Return how late each pause of at least 10 s was told; pauses that never were are left out.

    `found` is of a watched run, `heard` what was received during it.
    """
    messages = [m.at_s for m in heard if m.topic.endswith("/apnea") and m.payload == "ON"]
    told: list[Latency] = []
    for pause in pauses:
        threshold_s = pause.onset_s + PAUSE_S
        turned = [
            one
            for one in found["turned_on"]
            if threshold_s - EARLY_S <= one["frame_s"] <= pause.end_s + LATE_S
        ]
        if pause.duration_s < PAUSE_S or not turned:
            continue
        one = turned[0]
        waits = [at_s - one["read_at_s"] for at_s in messages]
        wait_s = next((wait for wait in waits if 0 <= wait < ARRIVAL_S), None)
        told.append(
            Latency(
                onset_s=pause.onset_s,
                frame_s=one["frame_s"] - threshold_s,
                heard_s=one["heard_s"] - threshold_s,
                wall_ms=None if wait_s is None else wait_s * 1000,
            )
        )
    return told
