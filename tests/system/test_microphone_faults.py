"""Faults of a microphone that goes on giving frames, as the house is told of them.

The real daemon, PortAudio, sound server and broker: each is told with its remedy, nothing is
decided from lost time, and hearing is back soon after the fault is over.
"""

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.daemon import DaemonProcess
from tests.mosquitto import Mosquitto, Subscriber

Start = Callable[..., DaemonProcess]
Subscribe = Callable[..., Subscriber]

TOLD_S = 30.0  # the promise
BACK_S = 20.0  # 5 s after a device is back; faults of its sound are watched for 3 s more
RATE_HZ = 48_000


def noise(seconds: float, level: float = 0.001) -> np.ndarray:
    """A room that is quiet, or loud."""
    return np.random.default_rng(9).normal(0, level, round(seconds * RATE_HZ)).astype(np.float32)


class Bed:
    """A daemon that hears the virtual microphone, and whoever subscribes to it."""

    def __init__(self, server: Any, subscriber: Subscriber) -> None:
        self.server, self.subscriber = server, subscriber

    def problem(self) -> str:
        """The text of the microphone problem that is told, or nothing."""
        told = json.loads(self.subscriber.last("problem/microphone") or "{}")
        return str(told.get("text") or "")

    def state(self) -> str:
        """The daemon's state."""
        return str(json.loads(self.subscriber.last("/status") or "{}").get("state"))

    def hears(self) -> bool:
        """Whether sound arrives that is of use."""
        return self.subscriber.last("/hearing") == "online"

    def goes_deaf(self, words: str) -> None:
        """Wait until the fault is told, as it must be in time."""
        self.subscriber.wait_for(lambda: words in self.problem() and not self.hears(), TOLD_S)
        assert self.state() in ("deaf", "no_microphone")

    def recovers(self) -> None:
        """Wait until all is well again."""
        self.subscriber.wait_for(lambda: self.hears() and not self.problem(), BACK_S)
        assert self.state() == "monitoring"


@pytest.fixture
def bed(
    sound_server: Any,
    mosquitto: Mosquitto,
    subscribe: Subscribe,
    start_daemon: Start,
    tmp_path: Path,
) -> Bed:
    """A bed that hears."""
    subscriber = subscribe(mosquitto.port)
    start_daemon(
        mosquitto.port,
        settings=(
            f"microphone:\n  device: name:{sound_server.device}\n"
            f"journal:\n  state_dir: {tmp_path / 'state'}\n"
        ),
    )
    subscriber.wait_for(lambda: subscriber.last("/hearing") == "online", 60.0)
    return Bed(sound_server, subscriber)


def test_faults_of_the_sound_are_told_and_nothing_is_decided_from_them(bed: Bed) -> None:
    """Muted, stuck, starved, unplugged: deaf while it lasts, with the remedy; then it hears."""
    bed.server.play(np.zeros(60 * RATE_HZ, np.float32))
    bed.goes_deaf("unmute it")
    bed.server.play(noise(5))
    bed.recovers()

    bed.server.play(np.tile(noise(0.17), 400))
    bed.goes_deaf("stuck")
    bed.server.play(noise(5))
    bed.recovers()

    bed.server.starve()
    bed.goes_deaf("has given no sound")
    bed.server.feed()
    bed.recovers()

    bed.server.unplug()
    bed.goes_deaf("")
    bed.server.plug_in()
    bed.recovers()

    assert bed.subscriber.on("/event") == []
    assert "ON" not in bed.subscriber.on("/apnea")


@pytest.mark.slow
def test_an_overdriven_microphone_is_told(bed: Bed) -> None:
    """Clipped throughout, no breath could be told from another; over when it is over."""
    bed.server.play(noise(60, 20.0))
    bed.goes_deaf("lower its gain")
    bed.server.play(noise(1))
    # the last seconds that clipped are forgotten within a quarter of a minute
    bed.subscriber.wait_for(lambda: bed.hears() and not bed.problem(), 30.0)
    assert bed.subscriber.on("/event") == []


@pytest.mark.slow
def test_a_hum_and_a_wrong_rate_are_told(bed: Bed) -> None:
    """Within 30 s each, without a word that it is deaf: it is not."""
    time_s = np.arange(45 * RATE_HZ) / RATE_HZ
    buzz = sum(np.sin(2 * np.pi * 100 * k * time_s + k) for k in range(2, 16)).astype(np.float32)
    began_s = time.monotonic()
    bed.server.play(0.003 * buzz + noise(45))
    bed.subscriber.wait_for(lambda: "hums at 50 Hz" in bed.problem(), TOLD_S)
    assert time.monotonic() - began_s < TOLD_S
    assert bed.hears()
    bed.subscriber.wait_for(lambda: not bed.problem(), 60.0)
    bed.server.pace = 1.03
    bed.subscriber.wait_for(lambda: "frames a second" in bed.problem(), TOLD_S + 10)
    assert bed.hears()
