"""`evaluate` says what it cannot do before it hears anything."""

from pathlib import Path

import pytest

from osa_daemon.cli import main


@pytest.fixture(autouse=True)
def no_models(monkeypatch: pytest.MonkeyPatch) -> None:
    """Loading a model would be the first work."""
    monkeypatch.setattr("osa_daemon.service.evaluate.load_models", pytest.fail)


def test_figures_that_cannot_be_written_are_told_at_once(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    """One sentence and exit code 4."""
    assert main(["evaluate", str(data), "--json", str(tmp_path / "no" / "f.json")]) == 4
    assert "cannot be written" in capsys.readouterr().err


def test_a_damaged_truth_is_told_at_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    """One sentence and exit code 3, with the file and its line."""
    (tmp_path / "n.wav").touch()
    (tmp_path / "n.events.csv").write_text("onset_s,duration_s,type\n1,soon,apnea\n")
    assert main(["evaluate", str(tmp_path)]) == 3
    assert 'n.events.csv, line 2, has the duration_s "soon"' in capsys.readouterr().err
