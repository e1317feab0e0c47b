"""The page's certificate: made, kept, renewed; and TLS with it, by a real process."""

import ssl
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from osa_daemon.errors import StorageError
from osa_daemon.settings.model import Settings
from osa_daemon.web import certificate
from tests.web.page import ServedPage

NOW = datetime(2026, 11, 30, tzinfo=UTC)


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


@pytest.mark.parametrize("spoilt", ["certificate.pem", "key.pem"])
def test_a_damaged_or_missing_one_is_made_anew(tmp_path: Path, spoilt: str):
    """A power cut while it was written must not end the page for good."""
    place = certificate.make_sure(settings(tmp_path), NOW)
    (place.key.parent / spoilt).unlink()
    if spoilt == "certificate.pem":
        place.certificate.write_text("-----BEGIN nothing")
    certificate.context_of(certificate.make_sure(settings(tmp_path), NOW))
    assert certificate.about(place.certificate).ends > NOW


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
