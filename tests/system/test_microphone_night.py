"""A night in real time through a virtual microphone: what was heard, replayed, gives the same."""

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
import soxr

from osa_daemon.audio.block import Block
from osa_daemon.audio.file import FileSource
from osa_daemon.scoring.event import Event
from tests.daemon import DaemonProcess
from tests.mosquitto import Mosquitto, Subscriber
from tests.same_events import Noted, compare_with_file, events_of

Start = Callable[..., DaemonProcess]
Subscribe = Callable[..., Subscriber]

# the state holds for 24 s and more of the long apnea however the microphone cuts it into frames,
# for 30 s not always: an alert is asked for well inside that, and past the short apnea
ALERT_AFTER_S = 19
SAME_PAUSE = timedelta(seconds=5)  # the pause in progress is dated back from less than the event


def noted(path: Path) -> Noted:
    """The blocks that the daemon got."""
    with np.load(path) as data:
        cuts = np.cumsum(data["lengths"])[:-1]
        parts = np.split(data["samples"], cuts)
        return Noted([Block(int(s), p) for s, p in zip(data["starts"], parts, strict=True)])


def place(event: Event) -> tuple[Any, ...]:
    """What makes an event the same, its id aside."""
    return (event.type, round(event.onset_s, 2), round(event.duration_s, 2), event.truncated)


@pytest.mark.slow
def test_a_night_through_a_microphone(
    sound_server: Any,
    mosquitto: Mosquitto,
    subscribe: Subscribe,
    start_daemon: Start,
    data: Path,
    tmp_path: Path,
):
    """Real time, real PortAudio: pause and alert come while the apnea goes on; replays agree."""
    sound, rate_hz = soundfile.read(data / "short.ogg", dtype="float32")
    subscriber = subscribe(mosquitto.port)
    blocks = tmp_path / "blocks.npz"
    # the night sounds before anybody listens: a room does not begin with the daemon
    sound_server.play(soxr.resample(sound, rate_hz, sound_server.rate_hz))
    daemon = start_daemon(
        mosquitto.port,
        settings=(
            f"microphone:\n  device: name:{sound_server.device}\n"
            f"journal:\n  state_dir: {tmp_path / 'state'}\n"
            f"alerts:\n  notice_s: 12\n  after_s: {ALERT_AFTER_S}\n"
        ),
        command=(str(Path(__file__).with_name("tee_run.py")), str(blocks)),
    )
    subscriber.wait_for(lambda: subscriber.last("/hearing") == "online", 60.0)
    length_s = len(sound) / rate_hz
    subscriber.wait_for(
        lambda: any('"active":true' in text for text in subscriber.on("/alert")), length_s + 20
    )
    assert subscriber.last("/apnea") == "ON"
    raised = json.loads(next(t for t in subscriber.on("/alert") if '"active":true' in t))
    subscriber.wait_for(lambda: subscriber.last("/apnea") == "OFF", 60.0)
    wanted = len(events_of(FileSource(data / "short.ogg")))
    subscriber.wait_for(lambda: len(subscriber.on("/event")) >= wanted, length_s + 60)
    assert daemon.end() == 0, daemon.log.read_text()
    subscriber.wait_for(lambda: '"stopping"' in (subscriber.last("/status") or ""))

    heard = [json.loads(text) for text in subscriber.on("/event")]
    again = events_of(noted(blocks))
    assert [place(e) for e in again] == [
        (e["type"], e["onset_s"], e["duration_s"], e["truncated"]) for e in heard
    ]
    since = datetime.fromisoformat(raised["since"])
    onsets = [datetime.fromisoformat(event["onset"]) for event in heard]
    assert any(abs(onset - since) <= SAME_PAUSE for onset in onsets)
    compare_with_file(again, events_of(FileSource(data / "short.ogg")), length_s)


def test_a_sound_server_that_hangs_or_dies_is_told_and_survived(
    sound_server: Any,
    mosquitto: Mosquitto,
    subscribe: Subscribe,
    start_daemon: Start,
    tmp_path: Path,
):
    """Stopped (SIGSTOP) and killed: told within 10 s, and heard again within 5 s of its return."""
    subscriber = subscribe(mosquitto.port)
    daemon = start_daemon(
        mosquitto.port,
        settings=(
            f"microphone:\n  device: name:{sound_server.device}\n"
            f"journal:\n  state_dir: {tmp_path / 'state'}\n"
        ),
    )
    subscriber.wait_for(lambda: subscriber.last("/hearing") == "online", 60.0)
    for fail, mend in (
        (sound_server.stop, sound_server.cont),
        (sound_server.kill, sound_server.start),
    ):
        fail()
        subscriber.wait_for(lambda: subscriber.last("/hearing") == "offline", 10.0)
        subscriber.wait_for(
            lambda: '"state":"ON"' in (subscriber.last("problem/microphone") or ""), 10.0
        )
        mend()
        subscriber.wait_for(lambda: subscriber.last("/hearing") == "online", 5.0)
    assert daemon.process.poll() is None
