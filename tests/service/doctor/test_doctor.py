"""Doctor as a whole: a line for each thing, the right exit code, whatever hangs or is broken."""

import json
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from osa_daemon.audio.block import Block
from osa_daemon.audio.devices import Device
from osa_daemon.audio.holder import DAEMON
from osa_daemon.audio.source import SourceHealth, SourceState
from osa_daemon.cli import main
from osa_daemon.errors import DeviceError
from osa_daemon.service.doctor import command, examination
from osa_daemon.service.doctor.examination import Examination
from osa_daemon.service.doctor.fence import Check, fenced
from osa_daemon.service.doctor.finding import Finding, Verdict, good
from osa_daemon.service.doctor.unit import parse_unit
from tests.mosquitto import Mosquitto

SNOWBALL = Device("usb:1-1.2", ("usb:1-1.2", "name:Snowball", "default"), "Snowball", 1, 44100.0)
BUSY = Device("usb:1-1.2", ("usb:1-1.2",), "Yeti", None, held_by="pipewire", card="usb:1-1.2")
HEARD = Device("usb:1-1.2", ("usb:1-1.2",), "Yeti", None, held_by=DAEMON, card="usb:1-1.2")
pytestmark = pytest.mark.usefixtures("no_models")
BEFORE = ("versions", "settings", "models", "microphone", "broker", "topics", "home assistant")
LEVEL = ("level",)
AFTER = (
    *("permissions", "state folder", "journal", "disk", "swap", "clock", "time zone"),
    *("temperature", "power", "memory", "service"),
)


class Murmur:
    """A microphone that gives noise at once."""

    def __init__(self, device: str) -> None:
        self._end = 0

    def read(self, timeout_s: float) -> Block:
        """A second of it."""
        start, self._end = self._end, self._end + 16_000
        noise = np.random.default_rng(start).normal(0, 0.01, 16_000)
        return Block(start, noise.astype(np.float32))

    def health(self) -> SourceHealth:
        """Well."""
        return SourceHealth(SourceState.RUNNING, "Hearing through Murmur.")

    def close(self) -> None:
        """Nothing is open."""


@pytest.fixture
def config(tmp_path: Path, mosquitto: Mosquitto, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A settings file with which everything but the microphone is good."""
    monkeypatch.setattr(examination, "MicrophoneSource", Murmur)
    path = tmp_path / "config.yaml"
    path.write_text(
        f"mqtt:\n  host: 127.0.0.1\n  port: {mosquitto.port}\n"
        f"journal:\n  state_dir: {tmp_path}\nmicrophone:\n  device: usb:1-1.2\n"
    )
    return path


def names_of(out: str) -> list[str]:
    """The names of the lines that were printed, each once."""
    names = [line.split(":")[0].split(maxsplit=1)[1] for line in out.splitlines()]
    return list(dict.fromkeys(names))


@pytest.mark.parametrize(
    ("there", "code", "level"),
    [((SNOWBALL,), 0, LEVEL), ((HEARD,), 0, LEVEL), ((BUSY,), 4, ()), ((), 4, ())],
)
def test_doctor_exits_4_where_something_is_bad(
    there: tuple[Device, ...],
    code: int,
    level: tuple[str, ...],
    config: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """All findings are printed, whatever the first ones say; a level where one can be heard."""
    monkeypatch.setattr(examination, "list_devices", lambda: there)
    monkeypatch.setattr("osa_daemon.service.doctor.broker.LEVEL_S", 0.1)
    assert main(["doctor", "--config", str(config)]) == code
    assert names_of(capsys.readouterr().out) == [*BEFORE, *level, *AFTER]


def test_doctor_goes_on_where_the_sound_system_fails(
    config: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its error is a finding like others."""

    def fail() -> tuple[Device, ...]:
        raise DeviceError("The sound system did not answer.")

    monkeypatch.setattr(examination, "list_devices", fail)
    assert main(["doctor", "--json", "--config", str(config)]) == 4
    findings = json.loads(capsys.readouterr().out)["findings"]
    assert {f["name"]: f["verdict"] for f in findings}["microphone"] == "bad"


@pytest.mark.parametrize(
    "text", ["mqtt: {hots: x}", "mqtt: [", "\x00", "journal: {state_dir: here}"]
)
def test_wrong_settings_are_one_finding_and_exit_code_2(
    text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What does not need them is looked at all the same."""
    path = tmp_path / "config.yaml"
    path.write_text(text)
    assert main(["doctor", "--config", str(path)]) == 2
    out, err = capsys.readouterr()
    assert err == ""
    assert names_of(out) == [*BEFORE[:3], *AFTER[5:]]
    assert "BAD   settings: " in out


@pytest.mark.parametrize("error", [ImportError("No module named 'soxr'"), OSError("no libsndfile")])
@pytest.mark.parametrize("way", [[], ["--listen"], ["--soak", "10s"], ["--bundle", "x.tar.gz"]])
def test_a_broken_installation_is_a_sentence(
    way: list[str],
    error: Exception,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Where a part of it cannot even be loaded, doctor says that, and what to do."""

    def fail(_name: str) -> object:
        raise error

    monkeypatch.setattr(command, "import_module", fail)
    assert main(["doctor", *way]) == 4
    _, err = capsys.readouterr()
    assert err == f"The installation is broken ({error}): run scripts/install.sh again.\n"


def test_a_check_that_hangs_is_left_behind() -> None:
    """What it found before counts; then it is bad, with the remedy, and the next one follows."""
    forever = threading.Event()

    def hang() -> Iterator[Finding]:
        yield good("a", "fine")
        forever.wait()

    found = fenced(Check("a", hang, 0.1, "restart it"))
    forever.set()
    assert [str(finding) for finding in found] == [
        "ok    a: fine",
        "BAD   a: no answer within 0.1 s: restart it.",
    ]


def test_a_check_that_is_broken_is_a_note() -> None:
    """Never a traceback: what was wrong stands in one line."""
    (finding,) = fenced(Check("a", lambda: [good("a", str(1 // 0))]))
    assert finding.verdict is Verdict.DOUBTFUL
    assert "ZeroDivisionError" in finding.text
    assert "please report it" in finding.text


def test_settings_are_those_of_the_service(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A password that systemd hands to the service is used where this user may read it."""
    secret = tmp_path / "credential"
    secret.write_text("x")
    config = tmp_path / "config.yaml"
    config.write_text("mqtt: {username: osa}")
    shown = (
        f"LoadState=loaded\nEnvironment=OSA_MQTT_PASSWORD_FILE={secret} OSA_MQTT_KEY_FILE=/none\n"
    )
    monkeypatch.setattr(examination, "read_unit", lambda: parse_unit(shown))
    begun = Examination.begin(config)
    assert begun.loaded is not None
    assert begun.loaded.settings.mqtt.password_file == secret
    assert begun.loaded.settings.mqtt.tls.key_file is None
