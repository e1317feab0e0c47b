"""`evaluate`: what it says before it hears anything, what it writes, and that it goes on."""

import hashlib
import json
import shutil
import sys
from contextlib import redirect_stdout
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from osa_daemon.cli import main
from osa_daemon.service import evaluate as command
from osa_daemon.service.models import load_models, models_folder

HEADER = "onset_s,duration_s,type\n"


@pytest.fixture
def short(data: Path, tmp_path: Path) -> Path:
    """A folder that holds the short bundled night alone."""
    folder = tmp_path / "short"
    folder.mkdir()
    for path in data.glob("short.*"):
        shutil.copy2(path, folder)
    return folder


@pytest.fixture
def heard(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of the nights that were heard, not read from the cache."""
    names: list[str] = []
    judge = command.judge

    def listening(*args: Any) -> Any:
        names.append(args[-1])
        return judge(*args)

    monkeypatch.setattr(command, "judge", listening)
    return names


@pytest.fixture
def deaf(monkeypatch: pytest.MonkeyPatch) -> None:
    """Loading a model would be the first work: it fails the test."""
    monkeypatch.setattr(command, "load_models", pytest.fail)
    monkeypatch.setattr(command, "load_models_with", pytest.fail)


def noise(folder: Path, name: str, seconds: float = 2.0, events: str = "") -> Path:
    """Write a quick night of noise."""
    samples = np.random.default_rng(1).normal(0, 0.01, int(16_000 * seconds))
    sound = folder / name
    soundfile.write(sound, samples, 16_000)
    sound.with_suffix(".events.csv").write_text(HEADER + events)
    return sound


def written(folder: Path, out: Path, *options: object) -> dict[str, Any]:
    """Evaluate a folder; return the figures."""
    assert main([str(o) for o in ("evaluate", folder, "--json", out, *options)]) == 0
    figures: dict[str, Any] = json.loads(out.read_text())
    return figures


@pytest.mark.usefixtures("deaf")
def test_figures_that_cannot_be_written_are_told_at_once(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    """One sentence and exit code 4."""
    assert main(["evaluate", str(data), "--json", str(tmp_path / "no" / "f.json")]) == 4
    assert "cannot be written" in capsys.readouterr().err


@pytest.mark.usefixtures("deaf")
@pytest.mark.parametrize("option", ["--cache", "--pictures"])
def test_a_folder_that_cannot_be_made_is_told_at_once(
    data: Path, tmp_path: Path, option: str, capsys: pytest.CaptureFixture[str]
):
    """One sentence and exit code 4, and no figures."""
    (tmp_path / "file").touch()
    out = tmp_path / "f.json"
    options = ["--json", str(out), option, str(tmp_path / "file" / "x")]
    assert main(["evaluate", str(data), *options]) == 4
    assert "cannot be written" in capsys.readouterr().err
    assert not out.exists()


@pytest.mark.usefixtures("deaf")
def test_figures_do_not_overwrite_a_night(short: Path, capsys: pytest.CaptureFixture[str]):
    """NAME.json says what is known of the night: usage error, and it stays."""
    before = (short / "short.json").read_bytes()
    assert main(["evaluate", str(short), "--json", str(short / "short.json")]) == 2
    assert "belongs to a night" in capsys.readouterr().err
    assert (short / "short.json").read_bytes() == before


@pytest.mark.usefixtures("deaf")
def test_a_damaged_truth_is_told_at_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    """One sentence and exit code 3, with the file and its line."""
    noise(tmp_path, "n.wav", events="1,soon,apnea\n")
    assert main(["evaluate", str(tmp_path)]) == 3
    assert 'n.events.csv, line 2, has the duration_s "soon"' in capsys.readouterr().err


@pytest.mark.usefixtures("deaf")
def test_a_damaged_sound_is_told_at_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    """One sentence and exit code 3, though it is the last night; nothing is written."""
    noise(tmp_path, "a.wav")
    noise(tmp_path, "b.wav").write_bytes(b"no sound")
    out = tmp_path / "f.json"
    assert main(["evaluate", str(tmp_path), "--json", str(out)]) == 3
    assert "b.wav is not a sound file" in capsys.readouterr().err
    assert not out.exists()


@pytest.mark.usefixtures("deaf")
def test_missing_matplotlib_is_told_at_once(
    data: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
):
    """One sentence and exit code 4: it is not installed on a Pi."""
    monkeypatch.setattr("osa_daemon.report.extra.find_spec", lambda _: None)
    assert main(["evaluate", str(data), "--pictures", str(tmp_path / "p")]) == 4
    assert "matplotlib" in capsys.readouterr().err


def test_a_model_that_is_none_is_refused(
    short: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    """One sentence and exit code 4."""
    (tmp_path / "m.onnx").write_bytes(b"no model")
    assert main(["evaluate", str(short), "--model", str(tmp_path / "m.onnx")]) == 4
    assert "m.onnx is damaged" in capsys.readouterr().err


@dataclass(frozen=True, slots=True)
class Evaluated:
    """What an evaluation left: its figures, what it printed, and the names of its pictures."""

    figures: dict[str, Any]
    lines: list[str]
    pictures: set[str]


@pytest.fixture(scope="module")
def evaluated(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Evaluated:
    """The short bundled night, evaluated with alerts after 15 s."""
    folder = tmp_path_factory.mktemp("evaluated")
    nights, pictures, settings = (folder / name for name in ("nights", "made/pictures", "c.yaml"))
    nights.mkdir()
    for path in data.glob("short.*"):
        shutil.copy2(path, nights)
    settings.write_text("alerts:\n  notice_s: 12\n  after_s: 15\n")
    options = ("--pictures", pictures, "--config", settings)
    with redirect_stdout(StringIO()) as printed:
        figures = written(nights, folder / "f.json", *options)
    names = {path.name for path in pictures.iterdir()}
    return Evaluated(figures, printed.getvalue().splitlines(), names)


def test_the_json_holds_each_night_and_all_together(evaluated: Evaluated):
    """Counts by name and pooled, what is known of the night, and what they were made with."""
    figures = evaluated.figures
    night = figures["nights"]["short"]
    assert night["events"] == 3
    assert night["facts"]["person"] == "synthetic-train-41759895/written"
    assert figures["all"]["found"] == night["found"]
    assert figures["figures"]["events"]["all"]["found"] == night["found"]
    shipped = hashlib.sha256((models_folder() / "detector.onnx").read_bytes()).hexdigest()
    assert figures["with"]["detector_sha256"] == shipped


def test_a_line_a_night_and_then_the_tables_are_printed(evaluated: Evaluated):
    """The card is what it prints: Markdown, headings and tables."""
    assert [line.split()[0] for line in evaluated.lines[:2]] == ["night", "short"]
    assert evaluated.lines[1].endswith("1 of 1")
    assert "## Alerts" in evaluated.lines


def test_the_files_stand_before_the_tables_are_printed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """Who reads only the first lines (`| head`) loses no figures."""
    out = tmp_path / "f.json"
    noise(tmp_path, "n.wav")
    monkeypatch.setattr(command, "markdown_of", lambda _: f"there: {out.exists()}")
    with redirect_stdout(StringIO()) as printed:
        written(tmp_path, out)
    assert "there: True" in printed.getvalue()


def test_facts_that_are_no_numbers_are_no_json_numbers(tmp_path: Path):
    """Not every reader of JSON takes NaN, which NAME.json may hold."""
    noise(tmp_path, "n.wav").with_suffix(".json").write_text('{"snr_db": NaN}')
    figures = written(tmp_path, tmp_path / "f.json")
    assert figures["nights"]["n"]["facts"] == {"snr_db": None}


def test_pictures_are_written(evaluated: Evaluated):
    """One PNG for each of the main figures; audible time and SNR are known of this night."""
    assert {"reliability.png", "risk.png", "recall_by_snr.png"} <= evaluated.pictures


def test_the_alert_threshold_of_the_settings_is_the_one_judged(evaluated: Evaluated):
    """`alerts.after_s` decides when an alert is due."""
    assert evaluated.figures["figures"]["alerts"]["all"]["after_s"] == 15


def test_a_later_run_goes_on(tmp_path: Path, heard: list[str]):
    """A night in the cache is not heard again, and the figures are the same."""
    folder, cache = tmp_path / "nights", tmp_path / "cache"
    folder.mkdir()
    noise(folder, "n.wav", events="0.5,1,apnea\n")
    first = written(folder, tmp_path / "1.json", "--cache", cache)
    noise(folder, "more.wav")
    second = written(folder, tmp_path / "2.json", "--cache", cache)
    assert heard == ["n", "more"]
    assert second["nights"]["n"] == first["nights"]["n"]


@pytest.mark.parametrize("change", ["sound", "truth", "sensitivity"])
def test_what_has_changed_is_heard_again(tmp_path: Path, heard: list[str], change: str):
    """Another sound, another truth or another sensitivity makes another night of it."""
    folder = tmp_path / "nights"
    folder.mkdir()
    noise(folder, "n.wav")
    written(folder, tmp_path / "f.json", "--cache", tmp_path / "cache")
    if change == "sound":
        noise(folder, "n.wav", seconds=3.0)
    elif change == "truth":
        (folder / "n.events.csv").write_text(HEADER + "0.5,12,apnea\n")
    options = ("--sensitivity", "high") if change == "sensitivity" else ()
    written(folder, tmp_path / "f.json", "--cache", tmp_path / "cache", *options)
    assert heard == ["n", "n"]


def test_an_interrupted_run_keeps_what_it_heard(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, heard: list[str]
):
    """After Ctrl-C in the second night only that one is heard anew; no figures were written."""
    folder, cache, out = tmp_path / "nights", tmp_path / "cache", tmp_path / "f.json"
    folder.mkdir()
    for name in ("a.wav", "b.wav"):
        noise(folder, name)
    listening = command.judge

    def stopped(*args: Any) -> Any:
        if args[-1] == "b":
            raise KeyboardInterrupt
        return listening(*args)

    with monkeypatch.context() as patch:
        patch.setattr(command, "judge", stopped)
        assert main(["evaluate", str(folder), "--json", str(out), "--cache", str(cache)]) == 130
    assert not out.exists()
    written(folder, out, "--cache", cache)
    assert heard == ["a", "b"]


def test_the_sensitivity_is_chosen_on_the_command_line(tmp_path: Path):
    """`--sensitivity` sets the thresholds that the figures are made with."""
    noise(tmp_path, "n.wav")
    of_model = load_models().detector().metadata.thresholds
    for sensitivity in ("low", "high"):
        figures = written(tmp_path, tmp_path / "f.json", "--sensitivity", sensitivity)
        assert figures["with"]["rules"]["thresholds"]["event"] == of_model[sensitivity]["event"]


def test_another_model_may_be_named(tmp_path: Path):
    """`--model` takes a detector from elsewhere; the encoder is the installed one."""
    model = tmp_path / "mine.onnx"
    shutil.copy(models_folder() / "detector.onnx", model)
    noise(tmp_path, "n.wav")
    figures = written(tmp_path, tmp_path / "f.json", "--model", model)
    assert list(figures["nights"]) == ["n"]


def test_a_share_of_the_nights_is_a_trial(tmp_path: Path):
    """`--share` takes the first ones, at least one."""
    for name in ("a.wav", "b.wav", "c.wav"):
        noise(tmp_path, name)
    half = written(tmp_path, tmp_path / "f.json", "--share", "0.6")
    least = written(tmp_path, tmp_path / "f.json", "--share", "0.01")
    assert (list(half["nights"]), list(least["nights"])) == (["a", "b"], ["a"])


@pytest.mark.usefixtures("deaf")
@pytest.mark.parametrize("share", ["0", "1.5", "-1", "nan", "half"])
def test_a_share_that_is_none_is_refused(
    tmp_path: Path, share: str, capsys: pytest.CaptureFixture[str]
):
    """Usage error in one sentence."""
    assert main(["evaluate", str(tmp_path), f"--share={share}"]) == 2
    assert "is not a share above 0, up to 1" in capsys.readouterr().err


def test_events_after_the_end_of_the_sound_are_left_out(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    """Scorers go on where the recorder stopped: nobody could hear those, and it is said."""
    noise(tmp_path, "n.wav", events="0.5,1,apnea\n100,12,apnea\n")
    figures = written(tmp_path, tmp_path / "f.json")
    assert figures["all"]["events"] == 1
    assert "1 of its 2 events begin after the end" in capsys.readouterr().err


@pytest.mark.usefixtures("deaf")
def test_events_that_all_lie_after_the_end_are_an_error(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    """A wrong offset would make a night without events of it, full of false ones."""
    noise(tmp_path, "n.wav", events="100,12,apnea\n300,12,apnea\n")
    assert main(["evaluate", str(tmp_path)]) == 3
    told = capsys.readouterr().err
    assert "n.wav: all of its events (2) begin after its end" in told
    assert "seconds from the start of the sound?" in told


def test_an_event_too_long_to_be_told_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    """A pause of two minutes is never an event, whatever was heard."""
    noise(tmp_path, "n.wav", events="0.5,130,apnea\n")
    written(tmp_path, tmp_path / "f.json")
    assert "1 of its 1 events last 120 s or longer" in capsys.readouterr().err


def test_material_for_simulated_nights_is_told_from_nights(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    """Where the training's packages are missing, one sentence says so, with exit code 4."""
    (tmp_path / "sounds").mkdir()
    (tmp_path / "sounds" / "manifest.csv").touch()
    monkeypatch.setitem(sys.modules, "osa_daemon.training.detector.evaluate", None)
    assert main(["evaluate", str(tmp_path)]) == 4
    assert "simulated nights" in capsys.readouterr().err
