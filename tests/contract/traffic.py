"""Real traffic: what a broker carries while the real daemon hears a night and is commanded."""

import json
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from paho.mqtt.subscribeoptions import SubscribeOptions

from osa_daemon.journal.journal import Journal
from osa_daemon.journal.rows import NightRow
from osa_daemon.scoring.night import NightCounts, NightFigures, night_of
from tests.daemon import DaemonProcess
from tests.mosquitto import Heard, Mosquitto, Subscriber

BASE, DEVICE, PREFIX = "house/osa", "bed_2", "ha"  # no defaults: parameters are filled in
ROOT = f"{BASE}/{DEVICE}"
SPEED = "12"  # the night lasts 90 s then: longer than all of this
PATIENCE_S = 60.0
# all is as it is, but a minute of telemetry does not take a minute
PROGRAM = """
import sys
from osa_daemon.cli import main
from osa_daemon.service import bedside
bedside.MINUTE_S = 2.0
sys.exit(main(["run", *sys.argv[1:]]))
"""
# key, payload, and what it makes true of `settings`, `alert` or `status`
GOOD: tuple[tuple[str, str, str, dict[str, Any]], ...] = (
    ("bed_presence", "OFF", "settings", {"bed_presence": False}),
    ("sensitivity", "high", "settings", {"sensitivity": "high"}),
    ("sensitivity", "low", "settings", {"sensitivity": "low"}),
    ("sensitivity", "balanced", "settings", {"sensitivity": "balanced"}),
    ("alert_after_s", "45", "settings", {"alert_after_s": 45}),
    ("monitoring", "OFF", "settings", {"monitoring": False}),
    ("monitoring", "ON", "settings", {"monitoring": True}),
    ("alerts", "OFF", "settings", {"alerts": False}),
    ("alerts", "ON", "settings", {"alerts": True}),
    ("acknowledge", "PRESS", "alert", {"active": False}),
    ("test_alert", "PRESS", "alert", {"active": True, "kind": "technical"}),
    ("acknowledge", "PRESS", "alert", {"active": False, "acknowledged": True}),
    ("delete_clips", "PRESS", "clips", {"count": 0}),
    ("bed_presence", "ON", "settings", {"bed_presence": True}),
    ("bed_presence", "None", "settings", {"bed_presence": None}),
)
# key, payload, and words of the sentence that refuses it
BAD: tuple[tuple[str, str, str], ...] = (
    ("sensitivity", "medium", "sensitivity is medium,"),
    ("alert_after_s", "5", "after_s is 5,"),
    ("alert_after_s", "111", "after_s is 111,"),
    ("alert_after_s", "soon", "after_s is soon,"),
    ("alert_after_s", "30.5", "after_s is 30.5,"),
    ("monitoring", "perhaps", "enabled is perhaps,"),
    ("alerts", "2", "enabled is 2,"),
    ("bed_presence", "maybe", "bed_presence is maybe,"),
    ("volume", "11", "no command 'volume'"),
)


@dataclass(slots=True)
class Traffic:
    """What was recorded: as it passed, and what a late subscriber was given."""

    live: list[Heard] = field(default_factory=list)
    late: list[Heard] = field(default_factory=list)


def record(folder: Path, sound: Path) -> Traffic:
    """Run the daemon over `sound`, command it, kill it, and return all that was said."""
    remember_a_night(folder / "state")
    program = folder / "program.py"
    program.write_text(PROGRAM)
    broker = Mosquitto(folder).start()
    try:
        with subscribed(broker.port) as subscriber:
            daemon = DaemonProcess(
                folder,
                broker.port,
                *("--source", f"file:{sound}", "--speed", SPEED),
                settings=settings(folder),
                command=(str(program),),
            )
            try:
                converse(Conversation(subscriber, daemon))
            finally:
                daemon.close()
            last_will(subscriber)
            return Traffic(list(subscriber.heard), retained(broker.port))
    finally:
        broker.stop()


def settings(folder: Path) -> str:
    """What follows the broker's address in the settings file."""
    return (
        f"  base_topic: {BASE}\n  device_id: {DEVICE}\n  discovery_prefix: {PREFIX}\n"
        f"journal:\n  state_dir: {folder / 'state'}\n"
    )


def remember_a_night(state: Path) -> None:
    """Put a night before this one into the journal, so that `night/last` is told."""
    state.mkdir()
    now = datetime.now(UTC)
    row = NightRow(
        night_of(now.astimezone()) - timedelta(days=1),
        now - timedelta(hours=30),
        now - timedelta(hours=24),
        json.dumps(asdict(NightFigures(events=12, apneas=12, index=2.0, monitorable_s=21600.0))),
        json.dumps(asdict(NightCounts(apneas=12))),
    )
    with closing(Journal.open(state / "journal.sqlite3")) as journal:
        journal.record_night(row)


@contextmanager
def subscribed(port: int) -> Iterator[Subscriber]:
    """Hear everything with the QoS and the retain flag that it was sent with."""
    subscriber = Subscriber(port, options=SubscribeOptions(qos=2, retainAsPublished=True))
    try:
        yield subscriber
    finally:
        subscriber.close()


class Conversation:
    """What the house says to the daemon, and how it waits for answers."""

    def __init__(self, subscriber: Subscriber, daemon: DaemonProcess) -> None:
        self.subscriber = subscriber
        self._daemon = daemon

    def until(self, condition: Callable[[], object], what: str) -> None:
        """Wait; what the daemon logged is part of the failure."""
        try:
            self.subscriber.wait_for(condition, PATIENCE_S, what)
        except AssertionError as error:
            raise AssertionError(f"{error}\n{self._daemon.log.read_text()}") from None

    def payload(self, suffix: str) -> dict[str, Any]:
        """The last JSON payload on a topic."""
        made: dict[str, Any] = json.loads(self.subscriber.last(f"{ROOT}/{suffix}") or "{}")
        return made

    def command(self, key: str, payload: str) -> None:
        """Send a command, and wait until `settings` answers."""
        answers = len(self.subscriber.on(f"{ROOT}/settings"))
        self.subscriber.publish(f"{ROOT}/set/{key}", payload)
        self.until(
            lambda: len(self.subscriber.on(f"{ROOT}/settings")) > answers, f"answer to {key}"
        )


def converse(house: Conversation) -> None:
    """Let the daemon hear a pause and an event; then tell it everything, right and wrong."""
    on = house.subscriber.on
    for topic in ("event", "last_event", "breathing", "diagnostics", "level", "night/last"):
        house.until(lambda topic=topic: on(f"{ROOT}/{topic}"), topic)
    house.until(lambda: house.payload("alert").get("kind") == "apnea", "a pause told of")
    for row in GOOD[:-2]:
        obeyed(house, *row)
    for row in BAD:
        refused(house, *row)
    announcements = len(on("/config"))
    house.subscriber.publish(f"{PREFIX}/status", "online")
    house.until(lambda: len(on("/config")) > announcements, "discovery after birth")
    for row in GOOD[-2:]:
        obeyed(house, *row)
    house.until(lambda: house.payload("status")["state"] == "monitoring", "listening again")
    house.until(lambda: house.payload("problem/configuration")["state"] == "OFF", "no refusal")


def obeyed(
    house: Conversation, key: str, payload: str, suffix: str, outcome: dict[str, Any]
) -> None:
    """Send a command that is right, and wait for what it does."""
    house.command(key, payload)
    house.until(lambda: outcome.items() <= house.payload(suffix).items(), f"{outcome} by {key}")


def refused(house: Conversation, key: str, payload: str, words: str) -> None:
    """Send a command that is wrong, and wait for the sentence; nothing changes."""
    before = house.payload("settings")
    house.command(key, payload)
    house.until(
        lambda: words in str(house.payload("problem/configuration")["text"]),
        f"why {key} {payload} is refused",
    )
    assert house.payload("settings") == before, f"{key} {payload} was refused and carried out"


def last_will(subscriber: Subscriber) -> None:
    """Wait until the broker has told that the daemon is gone."""
    subscriber.wait_for(lambda: subscriber.last(f"{ROOT}/availability") == "offline", PATIENCE_S)


def retained(port: int) -> list[Heard]:
    """What a subscriber that comes late is given: all before a word of its own."""
    with subscribed(port) as late:
        late.publish("end/of/retained", "")
        late.wait_for(lambda: late.on("end/of/retained"))
        return [heard for heard in late.heard if heard.topic != "end/of/retained"]
