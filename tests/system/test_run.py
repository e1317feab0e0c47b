"""The daemon as a whole, over a file: real broker, real processes, the shipped models."""

import json
import signal
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from osa_daemon.cli import main
from tests.daemon import DaemonProcess
from tests.mosquitto import Mosquitto, Subscriber, wait_for

Start = Callable[..., DaemonProcess]
Subscribe = Callable[..., Subscriber]


def replayed(sound: Path, folder: Path) -> list[dict[str, Any]]:
    """The events of `osa-daemon replay`."""
    out = folder / "replayed.jsonl"
    assert main(["replay", str(sound), "--events", str(out), "--json"]) == 0
    return [json.loads(line) for line in out.read_text().splitlines()]


def place(event: dict[str, Any]) -> tuple[Any, ...]:
    """What makes an event the same, its id aside."""
    return tuple(event[k] for k in ("type", "onset_s", "duration_s", "confidence", "truncated"))


def of_file(sound: Path, speed: int = 20) -> tuple[str, ...]:
    """The options that replay a file in the place of the microphone."""
    return ("--source", f"file:{sound}", "--speed", str(speed))


def test_a_file_gives_the_same_events_as_a_replay_each_once(
    mosquitto: Mosquitto, subscribe: Subscribe, start_daemon: Start, data: Path, tmp_path: Path
):
    """`run` and `replay` are one chain: the subscriber gets what the replay wrote.

    No sound is missed where the settings are read again meanwhile.
    """
    subscriber = subscribe(mosquitto.port)
    daemon = start_daemon(mosquitto.port, *of_file(data / "short.ogg"))
    daemon.wait_until_ready()
    for reloads in (1, 2, 3):
        daemon.process.send_signal(signal.SIGHUP)
        wait_for(lambda: daemon.notified.count("READY=1") > reloads, 30.0, "a reload")  # noqa: B023
    assert daemon.wait() == 0, daemon.log.read_text()
    subscriber.wait_for(lambda: '"stopping"' in (subscriber.last("/status") or ""))
    events = [json.loads(payload) for payload in subscriber.on("/event")]
    assert len({event["id"] for event in events}) == len(events) > 0
    assert [place(e) for e in events] == [place(e) for e in replayed(data / "short.ogg", tmp_path)]
    assert all(event["durable"] for event in events)
    assert subscriber.last("/availability") == "offline"


def test_pause_and_alert_are_told_while_the_pause_goes_on(
    mosquitto: Mosquitto, subscribe: Subscribe, start_daemon: Start, data: Path
):
    """`apnea` ON, then the alert, come before OFF, and before the event is decided."""
    subscriber = subscribe(mosquitto.port)
    daemon = start_daemon(mosquitto.port, *of_file(data / "short.ogg"))
    assert daemon.wait() == 0, daemon.log.read_text()
    subscriber.wait_for(lambda: '"stopping"' in (subscriber.last("/status") or ""))
    told = [
        (heard.topic.rsplit("/", 1)[-1], heard.payload)
        for heard in subscriber.heard
        if heard.topic.endswith(("/apnea", "/alert", "/event"))
    ]
    raised = next(i for i, (topic, text) in enumerate(told) if '"active":true' in text)
    before = [text for topic, text in told[:raised] if topic == "apnea"]
    after = [text for topic, text in told[raised:] if topic == "apnea"]
    assert before[-1] == "ON"
    assert after[0] == "OFF"
    decided = [json.loads(text) for topic, text in told[raised:] if topic == "event"]
    assert any(event["duration_s"] >= 30 for event in decided)


def test_events_wait_for_a_broker_that_comes_late(
    make_mosquitto: Callable[[], Mosquitto], subscribe: Subscribe, start_daemon: Start, data: Path
):
    """With the broker down the daemon is ready and hears; its events arrive later, each once."""
    broker = make_mosquitto()
    daemon = start_daemon(broker.port, *of_file(data / "short.ogg", speed=10))
    daemon.wait_until_ready()
    journal = daemon.folder / "state" / "journal.sqlite3"
    wait_for(lambda: _count(journal, "outbox") >= 1, 60.0, "an event in the outbox")
    broker.start()
    subscriber = subscribe(broker.port)
    assert daemon.wait() == 0, daemon.log.read_text()
    ids = [json.loads(payload)["id"] for payload in subscriber.on("/event")]
    assert len(ids) == len(set(ids)) == _count(journal, "events")
    assert _count(journal, "outbox") == 0


def _count(journal: Path, table: str) -> int:
    if not journal.exists():
        return 0
    with closing(sqlite3.connect(f"{journal.as_uri()}?mode=ro", uri=True)) as db:
        try:
            return int(db.execute(f"SELECT count(*) FROM {table}").fetchone()[0])
        except sqlite3.OperationalError:
            return 0


def test_sigterm_ends_it_cleanly(
    mosquitto: Mosquitto, subscribe: Subscribe, start_daemon: Start, data: Path
):
    """SIGTERM: systemd is told, the last states are sent, exit code 0."""
    subscriber = subscribe(mosquitto.port)
    daemon = start_daemon(mosquitto.port, *of_file(data / "short.ogg", speed=2))
    daemon.wait_until_ready()
    subscriber.wait_for(lambda: subscriber.last("/hearing") == "online", 30.0)
    assert daemon.end() == 0
    wait_for(lambda: "STOPPING=1" in daemon.notified, what="STOPPING=1")
    subscriber.wait_for(lambda: subscriber.last("/availability") == "offline")
    assert json.loads(subscriber.last("/status") or "{}")["state"] == "stopping"


def test_kill_is_told_by_the_last_will(
    mosquitto: Mosquitto, subscribe: Subscribe, start_daemon: Start, data: Path
):
    """After `kill -9` the broker itself says offline."""
    subscriber = subscribe(mosquitto.port)
    daemon = start_daemon(mosquitto.port, *of_file(data / "short.ogg", speed=2))
    subscriber.wait_for(lambda: subscriber.last("/availability") == "online", 60.0)
    assert daemon.end(signal.SIGKILL) == -signal.SIGKILL
    subscriber.wait_for(lambda: subscriber.last("/availability") == "offline", 2.0)


def test_a_missing_microphone_is_a_state(
    mosquitto: Mosquitto, subscribe: Subscribe, start_daemon: Start, tmp_path: Path
):
    """An unknown device is announced with a sentence; the daemon is ready and keeps looking."""
    subscriber = subscribe(mosquitto.port)
    settings = (
        f"microphone:\n  device: name:no such thing\njournal:\n  state_dir: {tmp_path / 'state'}\n"
    )
    daemon = start_daemon(mosquitto.port, settings=settings)
    daemon.wait_until_ready()
    subscriber.wait_for(lambda: "no_microphone" in (subscriber.last("/status") or ""))
    subscriber.wait_for(
        lambda: '"state":"ON"' in (subscriber.last("problem/microphone") or ""), what="the problem"
    )
    assert "no such thing" in (subscriber.last("problem/microphone") or "")
    assert subscriber.last("/hearing") == "offline"
    assert daemon.process.poll() is None


def test_an_unusable_state_folder_does_not_stop_it(
    mosquitto: Mosquitto, subscribe: Subscribe, start_daemon: Start, data: Path, tmp_path: Path
):
    """Events go out with `durable` false, and the storage problem is told."""
    (tmp_path / "file").write_text("no folder")
    subscriber = subscribe(mosquitto.port)
    daemon = start_daemon(
        mosquitto.port,
        *of_file(data / "short.ogg"),
        settings=f"journal:\n  state_dir: {tmp_path / 'file' / 'state'}\n",
    )
    assert daemon.wait() == 0, daemon.log.read_text()
    subscriber.wait_for(lambda: '"stopping"' in (subscriber.last("/status") or ""))
    problem = json.loads(subscriber.last("problem/storage") or "{}")
    assert problem["state"] == "ON"
    events = [json.loads(payload) for payload in subscriber.on("/event")]
    assert [event["durable"] for event in events] == [False] * len(events)
    assert events


@pytest.mark.parametrize(
    ("settings", "code", "sentence"),
    [
        ("journal:\n  state_dirr: /tmp/x\n", 2, "state_dir"),
        ("mqtt:\n  password_file: /no/such/file\n", 2, "mqtt"),
    ],
)
def test_wrong_settings_end_with_a_sentence(
    start_daemon: Start, settings: str, code: int, sentence: str
):
    """A configuration that cannot be used ends the start with exit code 2 (no restart)."""
    daemon = start_daemon(1883, settings=settings)
    assert daemon.wait() == code
    log = daemon.log.read_text()
    assert sentence in log
    assert "Traceback" not in log
