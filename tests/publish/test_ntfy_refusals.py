"""What the channel makes of servers that do not take a message."""

import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest

from osa_daemon.publish.http_exchange import Answer
from osa_daemon.publish.ntfy import NtfyChannel
from osa_daemon.publish.ntfy_answer import failure_of
from osa_daemon.publish.ntfy_settings import NtfySettings
from osa_daemon.publish.timing import NtfyTiming
from osa_daemon.settings.topic_address import TopicAddress
from tests.mosquitto import wait_for
from tests.ntfy_server import TOKEN, NtfyServer, Planned, RawServer, close_at_once, drip, pour
from tests.publish.conftest import FAST_NTFY, alert

MakeChannel = Callable[..., NtfyChannel]
MakeServer = Callable[..., NtfyServer]
SETTINGS = NtfySettings(TopicAddress.parse("https://n.example/t"), "Bed", "Look.")


@pytest.mark.parametrize(
    ("status", "token", "says"),
    [
        (401, False, "asks for an access token (401): set ntfy.token_file."),
        (403, False, "asks for an access token (403): set ntfy.token_file."),
        (401, True, "does not know the token in /t (401): make a new one."),
        (403, True, "write to the topic of ntfy.url (403): check its access list."),
        (404, True, "does not know where the message is to go (404): check ntfy.url."),
        (413, True, "finds the message too long (413): shorten ntfy.message."),
        (429, True, "takes no more messages for now (429): its limits are reached."),
        (418, True, "does not take the message (418): check ntfy.url, and look into its log."),
        (503, True, "has a fault of its own (503): look into its log."),
        (200, True, "not as an ntfy server does: check ntfy.url"),
    ],
)
def test_each_refusal_has_its_sentence(status: int, token: bool, says: str) -> None:
    """It names the server, what it said and what to do."""
    settings = replace(SETTINGS, token_file=Path("/t") if token else None)
    failure = failure_of(settings, Answer(status, None, None, b"<html>"))
    assert failure is not None
    assert says in failure.sentence
    assert "server at https://n.example" in failure.sentence
    assert failure.is_refusal is (status != 503)


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b"[" * 8000, b'{"event":"open"}', b"\xff"])
def test_an_answer_that_is_not_ntfys_is_no_delivery(body: bytes) -> None:
    """A page to log in answers 200 to everything."""
    failure = failure_of(SETTINGS, Answer(200, None, None, body))
    assert failure is not None
    assert "whether a page to log in stands before it" in failure.sentence


@pytest.mark.parametrize(
    ("location", "shown"),
    [
        ("https://other.example/my-secret?x", " to https://other.example: "),
        ("/elsewhere", "sends messages on: "),
        ("https://[", "sends messages on: "),
        (None, "sends messages on: "),
    ],
)
def test_a_redirect_is_told_by_its_host_alone(location: str | None, shown: str) -> None:
    """What else stands in it is not repeated."""
    failure = failure_of(SETTINGS, Answer(308, None, location, b""))
    assert failure is not None
    assert shown in failure.sentence
    assert "secret" not in failure.sentence


@pytest.mark.parametrize(
    ("text", "wait_s"),
    [
        ("120", 120.0),
        ("0", 0.0),
        (None, None),
        ("soon", None),
        ("-5", None),
        ("nan", None),
        ("1e999", None),
        ("Sun, 01 Mar 2020 00:00:00 GMT", None),
    ],
)
def test_what_the_server_asks_to_wait(text: str | None, wait_s: float | None) -> None:
    """Seconds; a time that is past, or no time at all, asks for nothing."""
    failure = failure_of(SETTINGS, Answer(429, text, None, b""))
    assert failure is not None
    assert failure.wait_s == wait_s


def test_a_date_to_wait_for() -> None:
    """The other form of the header."""
    moment = format_datetime(datetime.now(UTC) + timedelta(seconds=60), usegmt=True)
    failure = failure_of(SETTINGS, Answer(429, moment, None, b""))
    assert failure is not None
    assert failure.wait_s == pytest.approx(59, abs=5)


def test_a_server_that_asks_to_wait_is_left_alone(
    channel: MakeChannel, ntfy_server: MakeServer
) -> None:
    """As long as it asks for, but no longer than the bound."""
    server = ntfy_server()
    server.planned.extend(Planned(429, {"Retry-After": seconds}) for seconds in ("0.3", "9999"))
    one = channel(server.url)
    one.tell(alert())
    wait_for(lambda: len(server.messages) == 3)
    wait_for(lambda: one.problem is None)
    first, second, third = (asked.at_s for asked in server.asked)
    assert second - first >= 0.3
    assert 0.5 <= third - second < 5.0


def test_a_refused_message_is_not_pressed_upon_the_server(
    channel: MakeChannel, ntfy_server: MakeServer
) -> None:
    """With the pauses as shipped, one attempt in the first seconds."""
    server = ntfy_server(token=TOKEN)
    one = channel(server.url, NtfyTiming())
    one.tell(alert())
    wait_for(lambda: one.problem is not None)
    begun_s = time.monotonic()
    wait_for(lambda: time.monotonic() - begun_s > 2.0)
    assert len(server.messages) == 1


def test_a_redirect_gets_neither_message_nor_token(
    channel: MakeChannel, ntfy_server: MakeServer, tmp_path: Path
) -> None:
    """The other server is never asked."""
    (tmp_path / "token").write_text(TOKEN)
    other = ntfy_server()
    server = ntfy_server()
    where = {"Location": f"http://127.0.0.1:{other.port}/"}
    server.planned.extend(Planned(status, where) for status in (301, 302, 303, 307, 308))
    one = channel(server.url, token_file=tmp_path / "token")
    one.tell(alert())
    wait_for(lambda: one.problem is not None)
    assert "sends messages on to http://127.0.0.1: put the address" in (one.problem or "")
    wait_for(lambda: len(server.messages) == 6)
    assert other.asked == []


@pytest.mark.parametrize(
    ("deed", "says"),
    [
        (drip, "does not answer: check ntfy.url and the network."),
        (pour(b"HTTP/1.1 200 OK\r\n\r\n", b"x" * 65536), "not as an ntfy server does"),
        (pour(b"SSH-2.0-OpenSSH_9.2\r\n\r\n", b""), "does not answer in HTTP"),
        (close_at_once, "hung up before it answered"),
    ],
    ids=["drip", "endless", "not HTTP", "closed"],
)
def test_a_hostile_server_does_not_hold_the_next_alert(
    channel: MakeChannel,
    ntfy_server: MakeServer,
    deed: Callable[..., None],
    says: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Each attempt ends by its deadline with a sentence; a good server then gets the message."""
    hostile, good = RawServer(deed), ntfy_server()
    one = channel(hostile.url, replace(FAST_NTFY, request_deadline_s=0.3))
    one.tell(alert())
    wait_for(lambda: one.problem is not None)
    assert says in (one.problem or "")
    wait_for(lambda: hostile.connections >= 2)
    # the same channel, as if the server behind the address had been put right
    monkeypatch.setattr(one, "_settings", replace(one._settings, address=_address(good)))
    wait_for(lambda: good.messages)
    hostile.close()


def _address(server: NtfyServer) -> TopicAddress:
    return TopicAddress.parse(server.url)


def test_an_unknown_host_is_named(channel: MakeChannel) -> None:
    """The topic is not."""
    one = channel("https://ntfy.invalid/t-secret")
    one.tell(alert())
    wait_for(lambda: one.problem is not None, 60)
    assert one.problem == (
        "The ntfy server at https://ntfy.invalid is not known: "
        "check the host in ntfy.url and the network."
    )


def test_a_lookup_that_hangs_is_told(channel: MakeChannel, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing of ours can end it, but nobody has to wait in silence."""
    begun_s = time.monotonic()

    def hang(*_: object, **__: object) -> list[object]:
        wait_for(lambda: time.monotonic() - begun_s > 1.0)
        return []

    monkeypatch.setattr("socket.getaddrinfo", hang)
    one = channel("http://slow.example/t", replace(FAST_NTFY, hangs_s=0.2))
    assert one.busy_s == 0.0
    one.tell(alert())
    wait_for(lambda: one.problem is not None)
    assert one.problem == (
        "A message to http://slow.example hangs: check the network and its name server."
    )
    assert one.busy_s > 0.2
