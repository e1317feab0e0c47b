"""What the publisher says where the broker does not let it in."""

import stat
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from osa_daemon.errors import ConfigError
from osa_daemon.publish.mqtt import MqttPublisher
from osa_daemon.publish.mqtt_settings import MqttSettings
from tests.mosquitto import PASSWORD, USER, Mosquitto, Subscriber, wait_for
from tests.publish.conftest import Certificates

MakePublisher = Callable[..., MqttPublisher]
MakeMosquitto = Callable[[], Mosquitto]
Subscribe = Callable[..., Subscriber]

# paho leaves the socket of a failed TLS handshake to the garbage collector
UNCLOSED = pytest.mark.filterwarnings(
    "ignore::pytest.PytestUnraisableExceptionWarning", "ignore:unclosed:ResourceWarning"
)


def sentence_of(one: MqttPublisher) -> str:
    """The sentence that the publisher comes to."""
    wait_for(lambda: one.problem is not None, what="a sentence")
    assert not one.connected
    assert one.problem is not None
    return one.problem


@pytest.fixture
def password_file(tmp_path: Path) -> Path:
    """The right password, with a newline, in a file like a systemd credential."""
    path = tmp_path / "mqtt_password"
    path.write_text(PASSWORD + "\n")
    path.chmod(stat.S_IRUSR | stat.S_IRGRP)
    return path


def test_right_password_from_a_file(
    make_mosquitto: MakeMosquitto, publisher: MakePublisher, password_file: Path
) -> None:
    """A password file with a newline at its end and mode 0440 lets the user in."""
    broker = make_mosquitto().with_password().start()
    one = publisher(
        MqttSettings("127.0.0.1", broker.port, username=USER, password_file=password_file)
    )
    wait_for(lambda: one.connected)


def test_wrong_password(
    make_mosquitto: MakeMosquitto, publisher: MakePublisher, password_file: Path
) -> None:
    """The sentence names broker, user and the settings to check; never the password."""
    broker = make_mosquitto().with_password().start()
    password_file.chmod(0o600)
    password_file.write_text("not-it")
    one = publisher(
        MqttSettings("127.0.0.1", broker.port, username=USER, password_file=password_file)
    )
    assert sentence_of(one) == (
        f'the broker at 127.0.0.1:{broker.port} refused user "osa": '
        "check mqtt.username and mqtt.password_file"
    )


def test_password_put_right_is_used(
    make_mosquitto: MakeMosquitto, publisher: MakePublisher, password_file: Path
) -> None:
    """The file is read anew at each attempt: no restart is needed."""
    broker = make_mosquitto().with_password().start()
    password_file.chmod(0o600)
    password_file.write_text("not-it")
    one = publisher(
        MqttSettings("127.0.0.1", broker.port, username=USER, password_file=password_file)
    )
    sentence_of(one)
    password_file.write_text(PASSWORD)
    wait_for(lambda: one.connected)
    assert one.problem is None


def test_no_user_where_one_is_wanted(
    make_mosquitto: MakeMosquitto, publisher: MakePublisher
) -> None:
    """A broker that wants a user is told apart from one that does not know ours."""
    broker = make_mosquitto().with_password().start()
    one = publisher(MqttSettings("127.0.0.1", broker.port))
    assert sentence_of(one) == (
        f"the broker at 127.0.0.1:{broker.port} refused a client without a user: "
        "set mqtt.username and mqtt.password_file"
    )


@pytest.mark.parametrize(
    ("content", "words"),
    [(None, "cannot be read"), (b"", "is empty"), (b"\xff\xfe", "is not UTF-8 text")],
)
def test_unusable_password_file(tmp_path: Path, content: bytes | None, words: str) -> None:
    """A missing, empty or binary password file is a wrong configuration that names the file."""
    path = tmp_path / "password"
    if content is not None:
        path.write_bytes(content)
    settings = MqttSettings("127.0.0.1", username="osa", password_file=path)
    with pytest.raises(ConfigError, match=words) as caught:
        MqttPublisher(settings, print)
    assert str(path) in str(caught.value)


def test_unknown_host(publisher: MakePublisher) -> None:
    """A host that no one knows is named."""
    one = publisher(MqttSettings("broker.invalid"))
    wait_for(lambda: one.problem is not None, 30)
    assert one.problem is not None
    assert '"broker.invalid" is not known' in one.problem


def test_access_list_that_forbids_events(
    make_mosquitto: MakeMosquitto,
    publisher: MakePublisher,
    subscribe: Subscribe,
    password_file: Path,
) -> None:
    """An event that the broker did not take is kept, and the sentence names the topic."""
    rules = (
        f"user {USER}\ntopic readwrite osa_daemon/bedside/availability\n"
        "topic readwrite homeassistant/#\n"
    )
    broker = make_mosquitto().with_password(rules).start()
    acknowledged: list[str] = []
    one = publisher(
        MqttSettings("127.0.0.1", broker.port, username=USER, password_file=password_file),
        acknowledged.append,
    )
    one.send_event("a", {"v": 1, "id": "a"})
    wait_for(lambda: one.problem is not None)
    assert one.problem == (
        f"the broker at 127.0.0.1:{broker.port} does not take osa_daemon/bedside/event "
        'from user "osa" (not authorized): check its access list'
    )
    assert acknowledged == []
    assert one.waiting_events == 1


def test_tls(
    make_mosquitto: MakeMosquitto, publisher: MakePublisher, certificates: Certificates
) -> None:
    """With the broker's own authority the connection is made, and a client certificate given."""
    broker = make_mosquitto()
    broker.with_tls(certificates.good, certificates.good_key, certificates.authority)
    broker.start()
    settings = MqttSettings(
        "localhost",
        broker.port,
        tls=True,
        tls_ca=certificates.authority,
        tls_cert=certificates.good,
        tls_key=certificates.good_key,
    )
    one = publisher(settings)
    wait_for(lambda: one.connected, what=f"connection ({one.problem})")


@UNCLOSED
def test_certificate_that_the_broker_asks_for(
    make_mosquitto: MakeMosquitto, publisher: MakePublisher, certificates: Certificates
) -> None:
    """Without a client certificate, or with one of nobody it knows, the setting is named."""
    broker = make_mosquitto()
    broker.with_tls(certificates.good, certificates.good_key, certificates.authority)
    broker.start()
    without = MqttSettings("localhost", broker.port, tls=True, tls_ca=certificates.authority)
    sentence = f"the broker at localhost:{broker.port} hung up after the TLS handshake: "
    assert sentence_of(publisher(without)) == (
        f"{sentence}if it asks for a client certificate, "
        "set mqtt.tls.cert_file and mqtt.tls.key_file"
    )
    strange = replace(
        without,
        device_id="another",
        tls_cert=certificates.stranger,
        tls_key=certificates.stranger_key,
    )
    assert sentence_of(publisher(strange)) == (
        f"{sentence}check that it knows who signed mqtt.tls.cert_file {certificates.stranger}"
    )


@UNCLOSED
def test_certificate_of_another_authority(
    make_mosquitto: MakeMosquitto, publisher: MakePublisher, certificates: Certificates
) -> None:
    """A certificate that our authority did not sign is refused, and the setting named."""
    broker = make_mosquitto()
    broker.with_tls(certificates.good, certificates.good_key)
    broker.start()
    one = publisher(MqttSettings("localhost", broker.port, tls=True, tls_ca=certificates.other))
    sentence = sentence_of(one)
    assert f"localhost:{broker.port} is not signed by mqtt.tls.ca_file" in sentence


@UNCLOSED
def test_certificate_for_another_name(
    make_mosquitto: MakeMosquitto, publisher: MakePublisher, certificates: Certificates
) -> None:
    """A certificate for another host is told apart from one of another authority."""
    broker = make_mosquitto()
    broker.with_tls(certificates.other, certificates.other_key)
    broker.start()
    one = publisher(MqttSettings("127.0.0.1", broker.port, tls=True, tls_ca=certificates.authority))
    assert 'is not for "127.0.0.1": set mqtt.host' in sentence_of(one)


@UNCLOSED
def test_tls_to_a_plain_port(
    mosquitto: Mosquitto, publisher: MakePublisher, certificates: Certificates
) -> None:
    """TLS set for a port that does not speak it points to port and setting."""
    one = publisher(
        MqttSettings("127.0.0.1", mosquitto.port, tls=True, tls_ca=certificates.authority)
    )
    sentence = sentence_of(one)
    assert "mqtt.port" in sentence
    assert "mqtt.tls.enabled" in sentence


def test_plain_to_a_tls_port(
    make_mosquitto: MakeMosquitto, publisher: MakePublisher, certificates: Certificates
) -> None:
    """A port that hangs up on plain MQTT points to TLS."""
    broker = make_mosquitto()
    broker.with_tls(certificates.good, certificates.good_key)
    broker.start()
    one = publisher(MqttSettings("127.0.0.1", broker.port))
    assert "whether this port needs TLS (mqtt.port, mqtt.tls.enabled)" in sentence_of(one)


@pytest.mark.parametrize("name", ["tls_ca", "tls_cert"])
def test_unusable_certificate_file(tmp_path: Path, certificates: Certificates, name: str) -> None:
    """A certificate file that is missing or is not one is named before anything is opened."""
    good = MqttSettings(
        "localhost",
        tls=True,
        tls_ca=certificates.authority,
        tls_cert=certificates.good,
        tls_key=certificates.good_key,
    )
    broken = tmp_path / "broken.crt"
    for _ in range(2):
        changed = (
            replace(good, tls_ca=broken) if name == "tls_ca" else replace(good, tls_cert=broken)
        )
        with pytest.raises(ConfigError, match=r"broken\.crt"):
            MqttPublisher(changed, print)
        broken.write_text("no certificate")


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"host": ""}, "mqtt.host"),
        ({"host": "a..b"}, "mqtt.host"),
        ({"port": 0}, "mqtt.port is 0"),
        ({"keepalive_s": 1}, "mqtt.keepalive_s is 1"),
        ({"device_id": "Bed Room"}, 'device id is "Bed Room"'),
        ({"base_topic": "a/#"}, "mqtt.base_topic"),
        ({"password_file": Path("x")}, "without mqtt.username"),
        ({"tls_cert": Path("x")}, "belong together"),
    ],
)
def test_settings_that_cannot_be(changed: dict[str, object], words: str) -> None:
    """Values that no connection can be made with are refused when the settings are made."""
    with pytest.raises(ConfigError, match=words):
        MqttSettings(**({"host": "localhost"} | changed))  # type: ignore[arg-type]  # on purpose
