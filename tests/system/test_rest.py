"""While nobody is to listen, the microphone is closed: with a real sound server."""

import json
import os
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from osa_daemon.audio.block import Block
from osa_daemon.audio.microphone import MicrophoneSource
from osa_daemon.audio.source import SourceState
from osa_daemon.service import ear
from tests.daemon import DaemonProcess
from tests.mosquitto import Mosquitto, Subscriber, wait_for

DEADLINE_S = 30.0


def recorders(server: Any) -> int:
    """How many programs record at the sound server."""
    listed = subprocess.run(
        ["pactl", "list", "short", "source-outputs"],
        env={**os.environ, **server.environment},
        capture_output=True,
        text=True,
        check=True,
        timeout=30,
    )
    return len(listed.stdout.splitlines())


def first_block(source: MicrophoneSource) -> Block:
    """Read until sound comes."""
    give_up = time.monotonic() + DEADLINE_S
    while (block := source.read(0.5)) is None:
        assert time.monotonic() < give_up, source.health()
    return block


def test_a_microphone_at_rest_is_closed_and_opens_again(sound_server: Any) -> None:
    """No process of ours is left, nobody records; then sound is back, and time is true."""
    source = MicrophoneSource(sound_server.device)
    try:
        first = first_block(source)
        assert recorders(sound_server) == 1
        assert source._capture is not None
        pid = source._capture.pid
        source.rest(0.5)
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)
        wait_for(lambda: recorders(sound_server) == 0, DEADLINE_S)
        source.rest(0.1)
        opened_s = time.monotonic()
        again = first_block(source)
        assert time.monotonic() - opened_s < 5
        assert source.health().state is SourceState.RUNNING
        assert source.health().lost_s == 0
        assert again.start > first.end
        at_s = source.monotonic_at(again.end)
        assert at_s is not None
        assert abs(time.monotonic() - at_s) < 1
    finally:
        source.close()


def test_listening_that_is_switched_off_closes_the_microphone(
    sound_server: Any,
    mosquitto: Mosquitto,
    subscribe: Callable[..., Subscriber],
    start_daemon: Callable[..., DaemonProcess],
    tmp_path: Path,
) -> None:
    """Off in Home Assistant is off at the microphone; on again, it hears within 5 s."""
    subscriber = subscribe(mosquitto.port)
    start_daemon(
        mosquitto.port,
        settings=(
            f"microphone:\n  device: name:{sound_server.device}\n"
            f"journal:\n  state_dir: {tmp_path / 'state'}\n"
        ),
    )
    subscriber.wait_for(lambda: subscriber.last("/hearing") == "online", 60.0)
    assert recorders(sound_server) == 1
    subscriber.publish("osa_daemon/bedside/set/monitoring", "OFF")
    subscriber.wait_for(lambda: state(subscriber) == "paused")
    wait_for(lambda: recorders(sound_server) == 0, ear.CLOSE_AFTER_S + DEADLINE_S)
    subscriber.publish("osa_daemon/bedside/set/monitoring", "ON")
    subscriber.wait_for(lambda: state(subscriber) == "monitoring", 10.0)
    assert recorders(sound_server) == 1
    assert json.loads(subscriber.last("problem/microphone") or "{}")["state"] == "OFF"


def state(subscriber: Subscriber) -> str:
    """What the daemon says that it does."""
    return str(json.loads(subscriber.last("/status") or "{}").get("state"))
