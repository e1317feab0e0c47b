"""The arguments of every command, and their help."""

import re
from argparse import SUPPRESS, ArgumentParser, ArgumentTypeError, Namespace
from collections.abc import Sequence
from datetime import date
from difflib import get_close_matches
from pathlib import Path
from typing import NoReturn

from osa_daemon.errors import UsageError

DISCLAIMER = (
    "Hears pauses in breathing sound. Not intended to diagnose, treat, or aid in the management "
    "of sleep apnea; the absence of a notification does not mean the absence of apnea; "
    "not for infants."
)
SHORTEST_SOAK_S, LONGEST_S = 5, 86_400
COMMANDS = {
    "run": "listen and report until stopped (what the service does)",
    "replay": "hear a recording and write its events",
    "evaluate": "compare events with a folder of scored recordings",
    "check-config": "check the settings and show where each value comes from",
    "settings": "show what overrides the settings file, or reset it",
    "devices": "list the microphones there are",
    "doctor": "look for what keeps the daemon from working, with remedies",
    "nights": "list the nights in the journal",
    "report": "show one night and its events, or write it as a picture, a PDF, CSV or EDF+",
    "export-events": "write the events of the journal as CSV, or as lines of JSON with --json",
    "clips": "list the sound that is kept; delete it, all or some, or write a clip as a FLAC file",
    "web-password": "set the password of the page, asked for or read from standard input",
    "version": "print the version",
}


class _Parser(ArgumentParser):
    """argparse that raises one sentence in place of printing its usage and exiting."""

    def error(self, message: str) -> NoReturn:
        raise UsageError(f"{self.prog}: {_suggesting(message)}; see `{self.prog} --help`.")


def parse(argv: Sequence[str]) -> Namespace:
    """Return the arguments; `command` names the command, `config` is a path or None.

    Raises:
        UsageError: they ask for what does not exist.
    """
    arguments = parser().parse_args(argv)
    if arguments.command is None:
        raise UsageError("osa-daemon: a command is missing; see `osa-daemon --help`.")
    if arguments.command == "run" and arguments.speed is not None and arguments.source is None:
        raise UsageError("osa-daemon run: --speed is for a file: add --source file:PATH.")
    if arguments.command == "doctor":
        _check_doctor(arguments)
    return arguments


def _check_doctor(arguments: Namespace) -> None:
    """Refuse options of one of doctor's ways that were given without it."""
    hears = arguments.listen or arguments.soak is not None
    for option, is_given, fits, needs in (
        ("--seconds", arguments.seconds is not None, arguments.listen, "--listen"),
        ("--source", arguments.source is not None, hears, "--listen or --soak"),
        (
            "--speed",
            arguments.speed is not None,
            arguments.source is not None,
            "--source file:PATH",
        ),
        ("--with-nights", arguments.with_nights, arguments.bundle is not None, "--bundle"),
    ):
        if is_given and not fits:
            raise UsageError(f"osa-daemon doctor: {option} needs {needs}.")


def parser() -> ArgumentParser:
    """Return the parser of all commands."""
    return _parsers()[0]


def _parsers() -> tuple[ArgumentParser, dict[str, ArgumentParser]]:
    """Return the whole parser, and those of the commands by name."""
    top = _Parser(prog="osa-daemon", description=DISCLAIMER, allow_abbrev=False)
    _add_config(top, default=None)
    commands = top.add_subparsers(dest="command", metavar="COMMAND", title="commands")
    made: dict[str, ArgumentParser] = {}
    for name, text in COMMANDS.items():
        made[name] = commands.add_parser(
            name, help=text, description=f"{text[0].upper()}{text[1:]}.", allow_abbrev=False
        )
        _add_config(made[name], default=SUPPRESS)
    _run(made["run"])
    _replay(made["replay"])
    _evaluate(made["evaluate"])
    _check_config(made["check-config"])
    _settings(made["settings"])
    _doctor(made["doctor"])
    _journal(made["report"], made["export-events"])
    _clips(made["clips"])
    for name in made.keys() - {"run", "evaluate", "web-password"}:
        made[name].add_argument("--json", action="store_true", help="print JSON for programs")
    return top, made


def commands_table() -> str:
    """Return the commands and their arguments as a Markdown table."""
    lines = ["| command | what it does |", "|---|---|"]
    for name, command in _parsers()[1].items():
        usage = " ".join(command.format_usage().split())
        for noise in ("usage: ", "[-h] ", "[--config FILE] "):
            usage = usage.replace(noise, "")
        usage = usage.removesuffix(" [-h]").removesuffix(" [--config FILE]")
        shown = usage.replace("|", "\\|")
        lines.append(f"| `{shown}` | {COMMANDS[name]} |")
    return "\n".join(lines) + "\n"


def _add_config(command: ArgumentParser, default: object) -> None:
    command.add_argument(
        "--config",
        type=Path,
        metavar="FILE",
        default=default,
        help="settings file in place of /etc/osa-daemon/config.yaml",
    )


def _run(command: ArgumentParser) -> None:
    _add_source(command)


def _add_source(command: ArgumentParser) -> None:
    command.add_argument(
        "--source", type=_file_source, metavar="file:PATH", help="hear a file, not the microphone"
    )
    command.add_argument(
        "--speed", type=_speed, metavar="N", help="play the file N times as fast (0.1 to 1000)"
    )


def _replay(command: ArgumentParser) -> None:
    command.add_argument("file", type=Path, metavar="FILE", help="WAV, FLAC, OGG or MP3")
    command.add_argument(
        "--events", type=Path, required=True, metavar="OUT.jsonl", help="decided events, one a line"
    )
    command.add_argument("--frames", type=Path, metavar="OUT.csv", help="one row a second")
    _add_sensitivity(command)
    command.add_argument("--picture", type=Path, metavar="OUT.png", help="a picture of the night")


def _add_sensitivity(command: ArgumentParser) -> None:
    command.add_argument(
        "--sensitivity", choices=("low", "balanced", "high"), help="default: as in the settings"
    )


def _evaluate(command: ArgumentParser) -> None:
    command.add_argument(
        "data", type=Path, metavar="DATA", help="folder of NAME.flac, NAME.events.csv"
    )
    command.add_argument(
        "--channel", default="Mic", metavar="NAME", help="channel of EDF recordings (Mic)"
    )
    command.add_argument("--json", type=Path, metavar="OUT.json", help="write all figures")
    command.add_argument("--pictures", type=Path, metavar="DIR", help="draw figures as PNG")
    _add_sensitivity(command)
    command.add_argument(
        "--model", type=Path, metavar="FILE", help="another detector.onnx than the installed one"
    )
    command.add_argument(
        "--cache", type=Path, metavar="DIR", help="keep finished nights: a later run goes on there"
    )
    command.add_argument(
        "--share",
        type=_part,
        metavar="S",
        default=1.0,
        help="only the first nights: 0.1 is a tenth",
    )


def _check_config(command: ArgumentParser) -> None:
    command.add_argument("file", type=Path, nargs="?", metavar="FILE", help="the file to check")


def _settings(command: ArgumentParser) -> None:
    command.add_argument(
        "action", nargs="?", choices=("reset",), metavar="reset", help="forget a changed value"
    )
    command.add_argument("key", nargs="?", metavar="KEY", help="such as alerts.after_s, or all")


def _doctor(command: ArgumentParser) -> None:
    ways = command.add_mutually_exclusive_group()
    ways.add_argument("--listen", action="store_true", help="show live what is heard, until Ctrl-C")
    ways.add_argument(
        "--soak",
        type=_duration,
        metavar="TIME",
        help="measure cost, losses and heat for so long (90s, 10m, 1h)",
    )
    ways.add_argument(
        "--bundle",
        type=Path,
        metavar="OUT.tar.gz",
        help="write a file for support, without secrets",
    )
    command.add_argument(
        "--seconds", type=_seconds, metavar="N", help="listen for so long only (1 to 86400)"
    )
    command.add_argument(
        "--with-nights", action="store_true", help="put the nights' events into the bundle too"
    )
    _add_source(command)


def _journal(report: ArgumentParser, export: ArgumentParser) -> None:
    report.add_argument(
        "night",
        type=_night_or_last,
        metavar="NIGHT",
        help="date of its evening; last: the latest before today",
    )
    for name, file, text in (
        ("picture", "OUT.png", "draw the night"),
        ("pdf", "OUT.pdf", "two pages for a visit to a doctor"),
        ("csv", "OUT.csv", "its events, a row each"),
        ("edf", "OUT.edf", "its events as EDF+ annotations"),
    ):
        report.add_argument(f"--{name}", type=Path, metavar=file, help=text)
    export.add_argument("--night", type=_night, metavar="NIGHT", help="only this night")


def _clips(command: ArgumentParser) -> None:
    command.add_argument(
        "action",
        nargs="?",
        choices=("delete", "export"),
        metavar="delete|export",
        help="delete: those that are named, else all; export: a clip's id, then the file to write",
    )
    command.add_argument("names", nargs="*", metavar="ID", help="as the list shows it")
    command.add_argument("--night", type=_night, metavar="NIGHT", help="only this night")


def _file_source(text: str) -> Path:
    kind, _, path = text.partition(":")
    if kind != "file" or not path:
        raise ArgumentTypeError(f"{text!r} is no source: write file:PATH")
    return Path(path)


def _speed(text: str) -> float:
    try:
        speed = float(text)
    except ValueError:
        speed = 0.0
    if not 0.1 <= speed <= 1000:
        raise ArgumentTypeError(f"{text!r} is not a number from 0.1 to 1000")
    return speed


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 1 <= seconds <= LONGEST_S:
        raise ArgumentTypeError(f"{text!r} is not a number of seconds from 1 to {LONGEST_S}")
    return seconds


def _duration(text: str) -> float:
    """Return seconds; a bare number is refused, for it might be meant in minutes."""
    found = re.fullmatch(r"(\d{1,6})([smh])", text.strip())
    seconds = int(found[1]) * {"s": 1, "m": 60, "h": 3600}[found[2]] if found else 0
    if not SHORTEST_SOAK_S <= seconds <= LONGEST_S:
        raise ArgumentTypeError(
            f"{text!r} is no duration from {SHORTEST_SOAK_S}s to {LONGEST_S // 3600}h: "
            "write a whole number with s, m or h, such as 90s, 10m or 1h"
        )
    return float(seconds)


def _part(text: str) -> float:
    try:
        part = float(text)
    except ValueError:
        part = 0.0
    if not 0 < part <= 1:
        raise ArgumentTypeError(f"{text!r} is not a share above 0, up to 1")
    return part


def _night(text: str) -> str:
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        raise ArgumentTypeError(f"{text!r} is not a date such as 2026-03-14") from None


def _night_or_last(text: str) -> str:
    return text if text == "last" else _night(text)


def _suggesting(message: str) -> str:
    """Shorten argparse's list of commands to the one that was probably meant."""
    if found := re.search(r"invalid choice: '(.*?)' \(choose from (.*)\)", message):
        choices = re.findall(r"[\w-]+", found[2])
        close = get_close_matches(found[1], choices, n=1)
        meant = f"did you mean {close[0]}" if close else f"there are {', '.join(choices)}"
        return f"'{found[1]}' is unknown, {meant}"
    return message
