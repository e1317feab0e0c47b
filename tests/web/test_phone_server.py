"""The phone's route on the page's server: who may speak on it, what is told, what harm costs."""

import json
import socket
import struct
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from typing import Any

import numpy as np
import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from osa_daemon.audio.source import SourceState
from osa_daemon.web.phone import MESSAGES_AT_ONCE
from osa_daemon.web.phone_wire import HEADER, MOST_BYTES, Refusal
from tests.web.phone_page import COOKIE, Listening, PhonePage

RATE_HZ = 16_000
SIZE = 1_600
SAFARI = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1) Version/18.1 Mobile/15E148 Safari/604.1"
CHROME = "Mozilla/5.0 (Linux; Android 10; K) Chrome/156.0.0.0 Mobile Safari/537.36"


class Phone:
    """A client as the page is one; `said` are the daemon's messages, in order."""

    def __init__(self, page: PhonePage, stream: str = "a" * 16, **options: Any) -> None:
        options.setdefault("user_agent_header", SAFARI)
        self._open = ExitStack()
        self.socket: ClientConnection = self._open.enter_context(connect(page.url, **options))
        self.said: list[dict[str, Any]] = []
        self._noise = np.random.default_rng(4)
        self._begin_s = time.monotonic()
        self._sent = 0
        with suppress(ConnectionClosed):  # who is not let in may be told so before
            self.say(hello={"stream": stream, "rate_hz": RATE_HZ, "ignored": []})

    def say(self, **said: object) -> None:
        """Send a text."""
        self.socket.send(json.dumps({"v": 1, **said}))

    def note(self, stopped: str | None = None, **more: object) -> None:
        """Send a note."""
        self.say(note={"stopped": stopped, "hidden": False, **more})

    def frame(self, sequence: int, start: int, count: int = SIZE) -> None:
        """Send a frame of a quiet room."""
        samples = self._noise.integers(-300, 300, count, dtype=np.int16)
        clock_s = (start + count) / RATE_HZ
        self.socket.send(HEADER.pack(1, 1, count, sequence, start, clock_s) + samples.tobytes())

    def speak(self, seconds: float) -> None:
        """Give sound in real time, as a phone does."""
        for _ in range(round(seconds * RATE_HZ / SIZE)):
            due_s = self._begin_s + (self._sent + 1) * SIZE / RATE_HZ
            time.sleep(max(0.0, due_s - time.monotonic()))
            self.frame(self._sent, self._sent * SIZE)
            self._sent += 1

    def hear(self, key: str, within_s: float = 15.0) -> Any:
        """Wait for a message that has `key`; return what it says."""
        until_s = time.monotonic() + within_s
        while True:
            message = json.loads(self.socket.recv(max(0.0, until_s - time.monotonic())))
            self.said.append(message)
            if key in message:
                return message[key]

    def closed(self) -> int:
        """Wait until the daemon closes the connection; return its code."""
        with pytest.raises(ConnectionClosed) as caught:
            self.hear("nothing that is ever said")
        assert caught.value.rcvd is not None
        return caught.value.rcvd.code

    def cut(self) -> None:
        """End it as a network does: without a word."""
        self.socket.socket.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """End it, whatever became of it."""
        with suppress(ConnectionClosed, OSError):
            self._open.close()


Call = Callable[..., Phone]


@pytest.fixture
def call(page: PhonePage) -> Iterator[Call]:
    """Makes phones that call the page, and ends them."""
    made: list[Phone] = []

    def make(*arguments: Any, **options: Any) -> Phone:
        made.append(Phone(page, *arguments, **options))
        return made[-1]

    yield make
    for phone in made:
        phone.close()


@pytest.fixture
def page() -> Iterator[PhonePage]:
    """A server."""
    made = PhonePage()
    yield made
    made.close()


@pytest.fixture
def listening(page: PhonePage) -> Iterator[Listening]:
    """A source that is read."""
    made = Listening(page.link)
    yield made
    made.close()


def test_a_phone_is_heard_and_its_going_told(
    page: PhonePage, call: Call, listening: Listening
) -> None:
    """Without one the daemon says what to do; sound comes; each end of it has its sentence."""
    listening.wait_for(lambda: listening.health.state is SourceState.ABSENT, "no phone")
    assert listening.health.text == (
        "No phone is connected: open https://bedside:8321/phone/ on it and press Start."
    )
    phone = call()
    assert phone.hear("welcome") == {"next": 0}
    phone.note()
    phone.speak(2.5)
    listening.wait_for(lambda: listening.heard_s > 1, "sound")
    assert listening.health.state is SourceState.RUNNING
    assert listening.health.text == "Hearing through a phone (iPhone, Safari 18)."
    assert phone.hear("heard") >= 0
    for reason, says in (("muted", "a call or another app"), ("hidden", "its tab was hidden")):
        phone.note(reason)
        listening.wait_for(lambda says=says: says in listening.health.text, reason)
        assert listening.health.state is SourceState.STALLED
    phone.note()
    phone.socket.close(1001)
    listening.wait_for(lambda: "its page was closed" in listening.health.text, "the end")
    assert listening.health.state is SourceState.ABSENT


def test_a_lost_connection_loses_nothing_that_is_sent_again(
    page: PhonePage, call: Call, listening: Listening
) -> None:
    """The same stream goes on where it was, and is told what arrived; late is no gap."""
    phone = call()
    phone.speak(2)
    phone.cut()
    listening.wait_for(lambda: "no longer answers" in listening.health.text, "the loss")
    again = call()
    again._begin_s = phone._begin_s
    next_frame = again.hear("welcome")["next"]
    assert 0 < next_frame <= 20
    again._sent = next_frame
    again.speak(2.5)
    listening.wait_for(lambda: listening.heard_s > 2.5, "sound")
    assert listening.gaps_s() == []
    assert listening.health.state is SourceState.RUNNING


def test_another_stream_is_a_gap(page: PhonePage, call: Call, listening: Listening) -> None:
    """A page that is loaded again counts anew: the time between is lost, and no more than that."""
    phone = call()
    phone.speak(2)
    phone.socket.close()
    again = call("b" * 16)
    assert again.hear("welcome") == {"next": 0}
    again.speak(2)
    listening.wait_for(listening.gaps_s, "a gap")
    (gap_s,) = listening.gaps_s()
    assert 0.9 < gap_s < 1.6  # a second until its sound is known to be in real time


def test_one_phone_for_each_daemon(page: PhonePage, call: Call, listening: Listening) -> None:
    """A second one is refused with its sentence, the first told of it once, and is heard on."""
    phone = call()
    phone.speak(1.5)
    for _ in range(2):
        other = call("b" * 16, user_agent_header=CHROME)
        assert other.hear("refused") == (
            "Another phone is the microphone already (iPhone, Safari 18): press Stop on it first."
        )
        assert other.closed() == Refusal.ANOTHER_PHONE
    phone.speak(1.5)
    phone.hear("heard", 5)
    with pytest.raises(TimeoutError):
        phone.hear("nothing that is ever said", 0.5)
    told = [message["told"] for message in phone.said if "told" in message]
    assert told == [
        "Another phone (Android device, Chrome 156) wanted to be the microphone, and was refused."
    ]
    assert listening.gaps_s() == []


def test_who_is_not_signed_in_is_told_so(page: PhonePage, call: Call) -> None:
    """And his connection is closed, by a code of its own; who is signed in is heard."""
    page.is_open = False
    stranger = call()
    assert stranger.hear("refused").startswith("This page is not signed in")
    assert stranger.closed() == Refusal.NOT_SIGNED_IN
    friend = call(additional_headers={"Cookie": COOKIE})
    assert friend.hear("welcome") == {"next": 0}
    assert [told["state"] for told in page.told] == ["absent", "running"]


def _large(phone: Phone) -> None:
    phone.socket.send(bytes(MOST_BYTES + 1))


def _backwards(phone: Phone) -> None:
    phone.frame(5, 8_000)
    phone.frame(4, 16_000)


def _overlapping(phone: Phone) -> None:
    phone.frame(0, 0)
    phone.frame(1, 800)


def _from_the_future(phone: Phone) -> None:
    phone.frame(0, 0)
    phone.frame(1, RATE_HZ * 3_600)


def _too_much_sound(phone: Phone) -> None:
    for i in range(400):
        phone.frame(i, i * SIZE)


def _too_many_notes(phone: Phone) -> None:
    for _ in range(MESSAGES_AT_ONCE + 300):
        phone.note()


def _clock_backwards(phone: Phone) -> None:
    phone.frame(0, 0)
    phone.socket.send(HEADER.pack(1, 1, 1, 1, SIZE, 0.01) + struct.pack("<h", 5))


def _long_frame(phone: Phone) -> None:
    phone.frame(0, 0, RATE_HZ)


@pytest.mark.parametrize(
    ("harm", "code", "says"),
    [
        (_large, Refusal.TOO_LARGE, "are allowed"),
        (_backwards, Refusal.BROKEN_RULE, "Frame 4 came after frame 5"),
        (_overlapping, Refusal.BROKEN_RULE, "but the last ended at 1600"),
        (_from_the_future, Refusal.BROKEN_RULE, "has counted 3600 s of sound in 0 s"),
        (_too_much_sound, Refusal.BROKEN_RULE, "s of sound in"),
        (_too_many_notes, Refusal.BROKEN_RULE, "messages a second"),
        (_clock_backwards, Refusal.BROKEN_RULE, "clock went back"),
        (_long_frame, Refusal.BROKEN_RULE, "A frame lasts 1.00 s"),
        (lambda phone: phone.socket.send("hello"), Refusal.BROKEN_RULE, "no JSON"),
        (lambda phone: phone.say(hello={}), Refusal.BROKEN_RULE, "no name of its stream"),
    ],
)
def test_harm_costs_the_connection_that_does_it(
    page: PhonePage, call: Call, harm: Any, code: Refusal, says: str
) -> None:
    """It is closed with a sentence, and the next phone is welcome at once."""
    phone = call()
    phone.hear("welcome")
    with suppress(ConnectionClosed):  # while it still sends
        harm(phone)
    assert says in phone.hear("refused")
    assert phone.closed() == code
    assert call("b" * 16).hear("welcome") == {"next": 0}


def test_who_says_nothing_loses_his_place(
    page: PhonePage, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A silent phone is replaced by another one, and one that never says who it is is closed."""
    monkeypatch.setattr("osa_daemon.web.phone.STALE_S", 0.2)
    monkeypatch.setattr("osa_daemon.web.phone.HELLO_S", 0.3)
    silent = call()
    silent.hear("welcome")
    time.sleep(0.3)
    other = call("b" * 16)
    assert other.hear("welcome") == {"next": 0}
    assert "took this one's place" in silent.hear("refused")
    assert silent.closed() == Refusal.REPLACED
    with connect(page.url) as dumb:
        assert "Nothing was heard" in json.loads(dumb.recv(10))["refused"]


def test_a_phone_rests_while_nobody_listens(
    page: PhonePage, call: Call, listening: Listening
) -> None:
    """It is told so, its sound is not taken, and what was not heard then is no loss."""
    phone = call()
    phone.speak(2)
    page.desk.take({"listens": False})
    phone.speak(1.5)
    while not phone.hear("heard") or not phone.said[-1]["rests"]:
        phone.note()
    heard_s = listening.heard_s
    phone.speak(1)
    assert listening.heard_s < heard_s + 0.2
    page.desk.take({"listens": True})
    phone.speak(2)
    listening.wait_for(listening.gaps_s, "sound after the rest")
