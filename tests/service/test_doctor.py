"""Doctor: a line for each thing, the remedy where something is wrong, the right exit code."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from osa_daemon.audio.devices import Device
from osa_daemon.audio.holder import DAEMON
from osa_daemon.cli import main
from osa_daemon.detector.model import Metadata
from osa_daemon.errors import DeviceError
from osa_daemon.service import checks
from osa_daemon.service import devices as devices_module
from osa_daemon.service import doctor as doctor_module
from osa_daemon.service.broker_check import check_broker
from osa_daemon.service.checks import (
    check_clock,
    check_disk,
    check_microphone,
    check_models,
    check_secrets,
    check_settings,
    check_state_dir,
    check_versions,
)
from osa_daemon.service.finding import Verdict
from osa_daemon.settings.load import load
from osa_daemon.settings.model import Mqtt
from tests.mosquitto import PASSWORD, USER, Mosquitto, free_port

SNOWBALL = Device(
    "usb:1-1.2", ("usb:1-1.2", "name:Snowball", "default"), "Snowball", 1, 44100.0, None, True
)
HEARD = Device("usb:1-1.4", ("usb:1-1.4",), "Mini", None, held_by=DAEMON, card="usb:1-1.4")
BUSY = Device("usb:1-1.3", ("usb:1-1.3",), "Yeti", None, held_by="pipewire", card="usb:1-1.3")


def test_versions_are_told() -> None:
    """What is installed stands in one line."""
    finding = check_versions()
    assert finding.verdict is Verdict.GOOD
    assert "onnxruntime 1." in finding.text


def test_models_that_load_are_good() -> None:
    """The shipped models load in a child."""
    assert check_models().verdict is Verdict.GOOD


@pytest.mark.parametrize(
    ("wanted", "verdict", "says"),
    [
        ("usb:1-1.2", Verdict.GOOD, "usb:1-1.2"),
        ("default", Verdict.GOOD, "Snowball"),
        ("usb:9-9", Verdict.BAD, "there is: usb:1-1.2"),
        ("usb:1-1.3", Verdict.BAD, "pipewire"),
        ("usb:1-1.4", Verdict.GOOD, "by the running daemon"),
    ],
)
def test_the_microphone_of_the_settings_is_looked_for(
    wanted: str, verdict: Verdict, says: str
) -> None:
    """A missing one lists those there are, a busy one names its holder; our own is no fault."""
    finding = check_microphone(wanted, [SNOWBALL, BUSY, HEARD])
    assert finding.verdict is verdict
    assert says in finding.text


def test_a_state_folder_that_can_be_written_is_good(tmp_path: Path) -> None:
    """It is tried, and left as it was."""
    assert check_state_dir(tmp_path).verdict is Verdict.GOOD
    assert list(tmp_path.iterdir()) == []


def test_a_state_folder_that_is_missing_is_bad(tmp_path: Path) -> None:
    """It is not made, and the remedy is told."""
    finding = check_state_dir(tmp_path / "none")
    assert finding.verdict is Verdict.BAD
    assert "create it" in finding.text
    assert not (tmp_path / "none").exists()


def test_the_disk_is_that_of_the_state_folder(tmp_path: Path) -> None:
    """A folder that is not there yet is judged by the one above."""
    assert str(tmp_path) in check_disk(tmp_path / "none" / "deep").text


def test_the_clock_is_asked() -> None:
    """The kernel says whether it is synchronised; neither answer is bad."""
    assert check_clock().verdict in {Verdict.GOOD, Verdict.DOUBTFUL}


def test_overrides_that_are_left_out_are_told(tmp_path: Path) -> None:
    """A warning of the loader becomes a note."""
    (tmp_path / "config.yaml").write_text("")
    (tmp_path / "overrides.json").write_text("{")
    loaded = load(tmp_path / "config.yaml", tmp_path / "overrides.json")
    assert check_settings(loaded).verdict is Verdict.DOUBTFUL


def test_secrets_that_everyone_can_read_are_told(tmp_path: Path) -> None:
    """0644 is a note with its remedy, 0640 and 0600 nothing, whoever owns the file."""
    password, key, token = (tmp_path / name for name in ("password", "key.pem", "token"))
    config = tmp_path / "config.yaml"
    config.write_text(
        f"mqtt:\n  username: osa\n  password_file: {password}\n"
        f"  tls:\n    enabled: true\n    cert_file: /c.pem\n    key_file: {key}\n"
        f"ntfy:\n  url: https://ntfy.example.org/bed\n  token_file: {token}\n"
        f"journal:\n  state_dir: {tmp_path}\n"
    )
    config.chmod(0o640)
    loaded = load(config, environ={})
    assert list(check_secrets(loaded)) == []  # what is missing is the broker's finding
    for path in (password, key, token):
        path.write_text("x")
    for path in (password, key, token, config):
        path.chmod(0o644)
    found = list(check_secrets(loaded))
    assert [finding.verdict for finding in found] == 4 * [Verdict.DOUBTFUL]
    assert f"mqtt.password_file {password} can be read by every user" in found[0].text
    assert f"chgrp osa-daemon {key} and then chmod 640 {key}" in found[1].text
    assert "names an ntfy topic" in found[3].text
    for path in (password, key, token, config):
        path.chmod(0o640)
    assert list(check_secrets(loaded)) == []


def test_a_broker_that_runs_is_good(mosquitto: Mosquitto) -> None:
    """One connection is made and ended."""
    finding = check_broker(Mqtt(host="127.0.0.1", port=mosquitto.port))
    assert finding.verdict is Verdict.GOOD


def test_a_broker_that_is_not_there_is_bad() -> None:
    """The sentence names host and port."""
    port = free_port()
    finding = check_broker(Mqtt(host="127.0.0.1", port=port))
    assert finding.verdict is Verdict.BAD
    assert f"127.0.0.1:{port}" in finding.text


def test_a_wrong_password_is_bad(make_mosquitto: Callable[[], Mosquitto], tmp_path: Path) -> None:
    """A refusal names the user; the right password is taken."""
    broker = make_mosquitto().with_password().start()
    path = tmp_path / "password"
    path.write_text("wrong\n")
    mqtt = Mqtt(host="127.0.0.1", port=broker.port, username=USER, password_file=path)
    assert f'refused user "{USER}"' in check_broker(mqtt).text
    path.write_text(f"{PASSWORD}\n")
    assert check_broker(mqtt).verdict is Verdict.GOOD


@pytest.fixture
def config(tmp_path: Path, mosquitto: Mosquitto) -> str:
    """A settings file with which everything but the microphone is good."""
    path = tmp_path / "config.yaml"
    path.write_text(
        f"mqtt:\n  host: 127.0.0.1\n  port: {mosquitto.port}\n"
        f"journal:\n  state_dir: {tmp_path}\nmicrophone:\n  device: usb:1-1.2\n"
    )
    return str(path)


@pytest.mark.parametrize(("there", "code"), [((SNOWBALL,), 0), ((BUSY,), 4), ((), 4)])
def test_doctor_exits_4_where_something_is_bad(
    there: tuple[Device, ...],
    code: int,
    config: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """All findings are printed, whatever the first ones say."""
    monkeypatch.setattr(doctor_module, "list_devices", lambda: there)
    assert main(["doctor", "--config", config]) == code
    names = [
        line.split(":")[0].split(maxsplit=1)[1] for line in capsys.readouterr().out.splitlines()
    ]
    assert names == [
        *("versions", "settings", "models", "microphone", "broker"),
        *("state folder", "disk", "swap", "clock"),
    ]


def test_doctor_goes_on_where_the_sound_system_hangs(
    config: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its error is a finding like others."""

    def hang() -> tuple[Device, ...]:
        raise DeviceError("The sound system did not answer.")

    monkeypatch.setattr(doctor_module, "list_devices", hang)
    assert main(["doctor", "--json", "--config", config]) == 4
    findings = json.loads(capsys.readouterr().out)["findings"]
    assert {f["name"]: f["verdict"] for f in findings}["microphone"] == "bad"


def test_devices_lists_what_there_is(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A line a microphone: identity, name, rate, holder."""
    monkeypatch.setattr(devices_module, "list_devices", lambda: (SNOWBALL, BUSY))
    assert main(["devices"]) == 0
    first, second = capsys.readouterr().out.splitlines()
    assert first.split() == ["usb:1-1.2", "Snowball", "44100", "Hz"]
    assert second.endswith("in use by pipewire")
    assert main(["devices", "--json"]) == 0
    listed = json.loads(capsys.readouterr().out)["devices"]
    assert [each["identity"] for each in listed] == ["usb:1-1.2", "usb:1-1.3"]


def test_no_device_is_exit_code_4(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """One sentence, also with --json, whose list is then empty."""
    monkeypatch.setattr(devices_module, "list_devices", tuple)
    assert main(["devices", "--json"]) == 4
    out, err = capsys.readouterr()
    assert json.loads(out)["devices"] == []
    assert "no microphone" in err


def test_a_limit_that_the_model_cannot_keep_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The daemon runs on with less than was asked for: a note."""
    events = [{"threshold": 0.9, "recall": 0.8, "false_per_night": 2.0}]
    progress = [{"threshold": 0.9, "told": 0.8, "false_alerts_per_night": 0.1}]
    calibration = {"night_h": 8.0, "events": events, "in_progress": progress}
    metadata = Metadata(75, (1, 2, 3), 384, 12, {"balanced": {}}, "", {}, calibration)
    monkeypatch.setattr(checks, "metadata_of", lambda: metadata)
    config = tmp_path / "config.yaml"
    for limit, verdict in ((1, Verdict.DOUBTFUL), (3, Verdict.GOOD)):
        config.write_text(f"detection: {{max_false_events_per_night: {limit}}}")
        assert check_settings(load(config, tmp_path / "none.json")).verdict is verdict
