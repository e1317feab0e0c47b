"""The page of a real daemon: what goes to the broker is on the page at the same time."""

import json
import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.daemon import DaemonProcess, script_of
from tests.mosquitto import Mosquitto, Subscriber, free_port, wait_for
from tests.system.timed import Timed
from tests.web.page import Browser

LATE_S = 1.0
WATCHED = ("apnea", "breathing_audible", "last_event")


class Watcher(threading.Thread):
    """Notes when the page tells what."""

    def __init__(self, browser: Browser) -> None:
        super().__init__(daemon=True)
        self.browser = browser
        self.states: dict[str, Any] = {}
        self.seen: list[tuple[float, str, Any]] = []
        self.sounds: list[dict[str, Any]] = []

    def told(self, suffix: str) -> list[tuple[float, Any]]:
        """When one state was told, and how it was."""
        return [(at_s, payload) for at_s, each, payload in self.seen if each == suffix]

    def run(self) -> None:
        """Look until the daemon ends."""
        for name, data in self.browser.events():
            if name == "states":
                self.states = data
            elif name == "state":
                self.seen.append((time.monotonic(), data["suffix"], data["payload"]))
            elif name == "sound":
                self.sounds.append(data)


def value(payload: Any) -> Any:
    """A payload as plain data, whichever way it came."""
    try:
        return json.loads(payload)
    except (TypeError, ValueError):
        return payload


def with_page(folder: Path, port: int) -> str:
    """Settings of a daemon that serves its page at this port."""
    return f"journal:\n  state_dir: {folder / 'state'}\nweb:\n  enabled: true\n  port: {port}\n"


def test_states_are_on_the_page_as_soon_as_at_the_broker(
    mosquitto: Mosquitto,
    start_daemon: Callable[..., DaemonProcess],
    data: Path,
    tmp_path: Path,
):
    """A pause, its end and the decided event reach a viewer within 1 s of their MQTT message."""
    port = free_port()
    subscriber = Timed(mosquitto.port)
    daemon = start_daemon(
        mosquitto.port,
        "--source",
        f"file:{data / 'short.ogg'}",
        "--speed",
        "10",
        settings=with_page(tmp_path, port),
    )
    daemon.wait_for_log("The page is served at", 60.0)
    watcher = Watcher(Browser(port))
    watcher.start()
    wait_for(lambda: watcher.states, 30.0, "the states")
    assert watcher.states["settings"]["sensitivity"] == "balanced"
    assert daemon.wait() == 0, daemon.log.read_text()
    watcher.join(10)
    subscriber.close()
    told = [(s, value(p), at) for at, s, p in subscriber.at if s in WATCHED]
    shown = [(s, value(p), at) for at, s, p in watcher.seen if s in WATCHED]
    for suffix, payload, at_s in shown:
        late = [abs(at_s - t) for s, p, t in told if (s, p) == (suffix, payload)]
        # breathing_audible is told at most every 10 s: the broker may never hear of a change
        assert suffix == "breathing_audible" or min(late) < LATE_S, (suffix, payload)
    assert ("apnea", "ON") in [(s, p) for s, p, _ in shown]
    assert [s for s, _, _ in shown].count("last_event") > 0
    hears = {sound["hears"] for sound in watcher.sounds}
    assert "A pause in breathing" in hears
    assert any(sound["pause_s"] and sound["pause_s"] >= 10 for sound in watcher.sounds)
    children = [line for line in daemon.log.read_text().splitlines() if "Traceback" in line]
    assert not children


def test_home_assistant_is_told_where_the_page_is_once_that_is_known(
    mosquitto: Mosquitto, start_daemon: Callable[..., DaemonProcess], data: Path, tmp_path: Path
):
    """After a boot without a network, its address is announced when there is one."""
    subscriber = Subscriber(mosquitto.port)
    # stands in for a network that comes late
    late = """
run.PAGE_LOOK_S = 0.2
network = tmp / "network"
run.configuration_url = lambda _settings: network.read_text() if network.exists() else None
""".replace("tmp /", f"Path({str(tmp_path)!r}) /")
    daemon = start_daemon(
        mosquitto.port,
        "--source",
        f"file:{data / 'short.ogg'}",
        settings=with_page(tmp_path, free_port()),
        command=script_of(tmp_path, late),
    )
    daemon.wait_for_log("The page is served at", 60.0)

    def announced() -> str | None:
        told = subscriber.last("bedside/config")
        return json.loads(told)["device"].get("configuration_url") if told else None

    wait_for(lambda: subscriber.last("bedside/config"), 30.0, "the announcement")
    assert announced() is None
    (tmp_path / "network").write_text("https://192.168.1.20:8321/")
    wait_for(lambda: announced() == "https://192.168.1.20:8321/", 30.0, "the address")
    subscriber.close()


def test_a_broker_that_goes_is_on_the_page_within_seconds(
    mosquitto: Mosquitto, start_daemon: Callable[..., DaemonProcess], data: Path, tmp_path: Path
):
    """Before any event has to wait: whoever looks learns that an alert would reach nobody else."""
    port = free_port()
    options = ("--source", f"file:{data / 'night.ogg'}")
    daemon = start_daemon(mosquitto.port, *options, settings=with_page(tmp_path, port))
    daemon.wait_for_log("The page is served at", 60.0)
    watcher = Watcher(Browser(port))
    watcher.start()
    wait_for(lambda: watcher.sounds, 60.0, "sound")
    assert watcher.told("problem/broker") == []
    mosquitto.stop()

    def is_said() -> bool:
        words = [payload["text"] or "" for _, payload in watcher.told("problem/broker")]
        return any(text.startswith("Home Assistant is told nothing now") for text in words)

    wait_for(is_said, 30.0, "the word")
    mosquitto.start()
    wait_for(lambda: watcher.told("problem/broker")[-1][1]["state"] == "OFF", 30.0, "the end of it")


def test_a_daemon_that_is_killed_leaves_no_page_behind(
    mosquitto: Mosquitto, start_daemon: Callable[..., DaemonProcess], data: Path, tmp_path: Path
):
    """Nobody is shown a page that knows nothing any more."""
    port = free_port()
    options = ("--source", f"file:{data / 'short.ogg'}")
    daemon = start_daemon(mosquitto.port, *options, settings=with_page(tmp_path, port))
    daemon.wait_for_log("The page is served at", 60.0)
    wait_for(lambda: is_served(port), 30.0, "the page")
    daemon.process.kill()
    wait_for(lambda: not is_served(port), 10.0, "the end of the page")


def is_served(port: int) -> bool:
    """Whether somebody listens there."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
