"""What the publisher needs to know of the broker and of this device."""

import re
from dataclasses import dataclass
from pathlib import Path

from osa_daemon.errors import ConfigError

_ID = re.compile(r"[a-z0-9][a-z0-9_]{0,63}")
_TOPIC = re.compile(r"[^#+\0/][^#+\0]*")


@dataclass(frozen=True, slots=True)
class MqttSettings:
    """The broker's address, credentials and this device's names.

    `device_id` is part of topics and entity ids: lower-case letters, digits and `_`. `model` is
    the version of the detector; `computer` and `serial` are of the machine. Paths may be those of
    systemd credentials. `alert_after_range`: what may be asked for as `alert_after_s` (s).
    `configuration_url`: of the page, for Home Assistant.

    Raises:
        ConfigError: a value cannot be used.
    """

    host: str
    port: int = 1883
    username: str | None = None
    password_file: Path | None = None
    tls: bool = False
    tls_ca: Path | None = None
    tls_cert: Path | None = None
    tls_key: Path | None = None
    client_id: str = ""
    keepalive_s: int = 30
    base_topic: str = "osa_daemon"
    discovery: bool = True
    discovery_prefix: str = "homeassistant"
    device_id: str = "bedside"
    device_name: str = "Bedside"
    area: str | None = None
    alert_after_range: tuple[int, int] = (10, 110)
    version: str = ""
    model: str | None = None
    computer: str | None = None
    serial: str | None = None
    configuration_url: str | None = None

    def __post_init__(self) -> None:
        _check_host(self.host)
        if not 1 <= self.port <= 65535:
            raise ConfigError(f"mqtt.port is {self.port}, allowed is 1 to 65535")
        if not 5 <= self.keepalive_s <= 3600:
            raise ConfigError(f"mqtt.keepalive_s is {self.keepalive_s}, allowed is 5 to 3600 s")
        if not _ID.fullmatch(self.device_id):
            raise ConfigError(
                f'the device id is "{self.device_id}", allowed are 1 to 64 of a-z, 0-9 and _'
            )
        for name, value in (
            ("mqtt.base_topic", self.base_topic),
            ("mqtt.discovery_prefix", self.discovery_prefix),
        ):
            if not _TOPIC.fullmatch(value) or value.endswith("/"):
                raise ConfigError(
                    f'{name} is "{value}", allowed is a topic without #, + or outer /'
                )
        if self.password_file is not None and self.username is None:
            raise ConfigError("mqtt.password_file is set without mqtt.username: set both or none")
        if (self.tls_cert is None) != (self.tls_key is None):
            raise ConfigError(
                "mqtt.tls.cert_file and mqtt.tls.key_file belong together: set both or none"
            )

    @property
    def address(self) -> str:
        """Host and port as a person reads them."""
        return f"{self.host}:{self.port}"

    @property
    def client_name(self) -> str:
        """The client id, made from the device id where none is set."""
        return self.client_id or f"osa_daemon_{self.device_id}"

    @property
    def root(self) -> str:
        """The topic that all of this device's topics begin with, without a last slash."""
        return f"{self.base_topic}/{self.device_id}"

    def topic(self, suffix: str) -> str:
        """The full name of the topic with this suffix."""
        return f"{self.root}/{suffix}"


def _check_host(host: str) -> None:
    """An empty or impossible name would end paho's network thread with a traceback."""
    try:
        is_possible = bool(host) and "\0" not in host and bool(host.encode("idna"))
    except UnicodeError:
        is_possible = False
    if not is_possible:
        raise ConfigError(f'mqtt.host is "{host}", allowed is a host name or an address')
