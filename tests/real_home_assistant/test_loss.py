"""What goes missing in a night: the daemon, the link, the microphone."""

import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.daemon import DaemonProcess
from tests.mosquitto import Mosquitto, wait_for
from tests.real_home_assistant.bed import Bed
from tests.real_home_assistant.home import HomeAssistant
from tests.real_home_assistant.wire import Wire

KILL_S = 2.0
KEEPALIVE_S = 10
LINK_S = 1.5 * KEEPALIVE_S


@pytest.fixture
def wire(broker: Mosquitto) -> Any:
    """The network between bed and broker."""
    wire = Wire(broker.port)
    yield wire
    wire.close()


def listens(home: HomeAssistant, bed: Bed) -> bool:
    """Whether the bed is there, and hears."""
    return home.state(bed.id_of("status")) == "monitoring"


def is_gone(home: HomeAssistant, bed: Bed) -> bool:
    """Whether every entity of the bed is unavailable."""
    states = home.states()
    return {states[key]["state"] for key in bed.entities()} == {"unavailable"}


def seconds_until_gone(home: HomeAssistant, bed: Bed, limit_s: float) -> float:
    """How long it takes until the whole bed is unavailable."""
    begin_s = time.monotonic()
    wait_for(lambda: is_gone(home, bed), limit_s, f"unavailable within {limit_s} s")
    return time.monotonic() - begin_s


def begin(home: HomeAssistant, bed: Bed, port: int, data: Path) -> DaemonProcess:
    """Start the daemon of a bed and wait until it listens."""
    daemon = bed.start(
        port, "--source", f"file:{data / 'night.ogg'}", mqtt=f"  keepalive_s: {KEEPALIVE_S}\n"
    )
    wait_for(lambda: listens(home, bed), 60.0, "monitoring")
    return daemon


def test_a_killed_daemon_is_unavailable_within_two_seconds(
    home: HomeAssistant,
    broker: Mosquitto,
    make_bed: Callable[[str], Bed],
    data: Path,
    measured: Callable[[str], None],
) -> None:
    """Every entity, by the last will."""
    bed = make_bed("killed")
    daemon = begin(home, bed, broker.port, data)
    daemon.process.send_signal(signal.SIGKILL)
    measured(f"unavailable {seconds_until_gone(home, bed, KILL_S):.2f} s after kill -9")
    daemon.wait()


def test_a_frozen_daemon_is_unavailable_within_one_and_a_half_keepalives(
    home: HomeAssistant,
    broker: Mosquitto,
    make_bed: Callable[[str], Bed],
    data: Path,
    measured: Callable[[str], None],
) -> None:
    """SIGSTOP: the kernel still acknowledges, nobody answers; after SIGCONT it is back."""
    bed = make_bed("frozen")
    daemon = begin(home, bed, broker.port, data)
    daemon.process.send_signal(signal.SIGSTOP)
    try:
        gone_s = seconds_until_gone(home, bed, LINK_S)
    finally:
        daemon.process.send_signal(signal.SIGCONT)
    measured(f"unavailable {gone_s:.1f} s after SIGSTOP, keepalive {KEEPALIVE_S} s")
    wait_for(lambda: listens(home, bed), 60.0, "monitoring again")


def test_a_dead_link_is_unavailable_within_one_and_a_half_keepalives(
    home: HomeAssistant,
    wire: Wire,
    make_bed: Callable[[str], Bed],
    data: Path,
    measured: Callable[[str], None],
) -> None:
    """Nothing passes and nobody is told; once it does again, the device is back by itself."""
    bed = make_bed("cut_off")
    begin(home, bed, wire.port, data)
    wire.is_dead = True
    try:
        gone_s = seconds_until_gone(home, bed, LINK_S)
    finally:
        wire.is_dead = False
    measured(f"unavailable {gone_s:.1f} s after the link went dead, keepalive {KEEPALIVE_S} s")
    wait_for(lambda: listens(home, bed), 90.0, "monitoring again")


def test_a_microphone_that_goes_is_a_problem_that_stays_available(
    home: HomeAssistant,
    broker: Mosquitto,
    sound_server: Any,
    make_bed: Callable[[str], Bed],
    measured: Callable[[str], None],
) -> None:
    """Unplugged: a problem with its sentence, what hears is unavailable; plugged in: none."""
    bed = make_bed("plugged")
    bed.start(broker.port, settings=f"microphone:\n  device: name:{sound_server.device}\n")
    wait_for(lambda: listens(home, bed), 60.0, "monitoring")
    problem = bed.id_of("microphone_problem")
    assert home.state(problem) == "off"
    sound_server.unplug()
    begin_s = time.monotonic()
    wait_for(lambda: home.state(problem) == "on", 30.0, "the microphone problem")
    measured(f"microphone problem {time.monotonic() - begin_s:.1f} s after it was unplugged")
    states = home.states()
    assert states[problem]["attributes"]["text"]
    assert states[bed.id_of("status")]["state"] == "no_microphone"
    wait_for(lambda: home.state(bed.id_of("breathing_pause")) == "unavailable", 5.0, "unavailable")
    states = home.states()
    for key, entity in bed.entities().items():
        assert (states[key]["state"] == "unavailable") == entity.hears, key
    sound_server.plug_in()
    wait_for(lambda: listens(home, bed) and home.state(problem) == "off", 60.0, "the microphone")
