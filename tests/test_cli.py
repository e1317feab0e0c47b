"""The command line: help, exit codes, one sentence for each failure (contract C1)."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

import osa_daemon
from osa_daemon import cli
from osa_daemon.arguments import COMMANDS, parse, parser
from osa_daemon.errors import (
    BrokerError,
    ConfigError,
    DeviceError,
    InputError,
    ModelError,
    OsaError,
    StorageError,
    UsageError,
)

README = Path(__file__).resolve().parent.parent / "README.md"


def run(*arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
    """Run the real command."""
    return subprocess.run(
        [sys.executable, "-m", "osa_daemon", *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env=os.environ | environ,
    )


@pytest.fixture
def handle(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[..., int]], None]:
    """Puts a handler in place of that of `version`."""
    monkeypatch.delenv("OSA_DEBUG", raising=False)

    def put(handler: Callable[..., int]) -> None:
        monkeypatch.setattr(cli, "handler_of", lambda _command: handler)

    return put


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Each command explains itself and each of its arguments, and --config is among them."""
    with pytest.raises(SystemExit) as ended:
        parse([command, "--help"])
    assert ended.value.code == 0
    text = capsys.readouterr().out
    assert COMMANDS[command][1:20] in text
    assert "--config FILE" in text


def test_every_argument_has_help() -> None:
    """No argument of any command is without words."""
    top = parser()
    commands = next(action for action in top._actions if action.dest == "command")
    assert isinstance(commands.choices, dict)
    for command in [top, *commands.choices.values()]:
        assert all(action.help for action in command._actions if action is not commands)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_is_in_the_readme(command: str) -> None:
    """Each command is documented."""
    assert f"`osa-daemon {command}" in README.read_text(encoding="utf-8")


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_a_handler(command: str) -> None:
    """What the table names can be imported and called."""
    assert callable(cli.handler_of(command))


@pytest.mark.parametrize(
    ("argv", "says"),
    [
        ([], "a command is missing"),
        (["chek-config"], "did you mean check-config"),
        (["frobnicate"], "there are run, replay"),
        (["replay", "x", "--no-such-option"], "replay: the following arguments are required"),
        (["replay", "x", "--events", "y", "--sensitivity", "hi"], "did you mean high"),
        (["replay", "x", "--events", "y", "--no-such-option"], "--no-such-option"),
        (["run", "--speed", "2"], "add --source file:PATH"),
        (["run", "--source", "night.wav"], "write file:PATH"),
        (["run", "--source", "file:x", "--speed", "fast"], "from 0.1 to 1000"),
        (["run", "--source", "file:x", "--speed", "nan"], "from 0.1 to 1000"),
        (["report"], "NIGHT"),
        (["report", "yesterday"], "2026-03-14"),
        (["settings", "set", "x"], "'set' is unknown"),
        (["version", "--conf", "x"], "--conf"),
        (["doctor", "--soak", "10"], "such as 90s, 10m or 1h"),
        (["doctor", "--soak", "2d"], "from 5s to 24h"),
        (["doctor", "--soak", "25h"], "from 5s to 24h"),
        (["doctor", "--soak", "-5m"], "--soak"),
        (["doctor", "--listen", "--soak", "10m"], "not allowed with"),
        (["doctor", "--listen", "--seconds", "0"], "from 1 to 86400"),
        (["doctor", "--seconds", "9"], "--seconds needs --listen"),
        (["doctor", "--source", "file:x"], "--source needs --listen or --soak"),
        (["doctor", "--listen", "--speed", "2"], "--speed needs --source file:PATH"),
        (["doctor", "--with-nights"], "--with-nights needs --bundle"),
    ],
)
def test_wrong_usage_is_one_sentence(
    argv: Sequence[str], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit code 2, and where to read on."""
    assert cli.main(argv) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    assert says in err
    assert err.startswith("osa-daemon")


@pytest.mark.parametrize(
    ("text", "seconds"), [("90s", 90), ("10m", 600), ("1h", 3600), ("24h", 86_400)]
)
def test_a_duration_has_its_unit(text: str, seconds: float) -> None:
    """Seconds, minutes and hours."""
    assert parse(["doctor", "--soak", text]).soak == seconds


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (OsaError, 1),
        (UsageError, 2),
        (ConfigError, 2),
        (InputError, 3),
        (DeviceError, 4),
        (ModelError, 4),
        (BrokerError, 4),
        (StorageError, 4),
    ],
)
def test_an_error_gives_its_exit_code(
    error: type[OsaError],
    code: int,
    handle: Callable[[Callable[..., int]], None],
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The sentence alone stands on standard error."""

    def fail(_arguments: object) -> int:
        raise error("The thing is broken.")

    handle(fail)
    assert cli.main(["version"]) == code
    assert capsys.readouterr() == ("", "The thing is broken.\n")


def test_a_bug_is_said_to_be_one(
    handle: Callable[[Callable[..., int]], None], capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit code 1, one sentence, and how to see more."""
    handle(lambda _arguments: 1 // 0)
    assert cli.main(["version"]) == 1
    err = capsys.readouterr().err
    assert err.count("\n") == 1
    assert "ZeroDivisionError" in err
    assert "OSA_DEBUG=1" in err


def test_a_traceback_is_shown_on_demand(
    handle: Callable[[Callable[..., int]], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """With OSA_DEBUG the error itself comes through."""
    handle(lambda _arguments: 1 // 0)
    monkeypatch.setenv("OSA_DEBUG", "1")
    with pytest.raises(ZeroDivisionError):
        cli.main(["version"])


def test_a_keyboard_interrupt_is_quiet(
    handle: Callable[[Callable[..., int]], None], capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit code 130 without a word."""

    def interrupt(_arguments: object) -> int:
        raise KeyboardInterrupt

    handle(interrupt)
    assert cli.main(["version"]) == 128 + signal.SIGINT
    assert capsys.readouterr() == ("", "")


def test_a_broken_pipe_elsewhere_is_not_hidden(
    handle: Callable[[Callable[..., int]], None], capsys: pytest.CaptureFixture[str]
) -> None:
    """Only the reader of our own output may go away without a word."""

    def broken(_arguments: object) -> int:
        raise BrokenPipeError

    handle(broken)
    assert cli.main(["version"]) == 1
    assert "BrokenPipeError" in capsys.readouterr().err


@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_a_reader_that_goes_away_is_no_failure(unbuffered: str) -> None:
    """`osa-daemon version | true` says nothing and exits 0, buffered or not."""
    read_end, write_end = os.pipe()
    os.close(read_end)
    try:
        done = subprocess.run(
            [sys.executable, "-m", "osa_daemon", "version"],
            stdout=write_end,
            stderr=subprocess.PIPE,
            timeout=60,
            check=False,
            env=os.environ | {"PYTHONUNBUFFERED": unbuffered},
        )
    finally:
        os.close(write_end)
    assert (done.returncode, done.stderr) == (0, b"")


def test_a_closed_output_is_no_failure() -> None:
    """`osa-daemon version >&-` has nowhere to write, and exits 0."""
    done = subprocess.run(
        ["sh", "-c", f"exec {sys.executable} -m osa_daemon version >&-"],
        stderr=subprocess.PIPE,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, b"")


def test_version_prints_the_version() -> None:
    """`python -m osa_daemon version` names program and version."""
    done = run("version")
    assert (done.returncode, done.stdout) == (0, f"osa-daemon {osa_daemon.__version__}\n")


def test_light_commands_load_nothing_heavy(tmp_path: Path) -> None:
    """`version` and `check-config` import neither numpy nor onnxruntime nor a microphone."""
    config = tmp_path / "config.yaml"
    config.write_text("")
    code = (
        "import sys; from osa_daemon.cli import main\n"
        f"assert main(['version']) == 0 and main(['check-config', {str(config)!r}]) == 0\n"
        "heavy = {'numpy', 'onnxruntime', 'sounddevice', 'paho', 'soxr', 'soundfile'}\n"
        "sys.exit(str(heavy & set(sys.modules)) if heavy & set(sys.modules) else 0)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("before", [True, False])
def test_the_config_may_stand_on_either_side(before: bool) -> None:
    """--config is taken before and after the command."""
    option = ["--config", "x.yaml"]
    argv = [*option, "devices"] if before else ["devices", *option]
    assert parse(argv).config == Path("x.yaml")


def test_without_config_there_is_none() -> None:
    """The default path is the loader's affair."""
    assert parse(["devices"]).config is None


def test_check_config_shows_each_value_and_its_origin(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Value, unit and place; a positional file and --config are the same."""
    config = tmp_path / "config.yaml"
    config.write_text("alerts:\n  after_s: 40\n")
    assert cli.main(["check-config", str(config)]) == 0
    shown = capsys.readouterr().out
    assert cli.main(["check-config", "--config", str(config)]) == 0
    assert capsys.readouterr().out == shown
    _, table, meaning = shown.split("\n\n")
    rows = {line.split()[0]: " ".join(line.split()[1:]) for line in table.splitlines()}
    assert rows["alerts.after_s"] == "40 s line 2"
    assert rows["alerts.notice_s"] == "20 s default"
    assert "find" in meaning


def test_check_config_speaks_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The same for programs."""
    config = tmp_path / "config.yaml"
    config.write_text("alerts:\n  after_s: 40\n")
    assert cli.main(["check-config", str(config), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    after = told["settings"]["alerts.after_s"]
    assert told["expected"] is None or 0 <= told["expected"]["recall"] <= 1
    assert (after["value"], after["unit"], after["default"]) == (40, "s", 30)
    assert (after["origin"], after["line"], after["live"]) == ("file", 2, True)


def test_settings_lists_and_resets(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What was overridden is shown, and gone after a reset."""
    config = tmp_path / "config.yaml"
    config.write_text(f"journal:\n  state_dir: {tmp_path}\n")
    stored = {"v": 1, "settings": {"alerts.after_s": 45}}
    (tmp_path / "overrides.json").write_text(json.dumps(stored))
    command = ["--config", str(config), "settings"]
    assert cli.main(command) == 0
    assert capsys.readouterr().out == "alerts.after_s: 45\n"
    assert cli.main([*command, "reset", "alerts.after_s"]) == 0
    assert "is reset" in capsys.readouterr().out
    assert cli.main([*command, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["overrides"] == {}


def test_settings_reset_needs_a_key_that_exists(capsys: pytest.CaptureFixture[str]) -> None:
    """A missing key and an unknown one are wrong usage."""
    assert cli.main(["settings", "reset"]) == 2
    assert cli.main(["settings", "reset", "alerts.afters"]) == 2
    assert "did you mean alerts.after_s" in capsys.readouterr().err
