"""config/mosquitto: with that very access list a bed works, and sees nothing of the others."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import paho.mqtt.client as paho
import pytest

from osa_daemon.publish.mqtt import MqttPublisher
from osa_daemon.publish.mqtt_settings import MqttSettings
from osa_daemon.publish.topics import TOPICS
from tests.mosquitto import PASSWORD, Mosquitto, Subscriber, wait_for
from tests.publish.conftest import Certificates

REPOSITORY = Path(__file__).resolve().parents[2]
MOSQUITTO = REPOSITORY / "config" / "mosquitto"
ACCESS = (MOSQUITTO / "acl.conf").read_text("utf-8")
USERS = ("bed_1", "bed_2", "homeassistant", "store")
NOT_AUTHORIZED = 0x87  # MQTT 5.0 section 2.4

MakePublisher = Callable[..., MqttPublisher]
Subscribe = Callable[..., Subscriber]


@dataclass(frozen=True, slots=True)
class House:
    """A broker with the access list, and what belongs to each of its users."""

    broker: Mosquitto
    password_file: Path
    subscribe: Subscribe

    def settings(self, bed: str) -> MqttSettings:
        """Those of a bed, whose user has the same name."""
        return MqttSettings(
            "127.0.0.1",
            self.broker.port,
            username=bed,
            password_file=self.password_file,
            device_id=bed,
        )

    def client(self, user: str, topic: str = "#") -> Subscriber:
        """Someone with that user's password who listens on `topic`."""
        return self.subscribe(self.broker.port, topic, password=PASSWORD, user=user)


@pytest.fixture
def house(make_mosquitto: Callable[[], Mosquitto], subscribe: Subscribe, tmp_path: Path) -> House:
    """Two beds, Home Assistant and a database."""
    password_file = tmp_path / "password"
    password_file.write_text(PASSWORD)
    broker = make_mosquitto().with_password(ACCESS, USERS).start()
    return House(broker, password_file, subscribe)


def answer(client: Subscriber, topic: str, payload: str = "x", *, is_retained: bool = False) -> int:
    """The broker's reason code for a message with QoS 1."""
    codes: dict[int, int] = {}

    def note(_c: object, _u: object, mid: int, reason: paho.ReasonCode, _p: object) -> None:
        codes[mid] = reason.value

    client.client.on_publish = note
    mid = client.client.publish(topic, payload, 1, is_retained).mid
    wait_for(lambda: mid in codes, what=f"PUBACK for {topic}")
    client.client.on_publish = None
    return codes[mid]


def test_a_bed_works_completely(house: House, publisher: MakePublisher) -> None:
    """Discovery, every topic, an event to its PUBACK, a birth, a command: all get through."""
    home = house.client("homeassistant")
    acknowledged: list[str] = []
    commands: list[tuple[str, bytes]] = []
    bed = publisher(
        house.settings("bed_1"), acknowledged.append, lambda *command: commands.append(command)
    )
    states = [
        topic.suffix for topic in TOPICS if topic.suffix not in ("availability", "event", "set/+")
    ]
    wait_for(lambda: bed.connected)
    for suffix in states:
        bed.set_state(suffix, {"v": 1})
    bed.send_event("a", {"v": 1, "id": "a"})
    wait_for(lambda: acknowledged == ["a"], what="PUBACK of the event")
    for suffix in (*states, "availability", "event"):
        home.wait_for(lambda: home.last(f"osa_daemon/bed_1/{suffix}"), what=suffix)  # noqa: B023
    home.wait_for(lambda: home.last("homeassistant/device/bed_1/config"))
    assert answer(home, "osa_daemon/bed_1/set/alerts", "OFF") in (0, 0x10)
    wait_for(lambda: commands == [("alerts", b"OFF")], what="the command")
    before = len(home.on("/status"))
    assert answer(home, "homeassistant/status", "online") in (0, 0x10)
    home.wait_for(lambda: len(home.on("/status")) >= before + 2, what="an answer to the birth")
    assert bed.problem is None


def test_the_last_will_is_sent(house: House, publisher: MakePublisher) -> None:
    """A bed that is cut off is told to be offline."""
    store = house.client("store", "osa_daemon/+/availability")
    bed = publisher(house.settings("bed_1"))
    store.wait_for(lambda: store.last("/availability") == "online")
    bed._session._drop_peer()  # as a lost power supply would
    store.wait_for(lambda: store.last("/availability") == "offline")


def test_a_bed_does_not_write_elsewhere(house: House) -> None:
    """Another bed's topics, commands and announcement, and Home Assistant's birth, are refused."""
    bed = house.client("bed_1", "osa_daemon/bed_1/set/+")
    for topic in (
        "osa_daemon/bed_2/event",
        "osa_daemon/bed_2/availability",
        "osa_daemon/bed_2/set/monitoring",
        "osa_daemon/bed_10/event",
        "osa_daemon/event",
        "homeassistant/device/bed_2/config",
        "homeassistant/status",
        "homeassistant/switch/x/config",
        "elsewhere",
    ):
        assert answer(bed, topic) == NOT_AUTHORIZED, topic
    assert answer(bed, "osa_daemon/bed_1/event") != NOT_AUTHORIZED


def test_a_bed_does_not_read_the_others(house: House, publisher: MakePublisher) -> None:
    """Subscribed to everything, it hears the commands for it and the birth, and nothing else."""
    spy = house.client("bed_2")
    bed = publisher(house.settings("bed_1"))
    bed.set_state("apnea", "ON")
    bed.send_event("a", {"v": 1, "id": "a"})
    wait_for(lambda: bed.connected and not bed.waiting_events)
    home = house.client("homeassistant", "osa_daemon/#")
    for topic in (
        "osa_daemon/bed_1/set/alerts",
        "homeassistant/status",
        "osa_daemon/bed_2/set/alerts",
    ):
        answer(home, topic, "ON")
    spy.wait_for(lambda: len(spy.heard) == 2)
    assert [heard.topic for heard in spy.heard] == [
        "homeassistant/status",
        "osa_daemon/bed_2/set/alerts",
    ]


def test_a_refused_bed_is_told_which_topic(house: House, publisher: MakePublisher) -> None:
    """A user not named as the device: the sentence names topic and user, nothing is lost."""
    settings = MqttSettings(
        "127.0.0.1",
        house.broker.port,
        username="bed_2",
        password_file=house.password_file,
        device_id="bed_1",
    )
    bed = publisher(settings)
    bed.send_event("a", {"v": 1, "id": "a"})
    wait_for(lambda: bed.problem is not None, what="a sentence")
    assert bed.problem is not None
    assert "does not take" in bed.problem
    assert 'from user "bed_2" (not authorized): check its access list' in bed.problem
    assert bed.waiting_events == 1


def test_the_database_reads_every_bed_and_writes_nothing(
    house: House, publisher: MakePublisher
) -> None:
    """It hears the beds only; every message of its own is refused, also on topics of its name."""
    store = house.client("store")
    beds = [publisher(house.settings(bed)) for bed in ("bed_1", "bed_2")]
    for bed in beds:
        bed.set_state("apnea", "OFF")
    store.wait_for(lambda: len(store.on("/apnea")) == 2)
    assert all(heard.topic.startswith("osa_daemon/") for heard in store.heard)
    for topic in (
        "osa_daemon/bed_1/event",
        "osa_daemon/bed_1/set/alerts",
        "osa_daemon/store/event",
        "homeassistant/device/store/config",
        "homeassistant/status",
        "elsewhere",
    ):
        assert answer(store, topic) == NOT_AUTHORIZED, topic


def test_nobody_enters_without_a_password(house: House, publisher: MakePublisher) -> None:
    """No user, or a wrong password, is refused."""
    bed = publisher(MqttSettings("127.0.0.1", house.broker.port, device_id="bed_1"))
    wait_for(lambda: bed.problem is not None)
    assert "refused a client without a user" in (bed.problem or "")


def test_the_listener_of_the_example_takes_a_bed(
    make_mosquitto: Callable[[], Mosquitto],
    publisher: MakePublisher,
    certificates: Certificates,
    tmp_path: Path,
) -> None:
    """bedside.conf as it stands: TLS, passwords, the access list; nothing in it is misspelt."""
    broker = make_mosquitto().with_password(ACCESS, USERS)
    broker.with_config((MOSQUITTO / "bedside.conf").read_text("utf-8"))
    put_certificates(broker, certificates)
    broker.start()
    password_file = tmp_path / "password"
    password_file.write_text(PASSWORD)
    acknowledged: list[str] = []
    bed = publisher(
        MqttSettings(
            "localhost",
            broker.port,
            username="bed_1",
            password_file=password_file,
            device_id="bed_1",
            tls=True,
            tls_ca=certificates.authority,
        ),
        acknowledged.append,
    )
    bed.send_event("a", {"v": 1, "id": "a"})
    wait_for(lambda: acknowledged == ["a"], what=f"PUBACK ({bed.problem})")
    local = MqttSettings(
        "127.0.0.1",
        broker.local_port,
        username="bed_2",
        password_file=password_file,
        device_id="bed_2",
    )
    publisher(local, acknowledged.append).send_event("b", {"v": 1, "id": "b"})
    wait_for(lambda: acknowledged == ["a", "b"], what="PUBACK on the machine itself, without TLS")


def test_a_certificate_can_stand_for_the_user(
    make_mosquitto: Callable[[], Mosquitto], publisher: MakePublisher, certificates: Certificates
) -> None:
    """With the example's last lines the certificate's name is the user; only its topics open."""
    text = (MOSQUITTO / "bedside.conf").read_text("utf-8")
    broker = make_mosquitto().with_password(ACCESS, USERS)
    for line in ("cafile", "require_certificate", "use_identity_as_username"):
        text = text.replace(f"#{line}", line)
    broker.with_config(text)
    put_certificates(broker, certificates)
    broker.start()
    acknowledged: list[str] = []
    for device_id in ("good", "another"):  # the certificate's common name is good
        bed = publisher(
            MqttSettings(
                "localhost",
                broker.port,
                device_id=device_id,
                tls=True,
                tls_ca=certificates.authority,
                tls_cert=certificates.good,
                tls_key=certificates.good_key,
            ),
            acknowledged.append,
        )
        bed.send_event(device_id, {"v": 1, "id": device_id})
        wait_for(lambda: acknowledged or bed.problem, what="an answer")  # noqa: B023
    wait_for(lambda: bed.problem is not None)
    assert "does not take" in (bed.problem or "")
    assert acknowledged == ["good"]


def put_certificates(broker: Mosquitto, certificates: Certificates) -> None:
    """Lay the files where the example names them."""
    folder = broker.folder / "certs"
    folder.mkdir()
    shutil.copy(certificates.good, folder / "broker.crt")
    shutil.copy(certificates.good_key, folder / "broker.key")
    shutil.copy(certificates.authority, folder / "authority.crt")
