"""A phone as the microphone: what the commands say of it, and which source it becomes."""

import argparse
import json
from pathlib import Path

import pytest

from osa_daemon.audio.phone import PhoneSource
from osa_daemon.audio.source import SourceState
from osa_daemon.cli import main
from osa_daemon.service import phone
from osa_daemon.service.doctor.microphone import find_phone
from osa_daemon.service.run import make_source
from osa_daemon.settings.model import Settings


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """A settings file that wants a phone."""
    path = tmp_path / "config.yaml"
    path.write_text("microphone:\n  device: phone\n", encoding="utf-8")
    return path


def wants_phone(*, enabled: bool = False, tls: bool = False) -> Settings:
    """Settings with a phone, and a page that is on or off."""
    page = {"enabled": enabled, "tls": {"enabled": tls}}
    return Settings.model_validate({"microphone": {"device": "phone"}, "web": page})


def test_the_source_is_the_phone() -> None:
    """It begins at once, and says what it waits for."""
    source = make_source(argparse.Namespace(source=None), Settings(microphone={"device": "phone"}))
    assert isinstance(source, PhoneSource)
    assert source.health().state is SourceState.STARTING
    source.close()


def test_check_config_says_that_there_is_no_page(
    config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The settings are valid, and nothing would be heard."""
    assert main(["check-config", str(config)]) == 0
    assert "web.enabled is false: no phone can connect" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        (wants_phone(), "web.enabled is false"),
        (wants_phone(enabled=True), "comes without HTTPS"),
        (wants_phone(enabled=True, tls=True), None),
    ],
)
def test_what_keeps_a_phone_away_is_told(settings: Settings, says: str | None) -> None:
    """The page must be on, and must come by HTTPS; doctor says the same."""
    found = phone.without_page(settings)
    finding, device = find_phone(settings)
    assert (device is None) == (says is not None)
    if says is None:
        assert found == ()
    else:
        assert says in found[0]
        assert finding.text == found[0]


def test_other_microphones_need_no_page() -> None:
    """Nothing is said of phones where none is asked for."""
    assert phone.without_page(Settings()) == ()


def test_devices_names_the_phone_where_it_is_possible(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """As one more line, and as a field."""
    monkeypatch.setattr("osa_daemon.service.devices.list_devices", lambda: ())
    monkeypatch.setattr("osa_daemon.service.devices.phone_is_possible", lambda _config: True)
    assert main(["devices"]) == 0
    assert capsys.readouterr().out.startswith("phone  (a phone or tablet")
    assert main(["devices", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"v": 1, "devices": [], "phone": True}


def test_a_settings_file_that_is_wrong_hides_no_microphones(tmp_path: Path) -> None:
    """The list of devices does without it."""
    path = tmp_path / "config.yaml"
    path.write_text("nonsense: 1\n", encoding="utf-8")
    assert not phone.phone_is_possible(path)
    assert not phone.phone_is_possible(tmp_path / "missing.yaml")


def test_doctor_cannot_listen_to_a_phone(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Only the daemon hears it, and that is said."""
    assert main(["doctor", "--listen", "--config", str(config)]) == 4
    assert "The microphone is a phone" in capsys.readouterr().err
