"""What the tests of the publisher share."""

import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from osa_daemon.publish.mqtt import MqttPublisher
from osa_daemon.publish.mqtt_settings import MqttSettings
from osa_daemon.publish.timing import Timing

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
