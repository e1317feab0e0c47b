"""scripts/store_beds.py with a real broker and database: each event once, whatever is killed."""

import json
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from osa_daemon.publish import payloads
from osa_daemon.publish.mqtt import MqttPublisher
from osa_daemon.publish.mqtt_settings import MqttSettings
from osa_daemon.scoring.event import Event
from tests.fleet.postgres import Postgres
from tests.mosquitto import PASSWORD, Mosquitto, Subscriber, wait_for

REPOSITORY = Path(__file__).resolve().parents[2]
NOW = datetime(2026, 3, 1, 23, 0, tzinfo=UTC)
BEDS = ("bed_1", "bed_2", "bed_3")
EACH = 400  # events of a bed
PERSISTENT = "allow_anonymous true\npersistence true\npersistence_location {folder}/\n"


@pytest.fixture(scope="module")
def postgres() -> Iterator[Postgres]:
    """One server for all tests here."""
    server = Postgres()
    yield server
    server.close()


@pytest.fixture(autouse=True)
def empty(postgres: Postgres) -> None:
    """Tables without rows."""
    with postgres.connect() as database:
        database.execute("TRUNCATE event, night, minute, status, link")


class Store:
    """The command in a process of its own."""

    def __init__(self, folder: Path, *options: str) -> None:
        self.log = folder / "store.log"
        self._command = [sys.executable, str(REPOSITORY / "scripts" / "store_beds.py"), *options]
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> "Store":
        """Start it."""
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(self._command, stdout=log, stderr=log)
        return self

    def end(self, number: int = signal.SIGTERM) -> int:
        """Signal it, and wait for its end."""
        if self.process is None:
            return 0
        self.process.send_signal(number)
        return self.process.wait(20)

    def says(self, words: str) -> bool:
        """Whether it said so."""
        return words in self.log.read_text()


@pytest.fixture
def start_store(tmp_path: Path, postgres: Postgres) -> Iterator[Callable[..., Store]]:
    """Starts it against a broker's port, and makes sure that it ends."""
    made: list[Store] = []

    def start(port: int, *options: str) -> Store:
        where = ("--broker", "127.0.0.1", "--port", str(port), "--database", postgres.address)
        made.append(Store(tmp_path, *where, *options).start())
        return made[-1]

    yield start
    for store in made:
        if store.process is not None and store.process.poll() is None:
            store.end(signal.SIGKILL)


def an_event(number: int, bed: str) -> dict[str, Any]:
    """A decided event as the daemon sends it."""
    event = Event(f"{bed}-{number}", "apnea", float(number), 12.5, 0.91, "silent", True, False)
    onset = NOW + timedelta(seconds=30 * number)
    return payloads.event_payload(event, onset, date(2026, 3, 1), is_durable=True)


def a_night(events: int, minutes: int) -> dict[str, Any]:
    """Figures of a night as they are `minutes` after its beginning."""
    return payloads.night_payload(
        date(2026, 3, 1),
        events=events,
        apneas=events,
        hypopneas=0,
        index=3.5,
        index_reason=None,
        longest_apnea_s=24.5,
        monitorable_s=7300.0,
        monitorable_share=0.9,
        snoring_share=0.1,
        breathing_rate_bpm=14.0,
        started=NOW,
        updated=NOW + timedelta(minutes=minutes),
    )


def publishing(port: int, beds: tuple[str, ...] = BEDS) -> list[MqttPublisher]:
    """Started publishers."""
    made = [
        MqttPublisher(MqttSettings("127.0.0.1", port, device_id=bed), lambda _id: None)
        for bed in beds
    ]
    for one in made:
        one.start()
    return made


def test_everything_is_stored_as_it_was_told(
    mosquitto: Mosquitto, postgres: Postgres, start_store: Callable[..., Store]
) -> None:
    """Event, night with its latest figures, minute, status and link: each in its table."""
    store = start_store(mosquitto.port)
    wait_for(lambda: store.says("Storing."), what="a session")
    (bed,) = publishing(mosquitto.port, ("bed_1",))
    wait_for(lambda: bed.connected)
    bed.send_event("bed_1-7", an_event(7, "bed_1"))
    bed.set_state("breathing", payloads.breathing_payload(14.2, is_snoring=True))
    bed.set_state("status", payloads.status_payload("deaf", NOW, "It is muted.", "0.1.0", None))
    bed.set_state("night/last", a_night(9, 300))
    bed.set_state("night/current", a_night(8, 200))  # older than what is known
    wait_for(lambda: postgres.ask("SELECT 1 FROM status"), what="a status")
    wait_for(lambda: postgres.ask("SELECT 1 FROM event"), what="an event")
    wait_for(lambda: postgres.ask("SELECT 1 FROM minute"), what="a minute")
    wait_for(lambda: postgres.ask("SELECT 1 FROM night"), what="a night")
    bed.stop(2.0)
    online = "SELECT device, online FROM link ORDER BY at"
    wait_for(lambda: len(postgres.ask(online)) == 2, what="offline")
    assert postgres.ask(online) == [("bed_1", True), ("bed_1", False)]
    (row,) = postgres.ask("SELECT device, id, type, onset, ended, night, durable FROM event")
    onset = NOW + timedelta(seconds=210)
    ended = onset + timedelta(seconds=12.5)
    assert row == ("bed_1", "bed_1-7", "apnea", onset, ended, date(2026, 3, 1), True)
    assert postgres.ask("SELECT rate_bpm, snoring FROM minute") == [(pytest.approx(14.2), True)]
    assert postgres.ask("SELECT at, state, reason FROM status") == [(NOW, "deaf", "It is muted.")]
    assert postgres.ask("SELECT events FROM night") == [(9,)]
    assert store.end() == 0


def test_each_event_is_stored_once_whatever_is_killed(
    make_mosquitto: Callable[[], Mosquitto],
    postgres: Postgres,
    start_store: Callable[..., Store],
) -> None:
    """The writer, then the database, are killed (-9) and the broker is restarted amid events."""
    broker = make_mosquitto()
    config = f"listener {broker.port}\n{PERSISTENT.format(folder=broker.folder)}"
    broker.with_config(config).start()
    store = start_store(broker.port)
    wait_for(lambda: store.says("Storing."), what="a session")
    beds = publishing(broker.port)
    sender = threading.Thread(target=send_all, args=(beds,))
    sender.start()
    total = len(beds) * EACH
    stored = "SELECT count(*) FROM event"

    def has(share: float) -> Callable[[], bool]:
        return lambda: bool(rows := postgres.ask(stored)) and rows[0][0] >= share * total

    wait_for(has(0.1), 30, "the first tenth")
    store.end(signal.SIGKILL)
    time.sleep(0.5)  # meanwhile the broker keeps what comes
    store.start()
    wait_for(has(0.4), 30, "four tenths")
    postgres.kill()
    wait_for(lambda: store.says("The database"), 30, "a sentence on the database")
    postgres.start()
    wait_for(has(0.6), 60, "six tenths")
    broker.stop()
    broker.start()
    sender.join(60)
    wait_for(lambda: not any(bed.waiting_events for bed in beds), 60, "every PUBACK")
    wait_for(has(1.0), 60, "all of them")
    for bed in beds:
        bed.stop(1.0)
    assert postgres.ask(stored) == [(total,)]
    sent = {f"{bed}-{number}" for bed in BEDS for number in range(EACH)}
    assert {row[0] for row in postgres.ask("SELECT id FROM event")} == sent


def send_all(beds: list[MqttPublisher]) -> None:
    """Each bed's events, some 150 a second together."""
    for number in range(EACH):
        for name, bed in zip(BEDS, beds, strict=True):
            payload = an_event(number, name)
            while not bed.send_event(str(payload["id"]), payload):
                time.sleep(0.05)
        time.sleep(0.02)


def test_hostile_messages_are_left_out(
    mosquitto: Mosquitto,
    postgres: Postgres,
    subscribe: Callable[..., Subscriber],
    start_store: Callable[..., Store],
) -> None:
    """None of them is stored or stops what comes behind; few are told, on one line each."""
    store = start_store(mosquitto.port)
    wait_for(lambda: store.says("Storing."), what="a session")
    stranger = subscribe(mosquitto.port, "nothing")
    good = an_event(1, "bed_1")
    broken: list[Any] = [
        b"", b"\xff", b"[]", b"{", b"[" * 20_000, b'{"id":NaN}', b"null",
        good | {"id": "a\x00b"}, good | {"id": "x" * 10_000}, good | {"id": "\ud800"},
        good | {"id": None}, good | {"onset": "soon"}, good | {"onset": "2026-03-01T23:00:00"},
        good | {"onset": "0001-01-01T00:00:00+23:59"}, good | {"duration_s": "'; DROP TABLE event"},
        good | {"duration_s": 1e300}, good | {"confidence": True}, good | {"night": "never"},
    ]  # fmt: skip
    for payload in broken:
        raw = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
        stranger.client.publish("osa_daemon/bed_1/event", raw, 1).wait_for_publish(10)
    for topic in ("osa_daemon/BED/event", "osa_daemon/bed_1/availability"):
        stranger.publish(topic, "\x1b[2J\nforged")
    stranger.publish("osa_daemon/bed_1/event", json.dumps(good))
    wait_for(lambda: postgres.ask("SELECT 1 FROM event"), what="the good event")
    assert postgres.ask("SELECT id FROM event") == [("bed_1-1",)]
    assert store.end() == 0
    lines = store.log.read_text().splitlines()
    assert all(line.isprintable() for line in lines)
    assert 2 <= len([line for line in lines if "is left out" in line]) <= 5
    assert not any("forged" in line for line in lines)


def test_what_is_wrong_is_told_and_tried_again(
    make_mosquitto: Callable[[], Mosquitto],
    postgres: Postgres,
    start_store: Callable[..., Store],
    tmp_path: Path,
) -> None:
    """No broker, a wrong password, no table: a sentence each; once put right, it stores."""
    secret = tmp_path / "password"
    secret.write_text("wrong")
    broker = make_mosquitto().with_password(users=("store", "osa"))
    store = start_store(broker.port, "--username", "store", "--password-file", str(secret))
    wait_for(lambda: store.says("cannot be reached"), what="no broker")
    broker.start()
    wait_for(lambda: store.says("refuses user store"), what="a refusal")
    secret.write_text(PASSWORD)
    wait_for(lambda: store.says("Storing."), 20, what="a session")
    with postgres.connect() as database:
        database.execute("ALTER TABLE event RENAME TO hidden")
    try:
        client = Subscriber(broker.port, "nothing", password=PASSWORD)
        client.publish("osa_daemon/bed_1/event", json.dumps(an_event(1, "bed_1")))
        wait_for(lambda: store.says("psql --file=config/fleet/schema.sql"), what="no table")
        client.close()
    finally:
        with postgres.connect() as database:
            database.execute("ALTER TABLE hidden RENAME TO event")
    wait_for(lambda: postgres.ask("SELECT 1 FROM event"), 20, "the event, delivered again")
    assert PASSWORD not in store.log.read_text()
    assert store.end() == 0


def test_a_second_run_of_the_schema_harms_nothing(postgres: Postgres) -> None:
    """It may be run again, over tables with rows."""
    with postgres.connect() as database:
        database.execute("INSERT INTO link VALUES ('bed_1', now(), true)")
        database.execute((REPOSITORY / "config" / "fleet" / "schema.sql").read_text("utf-8"))
    assert len(postgres.ask("SELECT 1 FROM link")) == 1
