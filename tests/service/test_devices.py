"""`osa-daemon devices`: a line a microphone, and what it says where there is none."""

import json

import pytest

from osa_daemon.audio.devices import Device
from osa_daemon.cli import main
from osa_daemon.service import devices as devices_module

SNOWBALL = Device(
    "usb:1-1.2", ("usb:1-1.2", "name:Snowball", "default"), "Snowball", 1, 44100.0, None, True
)
BUSY = Device("usb:1-1.3", ("usb:1-1.3",), "Yeti", None, held_by="pipewire", card="usb:1-1.3")


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
