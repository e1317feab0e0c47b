"""Doctor's lines on the page: is it there, where, and how long its certificate lasts."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from osa_daemon.service.doctor.finding import Verdict
from osa_daemon.service.doctor.page import check_page
from osa_daemon.settings.model import Settings
from osa_daemon.web import address, certificate
from tests.mosquitto import free_port
from tests.web.page import ServedPage


@contextmanager
def answering(text: bytes) -> Iterator[int]:
    """A port where another program answers with `text`."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()

        def serve() -> None:
            client, _ = listener.accept()
            with client:
                client.recv(4096)
                client.sendall(text)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield listener.getsockname()[1]
        thread.join(10)


def settings(port: int, **web: object) -> Settings:
    """A page there."""
    return Settings.model_validate({"web": {"enabled": True, "port": port, **web}})


def test_a_page_that_nobody_wants_is_not_looked_for():
    """Off by default: no line."""
    assert list(check_page(Settings())) == []


def test_a_page_that_is_not_there_or_may_not_be_is_told_with_what_to_do():
    """Nobody answers, another program does, or it is refused: a bad line each."""
    (absent,) = check_page(settings(free_port()))
    assert absent.verdict is Verdict.BAD
    assert "journalctl" in absent.text
    with answering(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}") as port:
        (other,) = check_page(settings(port))
    assert "another program" in other.text
    (refused,) = check_page(settings(free_port(), address="0.0.0.0"))
    assert "web-password" in refused.text


@pytest.fixture
def secure(tmp_path: Path) -> Iterator[Callable[[], ServedPage]]:
    """A page with TLS."""
    page = ServedPage(tmp_path, "  tls:\n    enabled: true\n", password=True)
    yield page.start
    page.close()


def test_a_page_with_tls_is_told_with_its_certificate(secure: Callable[[], ServedPage]):
    """Address, fingerprint and end; a note where the end is near or another one is shown."""
    page = secure()
    served, lasts, trusted = check_page(page.loaded.settings)
    assert served.verdict is lasts.verdict is trusted.verdict is Verdict.GOOD
    assert f"https://127.0.0.1:{page.port}/" in served.text
    place = certificate.certificate_of(page.loaded.settings)
    known = certificate.about(place.certificate)
    assert known.fingerprint in lasts.text
    assert place.authority is not None
    assert certificate.about(place.authority).fingerprint in trusted.text
    _, ends, _ = check_page(page.loaded.settings, known.ends - timedelta(days=1))
    assert ends.verdict is Verdict.DOUBTFUL
    assert "restart the daemon" in ends.text
    certificate.make(place, ["localhost"], datetime.now(UTC))
    _, older, *_ = check_page(page.loaded.settings)
    assert "older certificate" in older.text


def test_a_certificate_that_does_not_bear_the_address_is_told(secure: Callable[[], ServedPage]):
    """After another lease browsers refuse it: a note names the address and what to remove."""
    page = secure()
    listening = page.loaded.settings.web.model_copy(update={"url": "https://192.0.2.77:8321/"})
    moved = page.loaded.settings.model_copy(update={"web": listening})
    *_, note = check_page(moved)
    assert note.verdict is Verdict.DOUBTFUL
    assert "does not name 192.0.2.77:" in note.text
    assert "web-tls and restart" in note.text
    behind = listening.model_copy(update={"trusted_proxies": "192.0.2.5"})
    *_, trusted = check_page(moved.model_copy(update={"web": behind}))
    assert trusted.verdict is Verdict.GOOD


def test_an_ipv6_address_that_changes_by_itself_is_not_told(
    secure: Callable[[], ServedPage], monkeypatch: pytest.MonkeyPatch
):
    """It is the one that this machine speaks from, of which there may be another each day."""
    page = secure()
    names = [*address.own_names(page.loaded.settings), "2001:db8::77"]
    monkeypatch.setattr("osa_daemon.service.doctor.page.own_names", lambda _: names)
    assert all(found.verdict is Verdict.GOOD for found in check_page(page.loaded.settings))
