"""Doctor with real PortAudio on a virtual microphone: its level, live, over time, and hanging."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from osa_daemon.audio.listing import list_devices
from osa_daemon.cli import main
from osa_daemon.service.doctor import examination
from osa_daemon.service.doctor.finding import Finding, Verdict, good
from osa_daemon.service.doctor.microphone import listen
from tests.mosquitto import Mosquitto

LONG_S = 30  # what is played lasts longer than any of the tests listens


@pytest.fixture
def config(tmp_path: Path, mosquitto: Mosquitto, sound_server: Any) -> Path:
    """Settings with the virtual microphone."""
    path = tmp_path / "config.yaml"
    path.write_text(
        f"mqtt: {{host: 127.0.0.1, port: {mosquitto.port}}}\n"
        f"journal: {{state_dir: {tmp_path}}}\n"
        f"microphone: {{device: 'name:{sound_server.device}'}}\n"
    )
    return path


@pytest.fixture
def examine(config: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], dict[str, Finding]]:
    """Runs doctor; gives its findings by name. Models are another test's, and a second will do."""
    monkeypatch.setattr(examination, "check_models", lambda: good("models", ""))
    monkeypatch.setattr(examination, "listen", lambda source: listen(source, duration_s=1.0))
    return lambda: {f.name: f for f in examination.Examination.begin(config).findings()}


def noise(level: float) -> np.ndarray:
    """White noise for as long as a test listens (48 kHz, full scale 1)."""
    drawn = np.random.default_rng(4).normal(0, level, LONG_S * 48_000)
    return np.clip(drawn, -1, 1).astype(np.float32)


@pytest.mark.parametrize(
    ("sound", "verdict", "says"),
    [
        (noise(0.01), Verdict.GOOD, "-4"),
        (noise(3.0), Verdict.BAD, "overdriven"),
        (noise(0.0), Verdict.BAD, "digital silence"),
    ],
    ids=["murmur", "overdriven", "zeros"],
)
def test_the_level_is_measured(
    sound: np.ndarray,
    verdict: Verdict,
    says: str,
    sound_server: Any,
    examine: Callable[[], dict[str, Finding]],
) -> None:
    """Some seconds of the real microphone are judged."""
    sound_server.play(sound)
    found = examine()
    assert found["microphone"].verdict is Verdict.GOOD
    assert found["level"].verdict is verdict, found["level"]
    assert says in found["level"].text


def test_a_sound_server_that_hangs_is_a_finding(
    sound_server: Any,
    examine: Callable[[], dict[str, Finding]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Doctor is through in bounded time, and all else is looked at."""
    monkeypatch.setattr(examination, "list_devices", lambda: list_devices(1.0))
    sound_server.stop()
    found = examine()
    sound_server.cont()
    assert found["microphone"].verdict is Verdict.BAD
    assert "restart the sound server" in found["microphone"].text
    assert "level" not in found
    assert "service" in found


def test_it_listens_live(
    sound_server: Any, config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Second by second, from the microphone of the settings, for as long as was asked."""
    sound_server.play(noise(0.01))
    assert main(["doctor", "--listen", "--seconds", "3", "--json", "--config", str(config)]) == 0
    *rows, last = map(json.loads, capsys.readouterr().out.splitlines())
    assert last["heard_s"] == len(rows) > 0
    assert -60 < max(row["level_dbfs"] for row in rows) < -30


def test_it_soaks(sound_server: Any, config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Figures of the real capture: how late sound is, what it costs, which device it was."""
    sound_server.play(noise(0.01))
    assert main(["doctor", "--soak", "5s", "--json", "--config", str(config)]) in {0, 4}
    told = json.loads(capsys.readouterr().out)
    assert told["audio_s"] > 0
    assert told["cpu_per_audio_s"] > 0
    assert told["delay_s_max"] > 0
    assert sound_server.device in told["device"]
    assert told["rate_hz"] is None  # it takes a minute
