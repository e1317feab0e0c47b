"""The end of a run, in a process of its own: what is left, and with which exit code."""

import sqlite3
from collections.abc import Callable
from pathlib import Path

from tests.daemon import DaemonProcess, script_of
from tests.mosquitto import Mosquitto, Subscriber

Start = Callable[..., DaemonProcess]


def test_a_model_that_cannot_be_loaded_is_a_sentence(start_daemon: Start, tmp_path: Path):
    """Exit code 4, the cause, and no trace: a person can act on it."""
    body = (
        "from osa_daemon.service import models\nmodels.models_folder = lambda: Path('/nowhere')\n"
    )
    daemon = start_daemon(1, command=script_of(tmp_path, body))
    assert daemon.wait() == 4, daemon.log.read_text()
    assert "/nowhere/SHA256SUMS" in daemon.log.read_text()
    assert "Traceback" not in daemon.log.read_text()


def test_a_source_that_only_a_restart_helps_ends_as_a_stall(
    start_daemon: Start, data: Path, tmp_path: Path
):
    """With the reason in the log, for systemd to start a new process."""
    script = script_of(
        tmp_path,
        "from osa_daemon.audio.source import SourceHealth, SourceState\n"
        "hopeless = SourceHealth(SourceState.HOPELESS, 'No capture process can be started.')\n"
        "FileSource.health = lambda self: hopeless\n",
    )
    daemon = start_daemon(1, "--source", f"file:{data / 'short.ogg'}", command=script)
    assert daemon.wait() == 5
    assert "No capture process can be started." in daemon.log.read_text()


def test_after_a_clean_end_nothing_waits_and_nothing_is_claimed(
    mosquitto: Mosquitto, subscribe: Callable[..., Subscriber], start_daemon: Start, data: Path
):
    """The last retained states say unknown; the next start has nothing to send again."""
    daemon = start_daemon(
        mosquitto.port, "--source", f"file:{data / 'short.ogg'}", "--speed", "100"
    )
    assert daemon.wait() == 0, daemon.log.read_text()
    subscriber = subscribe(mosquitto.port)  # afterwards: it is given what is retained
    subscriber.wait_for(lambda: '"stopping"' in (subscriber.last("/status") or ""))
    subscriber.wait_for(lambda: subscriber.last("/hearing") == "offline")
    subscriber.wait_for(lambda: subscriber.last("/breathing_audible") == "OFF")
    subscriber.wait_for(lambda: subscriber.last("/apnea") == "None")
    with sqlite3.connect(daemon.folder / "state" / "journal.sqlite3") as db:
        assert db.execute("SELECT count(*) FROM events").fetchone()[0] >= 1
        assert db.execute("SELECT count(*) FROM outbox").fetchone()[0] == 0
    db.close()


def test_a_limit_that_the_model_cannot_keep_is_told_and_no_end(
    mosquitto: Mosquitto,
    subscribe: Callable[..., Subscriber],
    start_daemon: Start,
    data: Path,
    tmp_path: Path,
):
    """The night goes on as near the limit as the model can; the log and the broker say so."""
    script = script_of(
        tmp_path,
        "from osa_daemon.service import rules\n"
        "events = [{'threshold': 0.9, 'recall': 0.8, 'false_per_night': 2.0}]\n"
        "progress = [{'threshold': 0.9, 'told': 0.8, 'false_alerts_per_night': 0.1}]\n"
        "known = {'night_h': 8.0, 'events': events, 'in_progress': progress}\n"
        "read = rules.Expectation.of\n"
        "rules.Expectation.of = lambda _: read(known)\n",
    )
    daemon = start_daemon(
        mosquitto.port,
        *("--source", f"file:{data / 'short.ogg'}"),
        settings=f"journal:\n  state_dir: {tmp_path / 'state'}\n"
        "detection:\n  max_false_events_per_night: 0.5\n",
        command=script,
    )
    daemon.wait_until_ready()
    subscriber = subscribe(mosquitto.port)
    told = "max_false_events_per_night is 0.5, but this model can be expected to keep to 2 at best"
    subscriber.wait_for(lambda: told in (subscriber.last("problem/configuration") or ""))
    assert daemon.end() == 0
    assert daemon.log.read_text().count(told) == 1


def test_a_command_is_answered(
    mosquitto: Mosquitto, subscribe: Callable[..., Subscriber], start_daemon: Start, data: Path
):
    """A setting is in force and echoed, a wrong one refused; after `kill -9` it still holds."""
    subscriber = subscribe(mosquitto.port)
    source = ("--source", f"file:{data / 'short.ogg'}")
    daemon = start_daemon(mosquitto.port, *source)
    daemon.wait_until_ready()
    subscriber.wait_for(lambda: subscriber.last("/availability") == "online")
    topic = next(heard.topic for heard in subscriber.heard if heard.topic.endswith("/status"))
    root = topic.removesuffix("status")

    def is_told(words: str) -> Callable[[], bool]:
        return lambda: words in (subscriber.last("/settings") or "")

    subscriber.publish(root + "set/sensitivity", "high")
    subscriber.wait_for(is_told('"sensitivity":"high"'))
    subscriber.publish(root + "set/alert_after_s", "15")
    subscriber.wait_for(
        lambda: "must be more than" in (subscriber.last("problem/configuration") or "")
    )
    daemon.process.kill()
    daemon.process.wait()
    before = len(subscriber.heard)
    state = f"journal:\n  state_dir: {daemon.folder / 'state'}\n"
    again = start_daemon(mosquitto.port, *source, settings=state)
    again.wait_until_ready()
    values = '"sensitivity":"high","alert_after_s":30'
    subscriber.wait_for(
        lambda: any(h.topic == root + "settings" and values in h.payload
                    for h in subscriber.heard[before:])
    )  # fmt: skip
    assert again.end() == 0
