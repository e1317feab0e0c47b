"""The state machine of the link, played with a peer and a clock of the test's own."""

from collections.abc import Callable
from random import Random

import pytest

from osa_daemon.errors import ConfigError
from osa_daemon.publish.connection import Acknowledged, Closed, Opened, Received, Refused
from osa_daemon.publish.mailbox import Mailbox, Message
from osa_daemon.publish.mqtt_settings import MqttSettings
from osa_daemon.publish.session import Link, Session
from osa_daemon.publish.timing import Timing

SETTINGS = MqttSettings("localhost", device_id="bed")
TIMING = Timing()
LOST = Closed(0x80, "Unspecified error")


class FakePeer:
    """Notes what is asked of it."""

    def __init__(self) -> None:
        self.sent: list[Message] = []
        self.subscribed: list[str] = []
        self.is_closed = False
        self.is_abandoned = False
        self.has_room = True

    def open(self) -> None:
        """Nothing happens by itself."""

    def subscribe(self, topics: list[str]) -> None:
        """Note them."""
        self.subscribed += topics

    def publish(self, message: Message) -> int | None:
        """Note it; ids count from 1."""
        if not self.has_room:
            return None
        self.sent.append(message)
        return len(self.sent)

    def close(self) -> None:
        """Note it."""
        self.is_closed = True

    def abandon(self) -> None:
        """Note it."""
        self.is_abandoned = True

    def payloads(self, suffix: str) -> list[str]:
        """What was sent on topics that end so."""
        return [message.payload for message in self.sent if message.topic.endswith(suffix)]


class Play:
    """A session with everything around it; `now_s` moves only by `step`."""

    def __init__(self, connect: Callable[[], FakePeer] | None = None) -> None:
        self.now_s = 0.0
        self.peers: list[FakePeer] = []
        self.acknowledged: list[str] = []
        self.commands: list[tuple[str, bytes]] = []
        self.mailbox = Mailbox()
        self.session = Session(
            SETTINGS,
            self.mailbox,
            connect or self._connect,
            on_acknowledged=self.acknowledged.append,
            on_command=lambda key, payload: self.commands.append((key, payload)),
            timing=TIMING,
            random=Random(1),
        )

    def _connect(self) -> FakePeer:
        self.peers.append(FakePeer())
        return self.peers[-1]

    @property
    def peer(self) -> FakePeer:
        """The newest peer."""
        return self.peers[-1]

    def step(self, forward_s: float = 0.0) -> float:
        """Let time pass, then step."""
        self.now_s += forward_s
        return self.session.step(self.now_s)

    def report(self, *reports: Opened | Closed | Refused | Acknowledged | Received) -> None:
        """The newest peer reports, and the session goes on."""
        for report in reports:
            self.session.handle(self.peer, report, self.now_s)
        self.step()

    def online(self) -> "Play":
        """Connect, and answer everything that is said first."""
        self.step()
        self.report(Opened())
        self.answer()
        return self

    def answer(self) -> None:
        """Acknowledge all that was sent."""
        self.report(*(Acknowledged(mid + 1, None) for mid in range(len(self.peer.sent))))


def state(value: str, suffix: str = "apnea", expiry_s: int | None = None) -> Message:
    """A retained state."""
    return Message(SETTINGS.topic(suffix), value, 1, is_retained=True, expiry_s=expiry_s)


def event(value: str = "{}") -> Message:
    """A decided event."""
    return Message(SETTINGS.topic("event"), value, 1, is_retained=False)


def test_connecting_announces_and_subscribes() -> None:
    """On connecting: both subscriptions, online first, then what waits, events last."""
    play = Play()
    play.mailbox.put_event("a", event())
    play.mailbox.put_state(state("ON"))
    play.step()
    assert play.session.link is Link.CONNECTING
    play.report(Opened())
    assert play.session.link is Link.ONLINE
    assert play.peer.subscribed == ["osa_daemon/bed/set/+", "homeassistant/status"]
    assert [message.topic.rpartition("/")[2] for message in play.peer.sent] == [
        "availability",
        "apnea",
        "event",
    ]


def test_pause_between_attempts_grows_to_its_limit() -> None:
    """Failures wait longer each time, never longer than the limit, never at once."""
    play = Play()
    pauses = []
    for _ in range(12):
        play.step(TIMING.retry_max_s)
        begun = len(play.peers)
        play.session.handle(play.peer, LOST, play.now_s)
        waited_s = 0.0
        while len(play.peers) == begun and waited_s < 100:
            waited_s += 0.1
            play.step(0.1)
        pauses.append(waited_s)
        play.session.handle(play.peer, LOST, play.now_s)
    assert 0.4 < pauses[0] <= 1.2
    assert max(pauses) <= TIMING.retry_max_s + 0.2
    assert min(pauses[6:]) > TIMING.retry_max_s * 0.45


def test_refusal_waits_long() -> None:
    """A wrong password is not tried every second."""
    play = Play()
    play.step()
    play.report(Refused(0x87, "Not authorized"))
    play.step(TIMING.retry_max_s * 0.45)
    assert len(play.peers) == 1
    play.step(TIMING.retry_max_s)
    assert len(play.peers) == 2


def test_credentials_that_become_unreadable_are_a_problem_not_an_end() -> None:
    """A password file that vanishes while running is told, and tried again."""

    def fail() -> FakePeer:
        raise ConfigError("mqtt.password_file /x cannot be read")

    play = Play(fail)
    play.step()
    assert play.session.problem == "mqtt.password_file /x cannot be read"
    assert play.session.link is Link.WAITING


def test_missing_puback_ends_the_link() -> None:
    """A link on which nothing is acknowledged is cut after the deadline, not before."""
    play = Play().online()
    play.mailbox.put_state(state("ON"))
    play.step()
    play.step(TIMING.puback_deadline_s - 0.1)
    assert play.session.link is Link.ONLINE
    play.step(0.2)
    assert play.session.link is Link.WAITING
    assert play.peer.is_abandoned
    assert play.session.problem == "the broker at localhost:1883 has acknowledged nothing for 10 s"


def test_heartbeat_asks_for_an_acknowledgement() -> None:
    """On a quiet link availability is said again each heartbeat, and its silence ends the link."""
    play = Play().online()
    play.step(TIMING.heartbeat_s)
    assert play.peer.payloads("availability") == ["online", "online"]
    play.step(TIMING.puback_deadline_s)
    assert play.session.link is Link.WAITING


def test_attempt_that_hangs_is_given_up() -> None:
    """Without any report the attempt ends at its deadline."""
    play = Play()
    play.step()
    play.step(TIMING.connect_deadline_s)
    assert play.session.link is Link.WAITING
    assert play.peer.is_abandoned
    assert "does not answer" in (play.session.problem or "")


def test_peer_that_was_given_up_is_not_heard() -> None:
    """A report that was on its way when its attempt was given up changes nothing."""
    play = Play()
    play.step()
    old = play.peer
    play.step(TIMING.connect_deadline_s)
    play.session.handle(old, Opened(), play.now_s)
    assert play.session.link is Link.WAITING


def test_unanswered_event_goes_again_on_the_next_link() -> None:
    """An event without PUBACK is sent on every new link until it has one, then never again."""
    play = Play().online()
    play.mailbox.put_event("a", event())
    play.step()
    play.session.handle(play.peer, LOST, play.now_s)
    play.step(TIMING.retry_max_s)
    play.report(Opened())
    assert len(play.peer.payloads("event")) == 1
    play.answer()
    assert play.acknowledged == ["a"]
    play.session.handle(play.peer, LOST, play.now_s)
    play.step(TIMING.retry_max_s)
    play.report(Opened())
    assert play.peer.payloads("event") == []


def test_refused_event_is_kept_and_rests() -> None:
    """A refused event is neither lost nor sent again at once; taken later, all is well."""
    play = Play().online()
    play.mailbox.put_event("a", event())
    play.step()
    play.report(Acknowledged(len(play.peer.sent), "Not authorized"))
    assert "does not take osa_daemon/bed/event" in (play.session.problem or "")
    play.step(1.0)
    assert len(play.peer.payloads("event")) == 1
    play.step(TIMING.refused_retry_s)
    assert len(play.peer.payloads("event")) == 2
    play.report(Acknowledged(len(play.peer.sent), None))
    assert play.acknowledged == ["a"]
    assert play.session.problem is None


def test_no_room_loses_nothing() -> None:
    """What the network layer has no room for is offered again."""
    play = Play().online()
    play.peer.has_room = False
    play.mailbox.put_state(state("ON"))
    play.mailbox.put_event("a", event())
    play.step()
    play.peer.has_room = True
    play.step(TIMING.tick_s)
    assert play.peer.payloads("apnea") == ["ON"]
    assert play.peer.payloads("event") == ["{}"]


@pytest.mark.parametrize("births", [1, 5])
def test_birth_is_answered_once_after_a_random_delay(births: int) -> None:
    """However often Home Assistant says online, everything goes again once, 1 to 5 s later."""
    play = Play()
    play.mailbox.put_state(state("OFF"))
    play.online()
    for _ in range(births):
        play.report(Received("homeassistant/status", b"online"))
    play.step(TIMING.birth_delay_min_s - 0.01)
    assert play.peer.payloads("apnea") == ["OFF"]
    play.step(TIMING.birth_delay_max_s)
    assert play.peer.payloads("apnea") == ["OFF", "OFF"]


def test_death_of_home_assistant_is_no_birth() -> None:
    """`offline` on the birth topic asks for nothing."""
    play = Play()
    play.mailbox.put_state(state("OFF"))
    play.online()
    play.report(Received("homeassistant/status", b"offline"))
    play.step(TIMING.birth_delay_max_s)
    assert play.peer.payloads("apnea") == ["OFF"]


def test_commands_are_bounded() -> None:
    """A command is passed on by its key; a long one is dropped."""
    play = Play().online()
    play.report(Received("osa_daemon/bed/set/sensitivity", b"high"))
    play.report(Received("osa_daemon/bed/set/sensitivity", b"x" * 257))
    assert play.commands == [("sensitivity", b"high")]


def test_link_that_flaps_names_a_rival_and_slows_down() -> None:
    """Links that end at once, again and again, are not remade at once for ever."""
    play = Play()
    for _ in range(8):
        play.step(TIMING.retry_max_s)
        play.report(Opened())
        play.session.handle(play.peer, LOST, play.now_s)
    assert "not also that of another daemon" in (play.session.problem or "")
    begun = len(play.peers)
    play.step(TIMING.retry_max_s * 0.45)
    assert len(play.peers) == begun
    play.step(TIMING.retry_max_s)
    play.report(Opened())
    play.answer()
    assert play.session.problem is not None
    play.step(TIMING.steady_s)
    assert play.session.problem is None


def test_stop_waits_for_acknowledgements_then_says_offline() -> None:
    """Offline goes out once all is acknowledged; the goodbye once that is; then it ends."""
    play = Play().online()
    play.mailbox.put_event("a", event())
    play.step()
    play.session.stop(play.now_s, 10.0)
    play.step()
    assert play.peer.payloads("availability")[-1] == "online"
    play.answer()
    assert play.peer.payloads("availability")[-1] == "offline"
    assert not play.peer.is_closed
    play.answer()
    assert play.peer.is_closed
    play.report(Closed(0, "Normal disconnection"))
    assert play.session.link is Link.ENDED


def test_stop_says_offline_even_if_something_hangs() -> None:
    """With an event that nobody acknowledges, offline still goes out before the time is up."""
    play = Play().online()
    play.mailbox.put_event("a", event())
    play.step()
    play.session.stop(play.now_s, 5.0)
    play.step(4.0)
    assert play.peer.payloads("availability")[-1] == "offline"
    play.step(1.0)
    assert play.session.link is Link.ENDED
    assert play.mailbox.waiting_events == 1


def test_stop_without_a_link_ends_at_once() -> None:
    """Between attempts there is nothing to wait for."""
    play = Play()
    play.step()
    play.report(LOST)
    play.session.stop(play.now_s, 60.0)
    play.step()
    assert play.session.link is Link.ENDED
