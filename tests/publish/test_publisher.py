"""The publisher with a real broker that does what it should."""

import json
import re
import signal
import subprocess
import sys
from collections.abc import Callable

import pytest

from osa_daemon.publish import topics
from osa_daemon.publish.mqtt import MqttPublisher
from osa_daemon.publish.mqtt_settings import MqttSettings
from tests.mosquitto import Mosquitto, Subscriber, wait_for

MakePublisher = Callable[..., MqttPublisher]
Subscribe = Callable[..., Subscriber]
ROOT = "osa_daemon/bedside"


def test_states_are_retained(
    mosquitto: Mosquitto, publisher: MakePublisher, subscribe: Subscribe
) -> None:
    """One who subscribes later hears every retained state, availability and discovery."""
    early = subscribe(mosquitto.port)
    one = publisher(MqttSettings("127.0.0.1", mosquitto.port))
    one.set_state("apnea", "OFF")
    one.set_state("night/current", {"v": 1, "events": 3})
    early.wait_for(lambda: early.last("/apnea") and early.last("/night/current"))
    late = subscribe(mosquitto.port)
    late.wait_for(lambda: len(late.heard) >= 4)
    assert {heard.topic for heard in late.heard if heard.is_retained} == {
        f"{ROOT}/availability",
        f"{ROOT}/apnea",
        f"{ROOT}/night/current",
        "homeassistant/device/bedside/config",
    }


def test_level_is_not_retained(
    mosquitto: Mosquitto, publisher: MakePublisher, subscribe: Subscribe
) -> None:
    """What is not retained by the table is not retained on the wire."""
    listener = subscribe(mosquitto.port)
    one = publisher(MqttSettings("127.0.0.1", mosquitto.port))
    wait_for(lambda: one.connected)
    one.set_state("level", {"v": 1, "level_dbfs": -60.0})
    listener.wait_for(lambda: listener.last("/level"))
    late = subscribe(mosquitto.port)
    late.wait_for(lambda: late.last("/availability"))
    assert late.on("/level") == []


def test_equal_state_is_sent_once(
    mosquitto: Mosquitto, publisher: MakePublisher, subscribe: Subscribe
) -> None:
    """A state set again to the same value makes no message; a new value does."""
    listener = subscribe(mosquitto.port)
    one = publisher(MqttSettings("127.0.0.1", mosquitto.port))
    one.set_state("apnea", "ON")
    listener.wait_for(lambda: listener.last("/apnea") == "ON")
    one.set_state("apnea", "ON")
    one.set_state("hearing", "online")
    listener.wait_for(lambda: listener.last("/hearing"))
    one.set_state("apnea", "OFF")
    listener.wait_for(lambda: listener.last("/apnea") == "OFF")
    assert listener.on("/apnea") == ["ON", "OFF"]


def test_values_that_must_not_outlive_the_daemon_expire(
    mosquitto: Mosquitto, publisher: MakePublisher, subscribe: Subscribe
) -> None:
    """The broker keeps the breathing rate only as long as the table says."""
    listener = subscribe(mosquitto.port)
    one = publisher(MqttSettings("127.0.0.1", mosquitto.port))
    one.set_state("breathing", {"v": 1, "rate_bpm": None, "snoring": False})
    listener.wait_for(lambda: listener.last("/breathing"))
    heard = next(heard for heard in listener.heard if heard.topic.endswith("/breathing"))
    assert heard.expiry_s == topics.BREATHING.expiry_s


def test_each_event_arrives_once_and_is_acknowledged_once(
    mosquitto: Mosquitto, publisher: MakePublisher, subscribe: Subscribe
) -> None:
    """Two hundred events, each heard once and in order, each acknowledged once."""
    listener = subscribe(mosquitto.port)
    acknowledged: list[str] = []
    one = publisher(MqttSettings("127.0.0.1", mosquitto.port), acknowledged.append)
    ids = [f"e{number}" for number in range(200)]
    assert all(one.send_event(event_id, {"v": 1, "id": event_id}) for event_id in ids)
    wait_for(lambda: len(acknowledged) >= 200)
    listener.wait_for(lambda: len(listener.on("/event")) >= 200)
    assert [json.loads(payload)["id"] for payload in listener.on("/event")] == ids
    assert acknowledged == ids
    assert one.waiting_events == 0


def test_kill_makes_the_device_unavailable(mosquitto: Mosquitto, subscribe: Subscribe) -> None:
    """After SIGKILL the broker says offline, retained, by the last will."""
    listener = subscribe(mosquitto.port)
    program = (
        "import sys, time\n"
        "from osa_daemon.publish.mqtt import MqttPublisher\n"
        "from osa_daemon.publish.mqtt_settings import MqttSettings\n"
        "one = MqttPublisher(MqttSettings('127.0.0.1', int(sys.argv[1])), print)\n"
        "one.start()\n"
        "time.sleep(60)\n"
    )
    with subprocess.Popen([sys.executable, "-c", program, str(mosquitto.port)]) as process:
        listener.wait_for(lambda: listener.last("/availability") == "online", 20)
        process.send_signal(signal.SIGKILL)
    listener.wait_for(lambda: listener.last("/availability") == "offline")
    late = subscribe(mosquitto.port, f"{ROOT}/availability")
    late.wait_for(lambda: late.heard)
    assert (late.heard[0].payload, late.heard[0].is_retained) == ("offline", True)


def test_stop_sends_what_waits_then_goes_offline(
    mosquitto: Mosquitto, publisher: MakePublisher, subscribe: Subscribe
) -> None:
    """Stopping delivers the last event and status before `offline`, and ends the thread."""
    listener = subscribe(mosquitto.port)
    acknowledged: list[str] = []
    one = publisher(MqttSettings("127.0.0.1", mosquitto.port), acknowledged.append)
    one.set_state("night/current", {"v": 1, "events": 0})
    listener.wait_for(lambda: listener.last("/night/current"))
    one.set_state("night/current", {"v": 1, "events": 1})
    one.send_event("last", {"v": 1, "id": "last"})
    one.stop(5.0, {"v": 1, "state": "stopping"})
    listener.wait_for(lambda: listener.last("/availability") == "offline")
    assert acknowledged == ["last"]
    assert json.loads(listener.last("/status") or "")["state"] == "stopping"
    assert json.loads(listener.last("/night/current") or "")["events"] == 1
    assert not one.connected


def test_command_reaches_the_service(
    mosquitto: Mosquitto, publisher: MakePublisher, subscribe: Subscribe
) -> None:
    """A message on set/<key> is passed on with its key; one that is too long is not."""
    commands: list[tuple[str, bytes]] = []
    one = publisher(
        MqttSettings("127.0.0.1", mosquitto.port),
        on_command=lambda key, payload: commands.append((key, payload)),
    )
    wait_for(lambda: one.connected)
    listener = subscribe(mosquitto.port)
    listener.publish(f"{ROOT}/set/alert_after_s", "9" * 300)
    wait_for(
        lambda: listener.publish(f"{ROOT}/set/sensitivity", "high") or commands, what="command"
    )
    assert set(commands) == {("sensitivity", b"high")}


def test_retained_command_is_not_obeyed(
    mosquitto: Mosquitto, publisher: MakePublisher, subscribe: Subscribe
) -> None:
    """A command left over on the broker is not carried out at every start."""
    listener = subscribe(mosquitto.port)
    listener.publish(f"{ROOT}/set/monitoring", "OFF", is_retained=True)
    commands: list[tuple[str, bytes]] = []
    one = publisher(
        MqttSettings("127.0.0.1", mosquitto.port),
        on_command=lambda key, payload: commands.append((key, payload)),
    )
    wait_for(lambda: one.connected)
    wait_for(lambda: listener.publish(f"{ROOT}/set/alerts", "ON") or commands, what="command")
    assert {key for key, _ in commands} == {"alerts"}


def test_failing_command_leaves_the_link_alone(
    mosquitto: Mosquitto, publisher: MakePublisher, subscribe: Subscribe
) -> None:
    """What the service raises on a command or an acknowledgement ends nothing."""
    listener = subscribe(mosquitto.port)
    seen: list[str] = []

    def fail(what: str, *_: object) -> None:
        seen.append(what)
        raise RuntimeError(what)

    one = publisher(MqttSettings("127.0.0.1", mosquitto.port), fail, fail)
    wait_for(lambda: one.connected)
    wait_for(lambda: listener.publish(f"{ROOT}/set/alerts", "ON") or "alerts" in seen)
    one.send_event("a", {"v": 1, "id": "a"})
    wait_for(lambda: "a" in seen)
    one.set_state("apnea", "ON")
    listener.wait_for(lambda: listener.last("/apnea") == "ON")
    assert one.connected


def test_birth_of_home_assistant_brings_everything_again(
    mosquitto: Mosquitto, publisher: MakePublisher, subscribe: Subscribe
) -> None:
    """After `online` on homeassistant/status, discovery comes in the same bytes, and the states."""
    listener = subscribe(mosquitto.port)
    one = publisher(MqttSettings("127.0.0.1", mosquitto.port))
    one.set_state("apnea", "OFF")
    listener.wait_for(lambda: listener.last("/apnea") and listener.last("/config"))
    wait_for(
        lambda: (
            listener.publish("homeassistant/status", "online") or len(listener.on("/config")) > 1
        ),
        what="discovery again",
    )
    listener.wait_for(lambda: len(listener.on("/apnea")) > 1)
    assert len(set(listener.on("/config"))) == 1


def test_without_discovery_nothing_is_announced(
    mosquitto: Mosquitto, publisher: MakePublisher, subscribe: Subscribe
) -> None:
    """`discovery: false` keeps away from Home Assistant's topics."""
    listener = subscribe(mosquitto.port)
    one = publisher(MqttSettings("127.0.0.1", mosquitto.port, discovery=False))
    one.set_state("apnea", "OFF")
    listener.wait_for(lambda: listener.last("/apnea"))
    assert listener.on("/config") == []


def test_heartbeat_keeps_the_acknowledgement_young(
    mosquitto: Mosquitto, publisher: MakePublisher, subscribe: Subscribe
) -> None:
    """With nothing to say, availability is said again, so that a dead link would be noticed."""
    listener = subscribe(mosquitto.port)
    one = publisher(MqttSettings("127.0.0.1", mosquitto.port))
    listener.wait_for(lambda: len(listener.on("/availability")) >= 3)
    assert set(listener.on("/availability")) == {"online"}
    assert one.puback_age_s is not None


def test_unknown_topic_is_a_mistake_of_the_caller(mosquitto: Mosquitto) -> None:
    """Only topics of the table that are the caller's can be set."""
    one = MqttPublisher(MqttSettings("127.0.0.1", mosquitto.port), print)
    for suffix in ("apnoea", "event", "availability", "set/+"):
        with pytest.raises(KeyError):
            one.set_state(suffix, "ON")


def test_the_broker_is_told_less_than_the_keepalive_because_it_is_slow_to_look(
    mosquitto: Mosquitto, publisher: MakePublisher
) -> None:
    """1.5 times what it is told, and 6 s more, are within 1.5 times the setting."""
    one = publisher(MqttSettings("127.0.0.1", mosquitto.port, keepalive_s=30))
    wait_for(lambda: one.connected)
    told = re.search(r"New client connected.* k(\d+)", mosquitto.log.read_text())
    assert told
    assert 1.5 * int(told[1]) + 6 <= 1.5 * 30
