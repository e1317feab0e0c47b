"""The visit to the broker: what may be said and read there, and what can be known of others."""

import json
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from paho.mqtt.publish import multiple

from osa_daemon.errors import BrokerError
from osa_daemon.publish.discovery import birth_topic, discovery_topic
from osa_daemon.publish.mqtt_settings import MqttSettings
from osa_daemon.service.doctor import broker as broker_module
from osa_daemon.service.doctor.broker import Visit, broker_findings, visit_broker
from osa_daemon.service.doctor.finding import Finding, Verdict
from osa_daemon.service.doctor.home_assistant import check_home_assistant
from osa_daemon.service.doctor.running import check_published_level
from tests.mosquitto import PASSWORD, USER, Mosquitto, Subscriber, free_port, wait_for

Subscribe = Callable[..., Subscriber]
ACCESS = (Path(__file__).resolve().parents[3] / "config/mosquitto/acl.conf").read_text("utf-8")


def settings_of(port: int, **more: object) -> MqttSettings:
    """Settings for a broker on loopback."""
    return MqttSettings(host="127.0.0.1", port=port, client_id="doctor", **more)  # type: ignore[arg-type]


@pytest.fixture
def guarded(make_mosquitto: Callable[[], Mosquitto]) -> Callable[[str, str], Mosquitto]:
    """Starts brokers that ask for a password and go by an access list."""
    return lambda access, user: make_mosquitto().with_password(access, [user]).start()


@pytest.fixture
def password(tmp_path: Path) -> Path:
    """The right password."""
    path = tmp_path / "password"
    path.write_text(f"{PASSWORD}\n")
    return path


def topics_finding(visit: Visit) -> Finding:
    """The one on what may be written and read."""
    connected, topics = broker_findings(visit)
    assert connected.verdict is Verdict.GOOD
    return topics


def test_a_broker_that_lets_everybody_do_everything_is_good(mosquitto: Mosquitto) -> None:
    """Connection, writing and reading are tried, and said."""
    visit = visit_broker(settings_of(mosquitto.port))
    finding = topics_finding(visit)
    assert finding.verdict is Verdict.GOOD
    assert finding.text == "osa_daemon/bedside may be written, commands may be read"


def test_a_visit_leaves_and_says_nothing(mosquitto: Mosquitto, subscribe: Subscribe) -> None:
    """Nothing is retained, no last will is sent, and a command with a content least of all."""
    listener = subscribe(mosquitto.port)
    visit_broker(settings_of(mosquitto.port))
    late = subscribe(mosquitto.port)
    listener.publish("end", "1")
    listener.wait_for(lambda: listener.last("end"))
    late.wait_for(lambda: late.last("end"))
    assert [heard.topic for heard in late.heard] == ["end"]
    told = {heard.topic: heard.payload for heard in listener.heard if heard.topic != "end"}
    assert set(told) == {"osa_daemon/bedside/set/doctor", "osa_daemon/bedside/doctor"}
    assert told["osa_daemon/bedside/set/doctor"] == ""


def test_with_the_access_list_of_this_repository_all_is_good(
    guarded: Callable[[str, str], Mosquitto], password: Path
) -> None:
    """A bed reads what it tells itself: its announcement, and what it hears."""
    broker = guarded(ACCESS, "bed_1")
    settings = settings_of(broker.port, username="bed_1", password_file=password, device_id="bed_1")
    level = '{"level_dbfs":-41,"noise_dbfs":-60}'
    told = {settings.topic("level"): level, discovery_topic(settings): ANNOUNCED}
    multiple(
        [{"topic": topic, "payload": payload, "retain": True} for topic, payload in told.items()],
        port=broker.port,
        auth={"username": "bed_1", "password": PASSWORD},
    )
    visit = visit_broker(settings)
    assert topics_finding(visit).verdict is Verdict.GOOD
    assert "may not be read" not in topics_finding(visit).text
    assert check_published_level(visit).verdict is Verdict.GOOD
    assert check_home_assistant(visit).text.startswith("The device is announced")


def test_where_a_bed_may_not_read_what_it_tells(
    guarded: Callable[[str, str], Mosquitto], password: Path
) -> None:
    """As with the list of earlier versions: that is said, and is no fault."""
    own = "pattern readwrite osa_daemon/%u/#\npattern readwrite homeassistant/device/%u/config\n"
    assert own in ACCESS
    earlier = own.replace("readwrite", "write") + "pattern read osa_daemon/%u/set/+\n"
    broker = guarded(ACCESS.replace(own, earlier), "bed_1")
    settings = settings_of(broker.port, username="bed_1", password_file=password, device_id="bed_1")
    visit = visit_broker(settings)
    finding = topics_finding(visit)
    assert finding.verdict is Verdict.GOOD
    assert "may not be read with this user" in finding.text
    assert check_published_level(visit).verdict is Verdict.DOUBTFUL
    assert "Tonight" in check_published_level(visit, is_phone=True).text
    told = check_home_assistant(visit)
    assert told.verdict is Verdict.GOOD
    assert "cannot be read back with this user" in told.text
    stranger = settings_of(broker.port, username="bed_1", password_file=password)
    refused = check_home_assistant(visit_broker(stranger))  # its device_id is another bed's
    assert refused.verdict is Verdict.DOUBTFUL


@pytest.mark.parametrize(
    ("access", "verdict", "says"),
    [
        (
            f"user {USER}\ntopic read osa_daemon/#\n",
            Verdict.BAD,
            "must let it write osa_daemon/bedside/#",
        ),
        (f"user {USER}\ntopic write osa_daemon/#\n", Verdict.DOUBTFUL, "must let this user read"),
        (
            f"user {USER}\ntopic readwrite osa_daemon/bedside/doctor\n",
            Verdict.GOOD,
            "commands were not tried",
        ),
    ],
)
def test_an_access_list_that_shuts_us_out_is_told(
    access: str,
    verdict: Verdict,
    says: str,
    guarded: Callable[[str, str], Mosquitto],
    password: Path,
) -> None:
    """What may not be written is bad; commands that do not come back are a note."""
    broker = guarded(access, USER)
    settings = settings_of(broker.port, username=USER, password_file=password)
    finding = topics_finding(visit_broker(settings))
    assert finding.verdict is verdict
    assert says in finding.text


def test_a_broker_that_is_not_there_is_told() -> None:
    """The sentence names host and port."""
    port = free_port()
    with pytest.raises(BrokerError, match=f"127.0.0.1:{port}"):
        visit_broker(settings_of(port))


def test_a_wrong_password_is_told(guarded: Callable[[str, str], Mosquitto], password: Path) -> None:
    """A refusal names the user."""
    broker = guarded("", USER)
    password.write_text("wrong\n")
    with pytest.raises(BrokerError, match=f'refused user "{USER}"'):
        visit_broker(settings_of(broker.port, username=USER, password_file=password))


def test_a_broker_that_hangs_is_told(mosquitto: Mosquitto, monkeypatch: pytest.MonkeyPatch) -> None:
    """The wait is bounded."""
    monkeypatch.setattr(broker_module, "DEADLINE_S", 0.3)
    mosquitto.freeze()
    with pytest.raises(BrokerError, match="does not answer"):
        visit_broker(settings_of(mosquitto.port))
    mosquitto.thaw()


def test_a_broker_that_ends_the_visit_is_told(
    mosquitto: Mosquitto, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A connection that is lost on the way is no silence."""
    monkeypatch.setattr(broker_module, "GRACE_S", 30.0)

    def kill() -> None:
        wait_for(lambda: "bedside/doctor" in mosquitto.log.read_text(), 60.0, "a visit")
        mosquitto.kill()

    killer = threading.Thread(target=kill)
    killer.start()
    with pytest.raises(BrokerError, match="was lost"):
        visit_broker(settings_of(mosquitto.port))
    killer.join()


def visit_with(port: int, subscribe: Subscribe, **retained: str) -> Visit:
    """A visit to a broker on which this lies; `birth` and `discovery` stand for their topics."""
    settings = settings_of(port)
    topics = {"birth": birth_topic(settings), "discovery": discovery_topic(settings)}
    client = subscribe(port)
    for name, payload in retained.items():
        client.publish(topics.get(name, settings.topic(name)), payload, is_retained=True)
    return visit_broker(settings)


ANNOUNCED = json.dumps({"origin": {"sw_version": "0.1.0"}, "filler": "x" * 30_000})


@pytest.mark.parametrize(
    ("retained", "verdict", "says"),
    [
        ({}, Verdict.DOUBTFUL, "makes it when it first connects."),
        ({"availability": "online"}, Verdict.DOUBTFUL, "a restart of the daemon makes it anew"),
        ({"discovery": ANNOUNCED}, Verdict.GOOD, "by version 0.1.0; whether it was taken"),
        ({"discovery": ANNOUNCED, "birth": "online"}, Verdict.GOOD, "it is there"),
        ({"discovery": "[]", "birth": "online"}, Verdict.GOOD, "it is there"),
        ({"birth": "offline"}, Verdict.DOUBTFUL, "has stopped: start it"),
    ],
)
def test_what_is_known_of_home_assistant_is_said_and_no_more(
    retained: dict[str, str],
    verdict: Verdict,
    says: str,
    mosquitto: Mosquitto,
    subscribe: Subscribe,
) -> None:
    """Not hearing it is a note, never bad: it tells of itself only when it starts."""
    finding = check_home_assistant(visit_with(mosquitto.port, subscribe, **retained))
    assert finding.verdict is verdict
    assert says in finding.text


def test_without_discovery_home_assistant_is_not_looked_for(mosquitto: Mosquitto) -> None:
    """Somebody else listens to the topics: no fault."""
    visit = visit_broker(settings_of(mosquitto.port, discovery=False))
    assert check_home_assistant(visit).verdict is Verdict.GOOD


@pytest.mark.parametrize(
    ("status", "level", "verdict", "says"),
    [
        (
            "monitoring",
            '{"level_dbfs":-41,"noise_dbfs":-60}',
            Verdict.GOOD,
            "-41 dBFS over a floor of -60",
        ),
        ("monitoring", "nonsense", Verdict.DOUBTFUL, "sudo systemctl stop osa-daemon"),
        ("deaf", "{}", Verdict.BAD, "the running daemon says: It is muted."),
        ("paused", "{}", Verdict.GOOD, "rests"),
    ],
)
def test_the_level_of_the_running_daemon_is_taken(
    status: str,
    level: str,
    verdict: Verdict,
    says: str,
    mosquitto: Mosquitto,
    subscribe: Subscribe,
) -> None:
    """Where it has the microphone for itself, what it tells is judged; anybody may write that."""
    told = json.dumps({"state": status, "reason": "It is muted."})
    visit = visit_with(mosquitto.port, subscribe, status=told, level=level)
    finding = check_published_level(visit)
    assert finding.verdict is verdict
    assert says in finding.text


def test_without_a_broker_the_level_is_not_known() -> None:
    """A note, with how to listen all the same."""
    finding = check_published_level(None)
    assert finding.verdict is Verdict.DOUBTFUL
    assert "sudo systemctl start osa-daemon" in finding.text
