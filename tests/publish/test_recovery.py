"""The publisher with a real broker that is away, comes back, dies or hangs."""

import time
from collections.abc import Callable
from threading import enumerate as threads

import paho.mqtt.client as paho
import pytest

from osa_daemon.publish.connection import Closed, Connection
from osa_daemon.publish.mailbox import Message
from osa_daemon.publish.mqtt import MqttPublisher
from osa_daemon.publish.mqtt_settings import MqttSettings
from tests.mosquitto import Mosquitto, Subscriber, wait_for

MakePublisher = Callable[..., MqttPublisher]
Subscribe = Callable[..., Subscriber]


def test_broker_that_comes_up_later(
    make_mosquitto: Callable[[], Mosquitto], publisher: MakePublisher, subscribe: Subscribe
) -> None:
    """With the broker down nothing raises; once it is up the latest state and events arrive."""
    broker = make_mosquitto()
    acknowledged: list[str] = []
    one = publisher(MqttSettings("127.0.0.1", broker.port), acknowledged.append)
    one.set_state("apnea", "ON")
    one.send_event("a", {"v": 1, "id": "a"})
    wait_for(lambda: one.problem is not None)
    assert "no broker answers at 127.0.0.1" in (one.problem or "")
    one.set_state("apnea", "OFF")
    broker.start()
    wait_for(lambda: acknowledged == ["a"])
    listener = subscribe(broker.port)
    listener.wait_for(lambda: listener.last("/apnea") == "OFF")
    assert one.problem is None


def test_broker_that_forgot_everything(
    mosquitto: Mosquitto, publisher: MakePublisher, subscribe: Subscribe
) -> None:
    """After SIGKILL of a broker without persistence, all retained topics are there again."""
    one = publisher(MqttSettings("127.0.0.1", mosquitto.port))
    one.set_state("apnea", "OFF")
    wait_for(lambda: one.connected)
    mosquitto.kill()
    wait_for(lambda: not one.connected)
    mosquitto.start()
    wait_for(lambda: one.connected)
    listener = subscribe(mosquitto.port)
    listener.wait_for(
        lambda: (
            listener.last("/apnea") == "OFF"
            and listener.last("/config")
            and listener.last("/availability") == "online"
        )
    )


def test_events_survive_the_broker(
    mosquitto: Mosquitto, publisher: MakePublisher, subscribe: Subscribe
) -> None:
    """Events sent while the broker dies and while it is away are acknowledged in the end."""
    acknowledged: list[str] = []
    one = publisher(MqttSettings("127.0.0.1", mosquitto.port), acknowledged.append)
    wait_for(lambda: one.connected)
    ids = [f"e{number}" for number in range(100)]
    for event_id in ids[:50]:
        one.send_event(event_id, {"v": 1, "id": event_id})
    mosquitto.kill()
    for event_id in ids[50:]:
        one.send_event(event_id, {"v": 1, "id": event_id})
    wait_for(lambda: not one.connected)
    mosquitto.start()
    wait_for(lambda: len(acknowledged) >= 100)
    assert sorted(acknowledged) == sorted(ids)


def test_half_open_link_is_noticed_and_left(
    mosquitto: Mosquitto, publisher: MakePublisher, subscribe: Subscribe
) -> None:
    """A broker that hangs with the link open is noticed by the missing PUBACK, then rejoined."""
    listener = subscribe(mosquitto.port)
    acknowledged: list[str] = []
    one = publisher(MqttSettings("127.0.0.1", mosquitto.port), acknowledged.append)
    wait_for(lambda: one.connected)
    mosquitto.freeze()
    wait_for(lambda: not one.connected)
    assert one.problem is not None
    one.send_event("a", {"v": 1, "id": "a"})
    one.set_state("apnea", "ON")
    mosquitto.thaw()
    wait_for(lambda: acknowledged == ["a"])
    listener.wait_for(lambda: listener.last("/apnea") == "ON", 20)
    listener.wait_for(lambda: listener.last("/availability") == "online")


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_network_thread_that_dies_is_replaced(
    mosquitto: Mosquitto, publisher: MakePublisher, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An exception inside paho ends its thread without a word; the missing PUBACK tells."""
    acknowledged: list[str] = []
    one = publisher(MqttSettings("127.0.0.1", mosquitto.port), acknowledged.append)
    wait_for(lambda: one.connected)
    with monkeypatch.context() as patch:
        patch.setattr(paho.Client, "_handle_pubackcomp", None)
        one.send_event("a", {"v": 1, "id": "a"})
        wait_for(lambda: one.problem is not None)
    wait_for(lambda: acknowledged == ["a"])


def test_set_and_send_never_wait(mosquitto: Mosquitto, publisher: MakePublisher) -> None:
    """With the broker hanging, a thousand states and events are taken without waiting for it."""
    one = publisher(MqttSettings("127.0.0.1", mosquitto.port))
    wait_for(lambda: one.connected)
    mosquitto.freeze()
    longest_s = 0.0
    for number in range(1000):
        before_s = time.monotonic()
        one.set_state("apnea", "ON" if number % 2 else "OFF")
        one.send_event(f"e{number}", {"v": 1, "id": number})
        longest_s = max(longest_s, time.monotonic() - before_s)
    mosquitto.thaw()
    assert longest_s < 2.0, "far above scheduling noise, far below any network deadline"


def test_full_queue_refuses_and_takes_again(
    make_mosquitto: Callable[[], Mosquitto], publisher: MakePublisher
) -> None:
    """With the broker away the queue stays bounded; once it is back there is room again."""
    broker = make_mosquitto()
    acknowledged: list[str] = []
    one = publisher(MqttSettings("127.0.0.1", broker.port), acknowledged.append)
    taken = [one.send_event(f"e{number}", {"v": 1}) for number in range(1100)]
    assert taken == [True] * 1000 + [False] * 100
    broker.start()
    wait_for(lambda: len(acknowledged) == 1000, 20)
    assert one.send_event("e1099", {"v": 1})
    wait_for(lambda: acknowledged[-1] == "e1099")


def test_attempt_that_was_given_up_leaves_when_it_succeeds(
    mosquitto: Mosquitto, subscribe: Subscribe
) -> None:
    """A connection abandoned while it is being made does not stay, and reports nothing."""
    settings = MqttSettings("127.0.0.1", mosquitto.port)
    will = Message("will", "sent", 1, is_retained=True)
    reports: list[object] = []
    for _ in range(20):
        one = Connection(settings, None, None, will, lambda _one, report: reports.append(report))
        one.open()
        one.abandon()
        wait_for(lambda: not any("paho" in t.name and "osa" in t.name for t in threads()))
    assert not any(isinstance(report, Closed) for report in reports)


def test_stop_is_bounded_when_the_broker_hangs(
    mosquitto: Mosquitto, publisher: MakePublisher
) -> None:
    """Stopping returns about when it was told to, though nothing is acknowledged."""
    one = publisher(MqttSettings("127.0.0.1", mosquitto.port))
    wait_for(lambda: one.connected)
    mosquitto.freeze()
    one.send_event("a", {"v": 1, "id": "a"})
    begun_s = time.monotonic()
    one.stop(0.5)
    assert time.monotonic() - begun_s < 5.0
    mosquitto.thaw()
    assert one.waiting_events == 1


def test_stop_is_quick_when_the_broker_is_away(
    make_mosquitto: Callable[[], Mosquitto], publisher: MakePublisher
) -> None:
    """Where there is no broker, stopping does not use up its time."""
    one = publisher(MqttSettings("127.0.0.1", make_mosquitto().port))
    wait_for(lambda: one.problem is not None)
    begun_s = time.monotonic()
    one.stop(30.0)
    assert time.monotonic() - begun_s < 10.0


def test_second_daemon_with_the_same_id_is_named(
    mosquitto: Mosquitto, publisher: MakePublisher
) -> None:
    """Two publishers with one client id throw each other out; the sentence names the cause."""
    first = publisher(MqttSettings("127.0.0.1", mosquitto.port))
    wait_for(lambda: first.connected)
    second = publisher(MqttSettings("127.0.0.1", mosquitto.port))
    sentences: set[str] = set()

    def is_named() -> bool:
        sentences.update(one.problem or "" for one in (first, second))
        return any("is not also that of another daemon" in sentence for sentence in sentences)

    wait_for(is_named)
