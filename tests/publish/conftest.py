"""What the tests of the publisher share."""

import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any

import pytest

from osa_daemon.publish.mqtt import MqttPublisher
from osa_daemon.publish.mqtt_settings import MqttSettings
from osa_daemon.publish.ntfy import NtfyChannel
from osa_daemon.publish.ntfy_settings import NtfySettings
from osa_daemon.publish.payloads import Payload, alert_payload
from osa_daemon.publish.timing import NtfyTiming, Timing
from osa_daemon.scoring.event import Alert, AlertLevel
from osa_daemon.settings.topic_address import TopicAddress
from tests.ntfy_server import NtfyServer

FAST = Timing(
    puback_deadline_s=0.6,
    heartbeat_s=0.3,
    connect_deadline_s=1.5,
    retry_min_s=0.05,
    retry_max_s=0.2,
    refused_retry_s=0.2,
    birth_delay_min_s=0.05,
    birth_delay_max_s=0.1,
    tick_s=0.1,
)


@pytest.fixture
def publisher() -> Iterator[Callable[..., MqttPublisher]]:
    """Makes started publishers with short deadlines, and stops them at the end."""
    made: list[MqttPublisher] = []

    def make(
        settings: MqttSettings,
        on_acknowledged: Callable[[str], None] = lambda _id: None,
        on_command: Callable[[str, bytes], None] | None = None,
        timing: Timing = FAST,
    ) -> MqttPublisher:
        made.append(MqttPublisher(settings, on_acknowledged, on_command, timing=timing))
        made[-1].start()
        return made[-1]

    yield make
    for one in made:
        one.stop(1.0)


FAST_NTFY = NtfyTiming(
    request_deadline_s=1.0, retry_min_s=0.02, retry_max_s=0.1, retry_after_max_s=0.5, idle_s=0.05
)


def alert(
    level: str = "alert",
    *,
    active: bool = True,
    minute: int = 0,
    kind: str = "apnea",
    text: str = "No breathing sound for 30 s.",
    acknowledged: bool = False,
) -> Payload:
    """A payload of the topic `alert`; `minute` is that of its pause's beginning."""
    raised = Alert(active, AlertLevel(level), kind, 0.0, text, acknowledged)  # type: ignore[arg-type]
    return alert_payload(raised, datetime(2026, 3, 1, 3, minute, tzinfo=UTC))


@pytest.fixture
def ntfy_server() -> Iterator[Callable[..., NtfyServer]]:
    """Makes running servers, and ends them."""
    made: list[NtfyServer] = []

    def make(port: int = 0, token: str | None = None) -> NtfyServer:
        made.append(NtfyServer(port, token).start())
        return made[-1]

    yield make
    for server in made:
        server.close()


@pytest.fixture
def channel() -> Iterator[Callable[..., NtfyChannel]]:
    """Makes started channels with short deadlines, and stops them at the end."""
    made: list[NtfyChannel] = []

    def make(url: str, timing: NtfyTiming = FAST_NTFY, **more: Any) -> NtfyChannel:
        settings = NtfySettings(TopicAddress.parse(url), "Bett 1", "Please look in.", **more)
        made.append(NtfyChannel(settings, timing=timing, random=Random(1)))
        made[-1].start()
        return made[-1]

    yield make
    for one in made:
        one.stop(1.0)


@dataclass(frozen=True, slots=True)
class Certificates:
    """An authority, a certificate for loopback and one for another name, each with its key.

    That of the stranger nobody signed but itself.
    """

    authority: Path
    good: Path
    good_key: Path
    other: Path
    other_key: Path
    stranger: Path
    stranger_key: Path


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    """Made once by openssl."""
    folder = tmp_path_factory.mktemp("certificates")
    authority, authority_key = folder / "ca.crt", folder / "ca.key"
    _openssl(
        "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 30 -subj /CN=test "
        f"-keyout {authority_key} -out {authority} "
        "-addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign,cRLSign"
    )
    signed = []
    for name, names in (("good", "DNS:localhost,IP:127.0.0.1"), ("other", "DNS:elsewhere.test")):
        key, request, certificate = (folder / f"{name}.{end}" for end in ("key", "csr", "crt"))
        extensions = folder / f"{name}.ext"
        extensions.write_text(f"subjectAltName={names}\n")
        _openssl(
            "req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes "
            f"-subj /CN={name} -keyout {key} -out {request}"
        )
        _openssl(
            f"x509 -req -in {request} -CA {authority} -CAkey {authority_key} -CAcreateserial "
            f"-days 30 -extfile {extensions} -out {certificate}"
        )
        signed += [certificate, key]
    stranger, stranger_key = folder / "stranger.crt", folder / "stranger.key"
    _openssl(
        "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 30 "
        f"-subj /CN=stranger -keyout {stranger_key} -out {stranger}"
    )
    return Certificates(authority, *signed, stranger, stranger_key)


def _openssl(arguments: str) -> None:
    subprocess.run(["openssl", *arguments.split()], check=True, capture_output=True, timeout=30)
