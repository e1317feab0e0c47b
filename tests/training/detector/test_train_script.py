"""scripts/train_detector.py: where models go, and what is done only when it is asked for."""

import subprocess
import sys
from collections.abc import Callable
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

import pytest

pytest.importorskip("torch")

from osa_daemon.errors import StorageError
from osa_daemon.training.detector import command
from osa_daemon.training.detector.command import PACKAGE_MODELS, Options, train_detector

pytestmark = pytest.mark.train

SCRIPT = Path(__file__).parents[3] / "scripts" / "train_detector.py"
Run = Callable[..., int]


@pytest.fixture(scope="module")
def script() -> ModuleType:
    """The script as a module."""
    spec = spec_from_file_location("train_detector_script", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def outs(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Takes the place of training; collects the folders that models would go to."""
    found: list[Path] = []

    def train(options: Options) -> Path:
        found.append(options.out)
        return options.out / "detector.onnx"

    monkeypatch.setattr(command, "train_detector", train)
    return found


@pytest.fixture
def run(script: ModuleType, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs the script with arguments; returns its exit code."""

    def call(*arguments: str) -> int:
        monkeypatch.setattr(sys, "argv", ["train_detector.py", *arguments])
        code: int = script.main()
        return code

    return call


def test_a_trained_model_does_not_replace_the_shipped_one(
    run: Run, outs: list[Path], capsys: pytest.CaptureFixture[str]
) -> None:
    """It goes into a folder of its own, which is told."""
    assert run("data") == 0
    assert outs == [Path("build/detector")]
    assert "stands in build/detector/detector.onnx" in capsys.readouterr().out


def test_shipping_is_asked_for(run: Run, outs: list[Path]) -> None:
    """--ship writes into the package, --out where it says."""
    assert run("data", "--ship") == 0
    assert run("data", "--out", "elsewhere") == 0
    assert outs == [PACKAGE_MODELS, Path("elsewhere")]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("data", "--ship", "--out", "x"), "leave out --out"),
        (("--finetune", "x", "--out", "y", "--ship"), "belong to training"),
        (("--finetune", "x", "--out", "y", "--card"), "belong to training"),
        (("--finetune", "x"), "--finetune needs --out"),
        ((), "Training needs the folder DATA"),
    ],
)
def test_what_does_not_go_together_is_refused(
    run: Run,
    outs: list[Path],
    capsys: pytest.CaptureFixture[str],
    arguments: tuple[str, ...],
    words: str,
) -> None:
    """One sentence, exit code 2, and nothing is trained."""
    assert run(*arguments) == 2
    assert words in capsys.readouterr().err
    assert outs == []


def test_a_card_is_made_of_the_model_just_trained(
    run: Run, outs: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """--card hands folder and cache to make_card.py, whose exit code is the script's."""
    calls: list[list[str]] = []

    def process(arguments: list[str], *, check: bool) -> subprocess.CompletedProcess[str]:
        calls.append(arguments)
        return subprocess.CompletedProcess(arguments, 3 if not check else 0)

    monkeypatch.setattr(subprocess, "run", process)
    assert run("data", "--out", "here", "--cache", "there", "--card") == 3
    assert outs == [Path("here")]
    ((_, card, *arguments),) = calls
    assert Path(card).is_file()
    assert arguments == ["data", "--models", "here", "--cache", "there", "--jobs", "2"]


def test_a_folder_that_cannot_be_written_is_told_before_training(tmp_path: Path) -> None:
    """A file in the folder's place ends the command before any night is made."""
    (tmp_path / "file").touch()
    options = Options(
        data=tmp_path,
        out=tmp_path / "file" / "models",
        cache=tmp_path / "cache",
        material="all",
        scale=1.0,
        steps=1,
        jobs=1,
    )
    with pytest.raises(StorageError, match="cannot be written"):
        train_detector(options)
    assert not (tmp_path / "cache").exists()
