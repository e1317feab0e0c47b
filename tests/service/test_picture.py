"""The picture of a night needs matplotlib, and says so before anything is heard."""

import sys
from pathlib import Path

import pytest

from osa_daemon.cli import main
from osa_daemon.errors import ResourceError
from osa_daemon.scoring.event import Event
from osa_daemon.service.picture import NightPicture


def test_without_matplotlib_nothing_is_heard(
    data: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
):
    """One sentence and exit code 4, before a model is loaded, and nothing is left behind."""
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    monkeypatch.setattr("osa_daemon.service.replay.load_models", pytest.fail)
    events, picture = tmp_path / "e.jsonl", tmp_path / "p.png"
    command = ["replay", data / "short.ogg", "--events", events, "--picture", picture]
    assert main([str(word) for word in command]) == 4
    assert "matplotlib" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_a_matplotlib_that_cannot_be_imported_is_one_sentence(monkeypatch: pytest.MonkeyPatch):
    """It is there, but does not work."""
    pytest.importorskip("matplotlib")
    picture = NightPicture("night.ogg")
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(ResourceError, match="not usable"):
        picture.png()


def test_a_night_is_drawn():
    """A PNG, even of a night in which no frame came."""
    pytest.importorskip("matplotlib")
    picture = NightPicture("night.ogg")
    event = Event("id", "apnea", 10.0, 12.0, 0.9, "silent", monitorable=True, truncated=False)
    picture.add(None, [event])
    assert picture.png().startswith(b"\x89PNG")


def test_outputs_that_are_one_file_are_wrong_usage(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    """Exit code 2 at once."""
    out = str(tmp_path / "out")
    assert main(["replay", str(data / "short.ogg"), "--events", out, "--frames", out]) == 2
    assert "--frames and --events are both" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
