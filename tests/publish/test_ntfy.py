"""Alerts become messages on an ntfy server (a stand-in, see `ntfy_server`)."""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from osa_daemon.publish.ntfy import NtfyChannel
from osa_daemon.publish.payloads import alert_payload
from tests.mosquitto import free_port, wait_for
from tests.ntfy_server import TOKEN, TOPIC, NtfyServer, Planned, RawServer, say_nothing
from tests.publish.conftest import FAST_NTFY, alert

MakeChannel = Callable[..., NtfyChannel]
MakeServer = Callable[..., NtfyServer]
OVER = alert(active=False, text="Breathing is heard again.")


@pytest.fixture
def token_file(tmp_path: Path) -> Path:
    """The right token, with a newline."""
    path = tmp_path / "token"
    path.write_text(f"{TOKEN}\n")
    return path


def test_what_goes_out_is_all_that_goes_out(channel: MakeChannel, ntfy_server: MakeServer) -> None:
    """Topic, device name, the message of the settings, how urgent: nothing of the pause."""
    server = ntfy_server()
    channel(server.url).tell(alert())
    wait_for(lambda: server.asked)
    (asked,) = server.asked
    sequence_id = asked.fields.pop("sequence_id")
    assert asked.fields == {
        "topic": TOPIC,
        "title": "Bett 1",
        "message": "Please look in.",
        "priority": 4,
        "tags": ["bell"],
    }
    assert len(sequence_id) == 16
    assert (asked.method, asked.path) == ("POST", "/")
    assert asked.headers.keys() == {
        *("Host", "User-Agent", "Connection", "Content-Type", "Content-Length")
    }
    assert "osa" not in str(asked).lower()


def test_no_connection_is_made_while_there_is_no_alert(channel: MakeChannel) -> None:
    """Neither at the start, nor for a notice, nor for an end."""
    server = RawServer(say_nothing)
    one = channel(server.url)
    for payload in (alert_payload(None, None), alert("notice", active=False), OVER):
        one.tell(payload)
    one.stop(5.0)
    assert server.connections == 0
    server.close()


def test_an_alert_is_sent_once_and_once_more_when_it_is_urgent(
    channel: MakeChannel, ntfy_server: MakeServer
) -> None:
    """Two raisings, two messages; its end is none."""
    server = ntfy_server()
    one = channel(server.url)
    for count, payload in enumerate([alert(), alert("urgent"), alert(minute=20)], 1):
        one.tell(payload)
        one.tell({**payload, "text": "Other words."})
        wait_for(lambda count=count: len(server.messages) == count)  # type: ignore[misc]
        if count == 2:
            one.tell(OVER)
    one.stop(5.0)
    assert [message["priority"] for message in server.messages] == [4, 5, 4]
    assert len({message["sequence_id"] for message in server.messages}) == 3


def test_the_end_is_told_where_it_is_asked_for(
    channel: MakeChannel, ntfy_server: MakeServer
) -> None:
    """A message of its own, quieter."""
    server = ntfy_server()
    one = channel(server.url, tell_over=True)
    one.tell(alert())
    wait_for(lambda: server.texts)
    one.tell(OVER)
    one.stop(5.0)
    assert server.texts == ["Please look in.", "It is over."]


def test_a_server_that_comes_back_gets_the_alert_once(
    channel: MakeChannel, ntfy_server: MakeServer
) -> None:
    """Down at first: a sentence, then one message and no sentence any more."""
    port = free_port()
    one = channel(f"http://127.0.0.1:{port}/{TOPIC}")
    one.tell(alert())
    wait_for(lambda: one.problem is not None)
    assert one.problem == (
        f"The ntfy server at http://127.0.0.1:{port} is not there: "
        "check ntfy.url, and that it runs."
    )
    server = ntfy_server(port)
    wait_for(lambda: server.messages)
    wait_for(lambda: one.problem is None)
    one.stop(5.0)
    assert len(server.messages) == 1


def test_an_alert_that_is_over_before_it_could_be_sent_is_not(
    channel: MakeChannel, ntfy_server: MakeServer
) -> None:
    """The next one is what the server gets first."""
    port = free_port()
    one = channel(f"http://127.0.0.1:{port}/{TOPIC}", tell_over=True)
    one.tell(alert("urgent"))
    wait_for(lambda: one.problem is not None)
    one.tell(OVER)
    server = ntfy_server(port)
    one.tell(alert(minute=20))
    wait_for(lambda: server.messages)
    one.stop(5.0)
    assert [message["priority"] for message in server.messages] == [4]


def test_a_stale_alert_is_dropped_with_a_sentence(
    channel: MakeChannel, ntfy_server: MakeServer
) -> None:
    """It is not sent when the server comes back; the next alert is, and takes the sentence away."""
    port = free_port()
    one = channel(f"http://127.0.0.1:{port}/{TOPIC}", replace(FAST_NTFY, stale_s=0.3))
    one.tell(alert("urgent"))
    wait_for(lambda: one.problem is not None and "dropped" in one.problem)
    assert one.problem == (
        "A message was not sent within 0.005 min and is dropped. The ntfy server at "
        f"http://127.0.0.1:{port} is not there: check ntfy.url, and that it runs."
    )
    server = ntfy_server(port)
    one.tell(alert(minute=20))
    wait_for(lambda: one.problem is None)
    assert [message["priority"] for message in server.messages] == [4]


def test_dropped_alerts_are_told_in_a_sentence_that_does_not_grow(
    channel: MakeChannel, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Night after night without a token: each says why, and nothing of the one before."""
    one = channel(
        f"http://127.0.0.1:{free_port()}/{TOPIC}",
        replace(FAST_NTFY, stale_s=0.2),
        token_file=tmp_path / "missing",
    )
    for minute in range(3):
        one.tell(alert(minute=20 * minute))
        wait_for(lambda: one._waiting.next() is None)
    said = {record.message for record in caplog.records if "is dropped" in record.message}
    assert len(said) == 1
    assert said.pop().count("missing") == 1
    assert one.problem is not None
    assert one.problem.startswith("ntfy.token_file ")


def test_a_lost_answer_is_asked_for_again_with_the_same_id(
    channel: MakeChannel, ntfy_server: MakeServer
) -> None:
    """An app that knows ntfy's sequence ids then shows one message, not two."""
    server = ntfy_server()
    server.planned.append(Planned(502))
    one = channel(server.url)
    one.tell(alert())
    wait_for(lambda: len(server.messages) == 2)
    first, second = server.messages
    assert first == second


def test_a_token_goes_with_the_message(
    channel: MakeChannel, ntfy_server: MakeServer, token_file: Path
) -> None:
    """It is read anew each time: put right, it is used."""
    server = ntfy_server(token=TOKEN)
    token_file.write_text("tk_wrong")
    one = channel(server.url, token_file=token_file)
    one.tell(alert())
    wait_for(lambda: one.problem is not None)
    assert one.problem == (
        f"The ntfy server at http://127.0.0.1:{server.port} does not know the token in "
        f"{token_file} (401): make a new one."
    )
    token_file.write_text(f"{TOKEN}\n")
    wait_for(lambda: one.problem is None)
    assert server.asked[-1].headers["Authorization"] == f"Bearer {TOKEN}"


@pytest.mark.parametrize("content", [None, "", "two words", "tk_a\r\nX-Header: b", "ü"])
def test_an_unusable_token_is_told_before_an_alert_needs_it(
    channel: MakeChannel, ntfy_server: MakeServer, tmp_path: Path, content: str | None
) -> None:
    """In a sentence that names the file and not what it holds; nothing is sent without it."""
    server = ntfy_server()
    path = tmp_path / "token"
    if content is not None:
        path.write_bytes(content.encode())
    one = channel(server.url, token_file=path)
    wait_for(lambda: one.problem is not None)
    assert one.problem is not None
    assert f"ntfy.token_file {path} " in one.problem
    one.tell(alert())
    path.write_text(TOKEN)
    wait_for(lambda: one.problem is None)
    wait_for(lambda: server.messages)
    assert [asked.headers["Authorization"] for asked in server.asked] == [f"Bearer {TOKEN}"]


def test_secrets_stay_out_of_the_log_and_of_problems(
    channel: MakeChannel,
    ntfy_server: MakeServer,
    token_file: Path,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Neither the token nor the topic, whatever goes wrong, a bug of ours too."""
    caplog.set_level(logging.DEBUG)
    server = ntfy_server(token="other")
    server.planned.extend([Planned(302, {"Location": f"https://x.example/{TOPIC}"}), Planned(500)])
    one = channel(server.url, token_file=token_file)
    problems = set()

    def gather() -> int:
        problems.add(one.problem)
        return len(server.messages)

    one.tell(alert())
    wait_for(lambda: gather() >= 4)

    def fail(*_: object) -> None:
        raise ValueError(f"{TOKEN} {server.url}")

    monkeypatch.setattr("osa_daemon.publish.ntfy.exchange", fail)
    wait_for(lambda: "this is a bug" in (one.problem or ""))
    problems.add(one.problem)
    told = caplog.text + repr(problems)
    assert "ntfy: The ntfy server at" in told
    assert TOKEN not in told
    assert TOPIC not in told


def test_whatever_is_told_does_not_trouble_who_tells_it(
    channel: MakeChannel, ntfy_server: MakeServer
) -> None:
    """A payload that is none is a problem of the channel's; the next alert goes out."""
    server = ntfy_server()
    one = channel(server.url)
    one.tell({"active": True})
    assert "this is a bug" in (one.problem or "")
    one.tell({**alert(), "level": "louder"})
    one.tell(alert())
    wait_for(lambda: one.problem is None)
    assert len(server.messages) == 1


def test_telling_never_waits(channel: MakeChannel) -> None:
    """Thousands of alerts while the server says nothing: told at once, and one of them waits."""
    server = RawServer(say_nothing)
    threads = threading.active_count()  # others' may be on their way to their end
    one = channel(server.url)
    begun_s = time.monotonic()
    for number in range(6000):
        one.tell(alert(minute=number % 60))
    assert time.monotonic() - begun_s < 1.0
    assert threading.active_count() <= threads + 2  # its own, and the server's for its connection
    wait_for(lambda: server.connections)
    assert server.connections == 1
    server.close()


def test_stopping_keeps_to_its_time(channel: MakeChannel) -> None:
    """With a server that says nothing, and with none."""
    server = RawServer(say_nothing)
    for url in (server.url, f"http://127.0.0.1:{free_port()}/{TOPIC}"):
        one = channel(url, replace(FAST_NTFY, request_deadline_s=30.0, retry_min_s=20.0))
        one.tell(alert())
        wait_for(lambda one=one: server.connections or one.problem)  # type: ignore[misc]
        begun_s = time.monotonic()
        one.stop(0.3)
        assert time.monotonic() - begun_s < 1.0
    server.close()


def test_stopping_sends_what_waits(channel: MakeChannel, ntfy_server: MakeServer) -> None:
    """An alert that was told just before the end goes out."""
    server = ntfy_server()
    one = channel(server.url)
    one.tell(alert())
    one.stop(5.0)
    assert len(server.messages) == 1
