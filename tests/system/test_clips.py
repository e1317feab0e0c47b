"""Clips with the real daemon: kept around what it decides, sealed, told, exported, deleted."""

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
import soundfile

from osa_daemon.cli import main
from tests.daemon import DaemonProcess
from tests.mosquitto import Mosquitto, Subscriber

SPEED = "24"
BEFORE_S, AFTER_S = 5, 4


def test_an_event_is_kept_and_deleted(
    mosquitto: Mosquitto,
    subscribe: Callable[..., Subscriber],
    start_daemon: Callable[..., DaemonProcess],
    data: Path,
    tmp_path: Path,
) -> None:
    """What is exported is the sound of the event; one message deletes all of it."""
    (tmp_path / "key").write_text("0f" * 32)
    settings = (
        f"journal:\n  state_dir: {tmp_path / 'state'}\nclips:\n  keep: events\n"
        f"  before_s: {BEFORE_S}\n  after_s: {AFTER_S}\n  key_file: {tmp_path / 'key'}\n"
    )
    subscriber = subscribe(mosquitto.port)
    source = ("--source", f"file:{data / 'short.ogg'}", "--speed", SPEED)
    daemon = start_daemon(mosquitto.port, *source, settings=settings)
    subscriber.wait_for(lambda: told(subscriber).get("count"), 90.0, "a clip")
    assert (told(subscriber)["keeping"], told(subscriber)["encrypted"]) == (True, True)
    event = json.loads(subscriber.on("/event")[0])

    config = ("--config", str(tmp_path / "daemon0" / "config.yaml"))
    (file,) = (tmp_path / "state" / "clips").iterdir()
    assert not file.read_bytes().startswith(b"fLaC")
    assert file.name.endswith(f"_{event['type']}_{event['id'][:8]}.flac.sealed")
    began = datetime.fromisoformat(event["onset"]) - timedelta(seconds=BEFORE_S)
    assert file.name.startswith(f"{began.astimezone():%Y-%m-%dT%H%M%S}")
    name = file.name.partition(".")[0]
    assert main(["clips", "export", name, str(tmp_path / "out.flac"), *config]) == 0
    samples, _ = soundfile.read(tmp_path / "out.flac", dtype="float32")
    night, rate_hz = soundfile.read(data / "short.ogg", dtype="float32")
    start = round((event["onset_s"] - BEFORE_S) * rate_hz)
    assert len(samples) == pytest.approx(
        (event["duration_s"] + BEFORE_S + AFTER_S) * rate_hz, abs=2
    )
    assert np.abs(samples - night[start : start + len(samples)]).max() < 1e-4

    subscriber.publish("osa_daemon/bedside/set/delete_clips", "PRESS")
    subscriber.wait_for(lambda: told(subscriber)["count"] == 0, 20.0, "no clip")
    assert list((tmp_path / "state" / "clips").iterdir()) == []
    assert daemon.end() == 0


def told(subscriber: Subscriber) -> dict[str, object]:
    """The last payload of the topic `clips`."""
    payload: dict[str, object] = json.loads(subscriber.last("/clips") or "{}")
    return payload
