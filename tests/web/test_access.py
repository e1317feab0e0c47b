"""Whether the page may be served as it is set up; and what a proxy's word is worth."""

from pathlib import Path
from typing import Any

import pytest

from osa_daemon.settings.model import Settings
from osa_daemon.web.access import refusal
from osa_daemon.web.address import configuration_url, own_names
from osa_daemon.web.peer import neighbourhood, peer_of


def settings(folder: Path, **web: Any) -> Settings:
    """Settings with a page."""
    return Settings.model_validate(
        {"journal": {"state_dir": str(folder)}, "web": {"enabled": True, **web}}
    )


OPEN: list[dict[str, Any]] = [
    {"address": "0.0.0.0"},
    {"address": "192.168.1.5"},
    {"address": "::"},
    {"url": "https://bed.example.org/"},
    {"trusted_proxies": "127.0.0.1"},
]


@pytest.mark.parametrize("web", OPEN)
def test_beyond_this_machine_there_is_a_password_or_no_page(tmp_path: Path, web: dict[str, Any]):
    """Whichever way leads there, the sentence says how a password is set."""
    assert "web-password" in (refusal(settings(tmp_path, **web)) or "")
    assert refusal(settings(tmp_path)) is None


def test_a_password_does_not_travel_in_the_open(tmp_path: Path):
    """With a password it takes TLS or a trusted proxy."""
    (tmp_path / "web-password").write_text("scrypt$…")
    assert "unencrypted" in (refusal(settings(tmp_path, address="0.0.0.0")) or "")
    assert refusal(settings(tmp_path, address="0.0.0.0", tls={"enabled": True})) is None
    assert refusal(settings(tmp_path, address="0.0.0.0", trusted_proxies="10.0.0.2")) is None
    assert refusal(settings(tmp_path, url="https://bed.example.org")) is None


def test_another_secret_is_not_the_pages(tmp_path: Path):
    """One file for both would lose the first when the second is set."""
    shared = Settings.model_validate(
        {
            "mqtt": {"username": "bed", "password_file": str(tmp_path / "mqtt")},
            "web": {"enabled": True, "password_file": str(tmp_path / "mqtt")},
        }
    )
    assert "set web.password_file to null" in (refusal(shared) or "")
    (tmp_path / "token").touch()
    (tmp_path / "link").symlink_to("token")
    linked = Settings.model_validate(
        {
            "ntfy": {"url": "https://ntfy.example.org/bed", "token_file": str(tmp_path / "token")},
            "web": {"enabled": True, "password_file": str(tmp_path / "link")},
        }
    )
    assert "ntfy.token_file are both" in (refusal(linked) or "")


def test_home_assistant_is_led_to_a_page_that_it_can_reach(tmp_path: Path):
    """No link to loopback, none where there is no page; else where it is, or is said to be."""
    assert configuration_url(Settings()) is None
    assert configuration_url(settings(tmp_path)) is None
    assert configuration_url(settings(tmp_path, url="https://bed.example.org")) is None
    (tmp_path / "web-password").write_text("scrypt$…")  # before, it would not be served
    named = settings(tmp_path, url="https://bed.example.org/night")
    assert configuration_url(named) == "https://bed.example.org/night/"
    alone = settings(tmp_path, address="192.168.1.5", port=8080, tls={"enabled": True})
    assert configuration_url(alone) == "https://192.168.1.5:8080/"
    sixth = settings(tmp_path, address="fd00::5", tls={"enabled": True})
    assert configuration_url(sixth) == "https://[fd00::5]:8321/"
    assert {"localhost", "fd00::5"} <= set(own_names(sixth))


def scope(address: str = "10.0.0.9", **headers: str) -> dict[str, Any]:
    """A request."""
    raw = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return {"type": "http", "scheme": "http", "client": (address, 1), "headers": raw}


def test_only_a_trusted_proxy_is_believed():
    """Whoever else sends the headers of a proxy is who they are."""
    told = {"x_forwarded_for": "6.6.6.6, 7.7.7.7", "x_forwarded_proto": "https"}
    told |= {"x_ingress_path": "/api/hassio_ingress/a-b", "x_forwarded_host": "ha.example"}
    stranger = peer_of(scope(host="bed:8321", **told), frozenset({"10.0.0.2"}))
    assert (stranger.address, stranger.origin, stranger.prefix) == (
        "10.0.0.9",
        "http://bed:8321",
        "",
    )
    proxied = peer_of(scope("::ffff:10.0.0.2", host="x", **told), frozenset({"10.0.0.2"}))
    assert (proxied.address, proxied.origin) == ("7.7.7.7", "https://ha.example")
    assert proxied.prefix == "/api/hassio_ingress/a-b"


@pytest.mark.parametrize("prefix", ["//evil.example", "/a/../b", "x", '/a"b', "/" + "a/" * 50])
def test_a_prefix_that_is_no_path_is_none(prefix: str):
    """It becomes part of a cookie's path: nothing else may stand in it."""
    peer = peer_of(scope(host="x", x_ingress_path=prefix), frozenset({"10.0.0.9"}))
    assert peer.prefix == ""


@pytest.mark.parametrize("host", ["", "a b", "evil.example/", "x:99999999", "é", "a\tb"])
def test_a_host_that_is_none_is_empty(host: str):
    """What makes no sense is not compared with anything."""
    assert peer_of(scope(host=host), frozenset()).host == ""


def test_a_household_counts_as_one():
    """Of IPv6 the /64; an address of IPv4 by itself; anything else is cut short."""
    assert neighbourhood("2001:db8::1") == neighbourhood("2001:db8::2:3")
    assert neighbourhood("10.0.0.1") != neighbourhood("10.0.0.2")
    assert len(neighbourhood("x" * 1000)) == 64
