"""What the README shows of doctor is what the command prints."""

from pathlib import Path

from osa_daemon.audio.devices import Device
from osa_daemon.publish.connection import Received
from osa_daemon.publish.discovery import discovery_topic
from osa_daemon.publish.mqtt_settings import MqttSettings
from osa_daemon.service.doctor.board import check_heat, check_memory, check_power
from osa_daemon.service.doctor.broker import OWN, Visit, broker_findings
from osa_daemon.service.doctor.finding import Finding
from osa_daemon.service.doctor.home_assistant import check_home_assistant
from osa_daemon.service.doctor.microphone import Sample, find, judge
from osa_daemon.service.doctor.service import check_service
from osa_daemon.service.doctor.unit import parse_unit
from osa_daemon.service.throttling import Throttled

ROOT = Path(__file__).resolve().parents[3]
CONFIG = Path("/etc/osa-daemon/config.yaml")


def between(text: str, name: str) -> str:
    """What stands between the markers of that name, without the fence."""
    block = text.partition(f"<!-- {name}:begin -->")[2].partition(f"<!-- {name}:end -->")[0]
    return block.strip().removeprefix("```").removesuffix("```").strip()


def visit() -> Visit:
    """A broker that has heard of us, while Home Assistant says nothing."""
    settings = MqttSettings("homeassistant.local", username="osa")
    seen = Visit(settings)
    for topic in (OWN, f"set/{OWN}"):
        seen.heard[settings.topic(topic)] = Received(topic, b"")
    announced = b'{"origin": {"sw_version": "0.1.0"}}'
    seen.heard[discovery_topic(settings)] = Received("", announced)
    return seen


def example() -> list[Finding]:
    """A Pi with a weak supply and an overdriven microphone, the lines in their order."""
    snowball = Device("usb:1-1.2", ("usb:1-1.2",), "Snowball", 1, 44100.0)
    overdriven = Sample(3.0, -9.6, 1.0, 0.0, 0.14, is_constant=False, is_zero=False)
    unit = parse_unit(
        "LoadState=loaded\nActiveState=active\nUnitFileState=enabled\nNRestarts=0\n"
        "StatusText=Hearing through usb:1-1.2 (Snowball).\n"
    )
    broker = visit()
    return [
        find("usb:1-1.2", [snowball])[0],
        *broker_findings(broker),
        check_home_assistant(broker),
        judge(overdriven),
        check_heat(52.1),
        check_power(Throttled(was_under_voltage=True)),
        check_memory(3102.4, 118.2),
        *check_service(unit, CONFIG),
    ]


def test_the_readme_shows_what_doctor_prints() -> None:
    """Line by line; lines that are left out there say nothing new."""
    shown = between((ROOT / "README.md").read_text("utf-8"), "doctor")
    assert shown == "\n".join(map(str, example()))
