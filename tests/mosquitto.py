"""A real, private mosquitto on loopback, and an independent subscriber to watch it with."""

import re
import shutil
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.subscribeoptions import SubscribeOptions

READY_TIMEOUT_S = 10.0
USER, PASSWORD = "osa", "s3cret"


def wait_for(
    condition: Callable[[], object], timeout_s: float = 10.0, what: str = "condition"
) -> None:
    """Return once `condition()` is true; fail the test where it stays false."""
    deadline_s = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline_s, f"{what} not seen within {timeout_s} s"
        time.sleep(0.01)


def free_port() -> int:
    """A TCP port of loopback that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Mosquitto:
    """One broker in `folder`; options choose passwords, TLS, an access list, persistence."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port, self.local_port = free_port(), free_port()
        self.log = folder / "mosquitto.log"
        self._lines: list[str] = []
        self._persistence = ["persistence false"]
        self._auth = ["allow_anonymous true"]
        self._config: str | None = None
        self._process: subprocess.Popen[bytes] | None = None

    def with_password(self, access: str = "", users: Sequence[str] = (USER,)) -> "Mosquitto":
        """Only `users` with `PASSWORD` may connect; `access` is the text of an access list."""
        passwords = self.folder / "osa-daemon.passwd"
        passwords.touch(mode=0o600)
        for user in users:
            subprocess.run(
                ["mosquitto_passwd", "-b", str(passwords), user, PASSWORD], check=True, timeout=30
            )
        self._auth = ["allow_anonymous false", f"password_file {passwords}"]
        if access:
            rules = self.folder / "osa-daemon.acl"
            rules.write_text(access)
            rules.chmod(0o600)
            self._auth.append(f"acl_file {rules}")
        return self

    def with_tls(self, certificate: Path, key: Path, client_authority: Path | None = None) -> None:
        """Speak TLS; with `client_authority` ask clients for a certificate signed by it."""
        self._lines += [f"certfile {certificate}", f"keyfile {key}"]
        if client_authority is not None:
            self._lines += [f"cafile {client_authority}", "require_certificate true"]

    def with_persistence(self) -> "Mosquitto":
        """Keep what is retained, and sessions with what waits for them, across restarts."""
        self._persistence = ["persistence true", f"persistence_location {self.folder}/"]
        return self

    def with_config(self, text: str) -> "Mosquitto":
        """Use a file meant for Debian's /etc/mosquitto, moved to our folder and port."""
        text = text.replace("/etc/mosquitto/", f"{self.folder}/")
        text = text.replace("listener 1883 127.0.0.1", f"listener {self.local_port} 127.0.0.1")
        self._config = re.sub(r"(?m)^listener \d+$", f"listener {self.port} 127.0.0.1", text)
        return self

    def start(self) -> "Mosquitto":
        """Start and wait until it listens."""
        config = self.folder / "mosquitto.conf"
        lines = [
            "per_listener_settings false",
            *self._auth,
            f"listener {self.port} 127.0.0.1",
            *self._lines,
            *self._persistence,
        ]
        text = self._config or "\n".join(lines)
        config.write_text(f"{text}\nuser root\n")
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [_program(), "-c", str(config), "-v"], stdout=log, stderr=log
            )
        wait_for(self._is_listening, READY_TIMEOUT_S, f"mosquitto ({self.log})")
        return self

    def stop(self) -> None:
        """End it, hanging or not."""
        if self._process is not None:
            self._process.send_signal(signal.SIGCONT)
            self._process.terminate()
            self._process.wait(10)
            self._process = None

    def kill(self) -> None:
        """SIGKILL: nothing is written, no goodbye."""
        assert self._process is not None
        self._process.kill()
        self._process.wait(10)
        self._process = None

    def freeze(self) -> None:
        """SIGSTOP: the kernel still accepts connections, nothing answers."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """SIGCONT."""
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)

    def _is_listening(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, self.log.read_text()
        with socket.socket() as probe:
            probe.settimeout(1.0)
            return probe.connect_ex(("127.0.0.1", self.port)) == 0


@dataclass(frozen=True, slots=True)
class Heard:
    """A message as a subscriber got it."""

    topic: str
    payload: str
    is_retained: bool
    qos: int
    expiry_s: int | None


class Subscriber:
    """A client of its own, with QoS 1 and a persistent session, that notes all it hears.

    `options` replace QoS 1.
    """

    def __init__(
        self,
        port: int,
        topic: str = "#",
        client_id: str = "",
        password: str | None = None,
        user: str = USER,
        options: SubscribeOptions | None = None,
    ) -> None:
        self.heard: list[Heard] = []
        self.ready = threading.Event()
        self._topic = topic
        client = paho.Client(
            CallbackAPIVersion.VERSION2,
            client_id=client_id,
            protocol=MQTTProtocolVersion.MQTTv5,
        )
        client.reconnect_delay_set(1, 1)
        if password is not None:
            client.username_pw_set(user, password)
        wanted = options or SubscribeOptions(qos=1)
        client.on_connect = lambda c, _u, _f, _r, _p: c.subscribe(topic, options=wanted)
        client.on_subscribe = lambda *_: self.ready.set()
        client.on_message = lambda _c, _u, message: self.heard.append(_heard(message))
        properties = Properties(PacketTypes.CONNECT)
        properties.SessionExpiryInterval = 600 if client_id else 0
        client.connect_async(
            "127.0.0.1", port, clean_start=not client_id, keepalive=10, properties=properties
        )
        client.loop_start()
        self.client = client
        assert self.ready.wait(READY_TIMEOUT_S), "the subscriber did not connect"

    def on(self, topic: str) -> list[str]:
        """The payloads heard on topics that end so."""
        return [heard.payload for heard in list(self.heard) if heard.topic.endswith(topic)]

    def last(self, topic: str) -> str | None:
        """The last of them."""
        return (self.on(topic) or [None])[-1]

    def wait_for(
        self, condition: Callable[[], object], timeout_s: float = 10.0, what: str = "message"
    ) -> None:
        """Wait until `condition()` is true; see `wait_for`."""
        try:
            wait_for(condition, timeout_s, what)
        except AssertionError as error:
            raise AssertionError(f"{error}; heard last: {self.heard[-20:]}") from None

    def publish(self, topic: str, payload: str, *, is_retained: bool = False) -> None:
        """Send something, and wait until the broker has it."""
        self.client.publish(topic, payload, 1, is_retained).wait_for_publish(10)

    def close(self) -> None:
        """Disconnect."""
        self.client.disconnect()
        self.client.loop_stop()
        # no circle of references: the client's sockets are closed now, not at some later test
        self.client.on_connect = self.client.on_subscribe = self.client.on_message = None


def _heard(message: paho.MQTTMessage) -> Heard:
    expiry_s = getattr(message.properties, "MessageExpiryInterval", None)
    return Heard(message.topic, message.payload.decode(), message.retain, message.qos, expiry_s)


def _program() -> str:
    # Debian puts it where only root's PATH looks
    found = shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin")
    assert found, "mosquitto is not installed: scripts/test installs it"
    return found
