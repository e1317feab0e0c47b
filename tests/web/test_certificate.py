"""The page's certificate: made, kept, renewed; and TLS with it, by a real process."""

import asyncio
import json
import os
import socket
import ssl
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest

from osa_daemon.errors import StorageError
from osa_daemon.settings.model import Settings
from osa_daemon.web import __main__ as web_process
from osa_daemon.web import address, certificate
from tests.web.page import ServedPage

# stands in for a machine that no router has given an address
WITHOUT_NETWORK = """
import sys
from osa_daemon.web import __main__ as page, certificate
certificate.lacks_address = lambda _settings: True
sys.exit(page.main(sys.argv[1:]))
"""
NOW = datetime(2026, 11, 30, tzinfo=UTC)


def anywhere(folder: Path, **web: str) -> Settings:
    """A page with TLS on every address."""
    told = {"enabled": True, "tls": {"enabled": True}, "address": "0.0.0.0", **web}
    return Settings.model_validate({"journal": {"state_dir": str(folder)}, "web": told})


def settings(folder: Path) -> Settings:
    """A page with TLS."""
    web = {"enabled": True, "tls": {"enabled": True}}
    return Settings.model_validate({"journal": {"state_dir": str(folder)}, "web": web})


def test_one_is_made_once_and_again_before_it_ends(tmp_path: Path):
    """The same one serves until a month before its end; its key is its owner's alone."""
    place = certificate.make_sure(settings(tmp_path), NOW)
    first = certificate.about(place.certificate)
    assert timedelta(days=800) < first.ends - NOW < timedelta(days=825)
    assert place.key.stat().st_mode & 0o777 == 0o600
    later = NOW + timedelta(days=700)
    assert certificate.about(certificate.make_sure(settings(tmp_path), later).certificate) == first
    last = certificate.make_sure(settings(tmp_path), first.ends - timedelta(days=29))
    assert certificate.about(last.certificate).ends > first.ends


@pytest.fixture
def addresses(monkeypatch: pytest.MonkeyPatch) -> dict[int, str]:
    """The addresses that this machine has in a network: none, until a test gives it one."""
    found: dict[int, str] = {}
    monkeypatch.setattr(address, "primary", found.get)
    return found


def test_one_without_an_address_is_not_made_at_once(tmp_path: Path, addresses: dict[int, str]):
    """Where the page is anywhere, without a network yet; one that is there serves all along."""
    wanted = anywhere(tmp_path)
    assert certificate.lacks_address(wanted)
    assert not certificate.lacks_address(settings(tmp_path))  # on loopback there is nothing to name
    assert not certificate.lacks_address(anywhere(tmp_path, url="https://bed.example.org"))
    addresses[4] = "192.168.1.20"
    assert not certificate.lacks_address(wanted)
    place = certificate.make_sure(wanted)
    assert "192.168.1.20" in certificate.about(place.certificate).names
    del addresses[4]
    assert not certificate.lacks_address(wanted)


def test_one_that_ends_soon_serves_until_a_better_one_can_be_made(
    tmp_path: Path, addresses: dict[int, str]
):
    """It names the address, which one that is made without a network would not."""
    addresses[4] = "192.168.1.20"
    wanted = anywhere(tmp_path)
    first = certificate.about(certificate.make_sure(wanted, NOW).certificate)
    del addresses[4]
    soon = first.ends - timedelta(days=2)
    assert certificate.about(certificate.make_sure(wanted, soon).certificate) == first
    addresses[4] = "192.168.1.20"
    assert certificate.about(certificate.make_sure(wanted, soon).certificate) != first


def test_where_the_daemon_ends_while_it_waits_none_is_made(tmp_path: Path):
    """A restart before the router is up leaves no certificate without the address behind."""
    config = tmp_path / "config.yaml"
    config.write_text(
        f"journal:\n  state_dir: {tmp_path}\n"
        "web:\n  enabled: true\n  address: 0.0.0.0\n  tls:\n    enabled: true\n"
    )
    ours, theirs = socket.socketpair()
    with ours, theirs:
        command = [sys.executable, "-c", WITHOUT_NETWORK, f"--parent={os.getpid()}"]
        command += [f"--link={theirs.fileno()}", f"--config={config}"]
        child = subprocess.Popen(command, pass_fds=[theirs.fileno()])
        theirs.close()
        ours.settimeout(30)
        assert json.loads(ours.recv(1000)) == {"problem": web_process.AWAITS_NETWORK}
        ours.shutdown(socket.SHUT_RDWR)
        assert child.wait(30) == 0
    assert not (tmp_path / "web-tls").exists()


def test_the_page_waits_for_a_network_and_not_for_ever(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """The daemon is told why; without any network it is served at last."""
    said: list[dict[str, str]] = []
    looks = iter([True, True, False])
    link = SimpleNamespace(tell=said.append)
    monkeypatch.setattr(web_process, "NETWORK_LOOK_S", 0.01)

    async def wait() -> None:
        reading = asyncio.ensure_future(asyncio.Event().wait())
        waiting = web_process._wait_for_network(anywhere(tmp_path), link, reading)  # type: ignore[arg-type]
        await asyncio.wait_for(waiting, 10)
        reading.cancel()

    monkeypatch.setattr(certificate, "lacks_address", lambda _settings: next(looks))
    asyncio.run(wait())
    assert [line["problem"] for line in said] == [web_process.AWAITS_NETWORK] * 2
    monkeypatch.setattr(certificate, "lacks_address", lambda _settings: True)
    monkeypatch.setattr(web_process, "NETWORK_S", 0.03)
    asyncio.run(wait())


@pytest.mark.parametrize("spoilt", ["certificate.pem", "key.pem"])
def test_a_damaged_or_missing_one_is_made_anew(tmp_path: Path, spoilt: str):
    """A power cut while it was written must not end the page for good."""
    place = certificate.make_sure(settings(tmp_path), NOW)
    (place.key.parent / spoilt).unlink()
    if spoilt == "certificate.pem":
        place.certificate.write_text("-----BEGIN nothing")
    certificate.context_of(certificate.make_sure(settings(tmp_path), NOW))
    assert certificate.about(place.certificate).ends > NOW


@pytest.mark.parametrize("spoilt", ["certificate.pem", "key.pem", "authority.pem"])
@pytest.mark.parametrize("half", [0, 60])
def test_a_half_written_one_is_made_anew(tmp_path: Path, spoilt: str, half: int):
    """Files that end early, or are empty, are there all the same, and must not be served."""
    place = certificate.make_sure(settings(tmp_path), NOW)
    path = place.key.parent / spoilt
    path.write_bytes(path.read_bytes()[:half])
    certificate.context_of(certificate.make_sure(settings(tmp_path), NOW))
    assert place.authority is not None
    assert place.certificate.read_bytes().endswith(place.authority.read_bytes())
    assert certificate.about(place.authority).ends > NOW


def test_three_of_two_times_are_made_anew(tmp_path: Path):
    """An authority that signed another certificate would have a phone trust what is not served."""
    place = certificate.make_sure(settings(tmp_path), NOW)
    assert place.authority is not None
    before = place.authority.read_bytes()
    certificate.make(place, ["localhost"], NOW)
    place.authority.write_bytes(before)
    certificate.make_sure(settings(tmp_path), NOW)
    assert place.authority.read_bytes() != before
    assert place.certificate.read_bytes().endswith(place.authority.read_bytes())


def test_what_is_written_is_on_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Each of the three, and their folder."""
    synced: list[str] = []
    real = os.fsync

    def fsync(number: int) -> None:
        synced.append(Path(f"/proc/self/fd/{number}").readlink().name)
        real(number)

    monkeypatch.setattr(os, "fsync", fsync)
    certificate.make_sure(settings(tmp_path), NOW)
    assert synced == ["key.pem.new", "authority.pem.new", "certificate.pem.new", "web-tls"]


def test_the_names_are_those_it_was_made_for(tmp_path: Path):
    """Names and addresses alike; an authority vouches for none itself."""
    place = certificate.make_sure(settings(tmp_path), NOW)
    assert {"localhost", "127.0.0.1", "::1"} <= certificate.about(place.certificate).names
    assert place.authority is not None
    assert certificate.about(place.authority).names == frozenset()


def test_a_certificate_of_the_user_s_is_never_replaced(tmp_path: Path):
    """One that is missing is a sentence; a key that does not fit it, too."""
    web = {"enabled": True, "tls": {"enabled": True, "cert_file": "/c.pem", "key_file": "/k.pem"}}
    mine = Settings.model_validate({"web": web})
    with pytest.raises(StorageError, match=r"/c\.pem cannot be read"):
        certificate.make_sure(mine)
    one = certificate.make_sure(settings(tmp_path), NOW)
    other = tmp_path / "other"
    other.mkdir()
    another = certificate.make_sure(settings(other), NOW)
    with pytest.raises(StorageError, match="cannot be used"):
        certificate.context_of(certificate.Certificate(one.certificate, another.key))


def test_a_browser_that_trusts_the_authority_speaks_tls(serve: Callable[..., ServedPage]):
    """1.2 and later, a certificate for this machine's names, a cookie that stays within TLS."""
    page = serve("  tls:\n    enabled: true\n", password=True)
    plain = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    plain.check_hostname = False
    plain.verify_mode = ssl.CERT_NONE
    told = page.browser(tls=plain).ask("/authority.crt")
    assert told.status == 200
    trusting = ssl.create_default_context(cadata=told.body.decode())
    browser = page.browser(tls=trusting)
    answer = browser.sign_in()
    assert answer.status == 200
    assert "Secure" in answer.headers["set-cookie"]
    assert browser.ask("/api/settings").status == 200
    events = browser.events()
    assert next(events)[0] == "states"
    events.close()
    old = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    old.check_hostname, old.verify_mode = False, ssl.CERT_NONE
    old.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
    with pytest.warns(DeprecationWarning):
        old.maximum_version = ssl.TLSVersion.TLSv1_1
    old.set_ciphers("ALL:@SECLEVEL=0")
    with pytest.raises(ssl.SSLError):
        page.browser(tls=old).ask("/")
    shown = certificate.about(page.folder / "state" / "web-tls" / "certificate.pem")
    assert len(shown.fingerprint) == 95
