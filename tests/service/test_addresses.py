"""Whom the installed service may reach, as install.sh asks for it."""

import ipaddress
import itertools
from collections.abc import Sequence
from pathlib import Path

import pytest

from osa_daemon.publish.networks import Address, is_within, no_answer_hint, unknown_name_hint
from osa_daemon.service import addresses
from osa_daemon.service.addresses import HOME, drop_in, plan, shut_out
from osa_daemon.settings.model import Mqtt, Ntfy, Settings

HOSTS = {
    "broker.example.net": ("203.0.113.9",),
    "home.example.net": ("2001:db8::7", "192.168.4.5"),
    "ntfy.sh": ("198.51.100.2",),
}


def resolve(host: str) -> Sequence[Address]:
    """Names as above; others are not known."""
    if host not in HOSTS:
        raise OSError
    return tuple(ipaddress.ip_address(text) for text in HOSTS[host])


def settings(host: str = "localhost", url: str | None = None) -> Settings:
    """Settings with a broker and, perhaps, an ntfy topic."""
    return Settings(mqtt=Mqtt(host=host), ntfy=Ntfy(url=url))


@pytest.mark.parametrize(
    "host",
    ["localhost", "192.168.1.20", "fd00::2", "homeassistant", "ha.local", "home.example.net"],
)
def test_private_networks_do_for_a_broker_at_home(host: str) -> None:
    """By address, by a short or local name, or by a name that leads into a private network."""
    assert plan(settings(host), (), resolve).networks == HOME


def test_a_public_address_is_permitted_alone() -> None:
    """The address of the settings, not its neighbours."""
    networks = plan(settings("203.0.113.9"), (), resolve).networks
    assert networks is not None
    assert is_within(ipaddress.ip_address("203.0.113.9"), networks)
    assert not is_within(ipaddress.ip_address("203.0.113.8"), networks)


@pytest.mark.parametrize(
    ("host", "url", "key"),
    [
        ("broker.example.net", None, "mqtt.host"),
        ("localhost", "https://ntfy.sh/osa-bedside-3f6a", "ntfy.url"),
        ("not.known.example", None, "mqtt.host"),
    ],
)
def test_a_public_name_needs_every_address_and_that_is_said(
    host: str, url: str | None, key: str
) -> None:
    """A name may lead elsewhere tomorrow: the drop-in permits all and names the setting."""
    text = drop_in(plan(settings(host, url), (), resolve))
    assert "IPAddressAllow=any" in text
    assert f"# Every address: {key} names " in text
    assert "osa-bedside" not in text, "the topic is a secret"


def test_a_public_name_server_is_permitted() -> None:
    """Else no name would be known."""
    server = ipaddress.ip_address("9.9.9.9")
    planned = plan(settings(), (server, ipaddress.ip_address("192.168.1.1")), resolve)
    assert planned.networks == (*HOME, ipaddress.ip_network("9.9.9.9"))


def test_doctor_tells_of_a_broker_that_the_drop_in_shuts_out(tmp_path: Path) -> None:
    """After a change of the settings without install.sh; not before, nor without a drop-in."""
    path = tmp_path / "addresses.conf"
    assert shut_out(settings("203.0.113.9"), path, resolve) is None
    path.write_text(drop_in(plan(settings(), (), resolve)))
    for host in ("localhost", "192.168.1.20", "home.example.net", "unknown.example"):
        assert shut_out(settings(host), path, _local_or(resolve)) is None
    for host in ("203.0.113.9", "broker.example.net"):
        sentence = shut_out(settings(host), path, _local_or(resolve))
        assert sentence is not None
        assert "203.0.113.9" in sentence
        assert "scripts/install.sh" in sentence
    path.write_text(drop_in(plan(settings("broker.example.net"), (), resolve)))
    assert shut_out(settings("203.0.113.9"), path, resolve) is None


def _local_or(others: addresses.Resolve) -> addresses.Resolve:
    def look(host: str) -> Sequence[Address]:
        return (ipaddress.ip_address("127.0.0.1"),) if host == "localhost" else others(host)

    return look


def test_a_host_that_does_not_answer_may_be_shut_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """The sentence says so where systemd limits the service, and only there."""
    monkeypatch.delenv("OSA_NETWORKS", raising=False)
    assert no_answer_hint("203.0.113.9") == ""
    line = next(x for x in drop_in(plan(settings(), ())).splitlines() if "Environment" in x)
    monkeypatch.setenv("OSA_NETWORKS", line.split("=", 2)[2].rstrip('"'))
    assert no_answer_hint("192.168.1.2") == ""
    assert "may not reach 203.0.113.9" in no_answer_hint("203.0.113.9")
    assert "outside private networks" in no_answer_hint("broker.example.net")


def test_a_name_that_is_not_known_may_be_for_want_of_a_name_server(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Where none of the name servers may be reached, the sentence names one."""
    servers = [ipaddress.ip_address("9.9.9.9")]
    monkeypatch.setattr("osa_daemon.publish.networks.name_servers", lambda: servers)
    monkeypatch.setenv("OSA_NETWORKS", "127.0.0.0/8")
    assert "name server 9.9.9.9" in unknown_name_hint()
    servers.append(ipaddress.ip_address("127.0.0.53"))
    assert unknown_name_hint() == ""


def test_it_prints_the_drop_in(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """As install.sh calls it: exit code 0; settings that are not valid are a sentence and 2."""
    config = tmp_path / "config.yaml"
    config.write_text(f"mqtt:\n  host: 203.0.113.9\njournal:\n  state_dir: {tmp_path}\n")
    assert addresses.main(["--config", str(config)]) == 0
    lines = capsys.readouterr().out.splitlines()
    section = list(itertools.dropwhile(lambda line: line.startswith("#"), lines))
    assert section[0] == "[Service]"
    assert section[2].endswith("203.0.113.9/32")
    config.write_text("mqtt:\n  hots: x\n")
    assert addresses.main(["--config", str(config)]) == 2
    assert "hots" in capsys.readouterr().err
