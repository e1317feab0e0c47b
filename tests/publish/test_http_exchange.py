"""One request keeps to its deadline and its bounds, whatever the server does."""

import time
from collections.abc import Callable, Iterator
from http.client import HTTPException
from pathlib import Path

import pytest

from osa_daemon.publish.http_exchange import MAX_BODY_BYTES, Answer, Request, exchange
from osa_daemon.settings.topic_address import TopicAddress
from tests.mosquitto import free_port
from tests.ntfy_server import NtfyServer, RawServer, close_at_once, drip, pour, say_nothing
from tests.publish.conftest import Certificates

ASK = Request("POST", "/", {"Content-Type": "application/json"}, b'{"topic":"a","message":"b"}')
OK = b"HTTP/1.1 200 OK\r\n"
DEADLINE_S = 0.5

Raw = Callable[[Callable[..., None]], RawServer]


@pytest.fixture
def raw() -> Iterator[Raw]:
    """Makes servers that do anything, and ends them."""
    made: list[RawServer] = []

    def make(deed: Callable[..., None]) -> RawServer:
        made.append(RawServer(deed))
        return made[-1]

    yield make
    for server in made:
        server.close()


def ask(url: str, deadline_s: float = DEADLINE_S) -> Answer:
    """Send the request."""
    return exchange(TopicAddress.parse(url), ASK, deadline_s)


@pytest.mark.parametrize(
    "deed",
    [
        say_nothing,
        drip,
        pour(OK + b"Content-Length: 100\r\n\r\n", b""),
        pour(b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
        pour(OK, b"X: y\r\n"),
        pour(OK, b"x" * 4096),
        pour(b"", b"\0" * 4096),
        pour(b"not HTTP\r\n\r\n", b""),
        pour(OK + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n", b""),
        close_at_once,
    ],
    ids=[
        *("silence", "drip", "no body", "continue for ever", "headers for ever", "long header"),
        *("zeros", "not HTTP", "bad chunk", "closed"),
    ],
)
def test_a_hostile_server_ends_in_an_error_by_the_deadline(
    raw: Raw, deed: Callable[..., None]
) -> None:
    """It is one of the two kinds that callers know, and never comes late."""
    begun_s = time.monotonic()
    with pytest.raises((OSError, HTTPException)):
        ask(raw(deed).url)
    assert time.monotonic() - begun_s < DEADLINE_S + 1.0


def test_a_flood_is_cut_short(raw: Raw) -> None:
    """What comes without end is given up by its size, long before the deadline."""
    with pytest.raises(HTTPException):
        ask(raw(pour(b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 99)).url, 60.0)


@pytest.mark.parametrize(
    "head",
    [
        b"\r\n",
        b"Content-Length: 99999999999\r\n\r\n",
        b"Transfer-Encoding: chunked\r\n\r\nffffff\r\n",
    ],
    ids=["no length", "long length", "chunked"],
)
def test_a_body_without_end_is_read_so_far(raw: Raw, head: bytes) -> None:
    """No more than the bound is taken in, and the answer is there at once."""
    answer = ask(raw(pour(OK + head, b"x" * 65536)).url, 10.0)
    assert answer.status == 200
    assert len(answer.body) <= MAX_BODY_BYTES


def test_the_body_of_a_refusal_is_not_read(raw: Raw) -> None:
    """Its status is told, however long its page is."""
    deed = pour(b"HTTP/1.1 502 Bad Gateway\r\nRetry-After: 7\r\n\r\n", b"x" * 65536)
    answer = ask(raw(deed).url)
    assert (answer.status, answer.retry_after, answer.body) == (502, "7", b"")


def test_a_handshake_without_answer_ends_by_the_deadline(raw: Raw) -> None:
    """A TLS server that says nothing holds nobody."""
    begun_s = time.monotonic()
    with pytest.raises(OSError):
        ask(raw(say_nothing).url.replace("http:", "https:"))
    assert time.monotonic() - begun_s < DEADLINE_S + 1.0


def test_nobody_there(raw: Raw) -> None:
    """A closed port is an error at once."""
    with pytest.raises(ConnectionRefusedError):
        ask(f"http://127.0.0.1:{free_port()}/a")


def test_the_second_address_of_a_host_is_tried(raw: Raw, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the first does not answer, there is time left for the next."""
    server = NtfyServer().start()
    found = [
        (2, 1, 6, "", ("192.0.2.1", server.port)),  # RFC 5737: routed nowhere
        (2, 1, 6, "", ("127.0.0.1", server.port)),
    ]
    monkeypatch.setattr("socket.getaddrinfo", lambda *_args, **_more: found)
    try:
        answer = ask(f"http://two.example:{server.port}/a", 1.0)
    finally:
        server.close()
    assert answer.status == 200
    assert server.asked[0].headers["Host"] == f"two.example:{server.port}"


def test_tls_is_verified(
    certificates: Certificates, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A certificate that the system trusts is taken; an unknown one, or another's name, is not."""
    for certificate, key, authority, is_taken in (
        (certificates.good, certificates.good_key, certificates.authority, True),
        (certificates.good, certificates.good_key, tmp_path / "none", False),
        (certificates.other, certificates.other_key, certificates.authority, False),
    ):
        (tmp_path / "none").touch()
        monkeypatch.setenv("SSL_CERT_FILE", str(authority))
        server = NtfyServer().with_tls(certificate, key).start()
        url = f"https://localhost:{server.port}/a"
        try:
            if is_taken:
                assert ask(url, 5.0).status == 200
            else:
                with pytest.raises(OSError, match="certificate verify failed"):
                    ask(url, 5.0)
                assert server.asked == []
        finally:
            server.close()
