"""The command line: a thin door. What a command needs is imported when it is called.

Exit codes are those of `osa_daemon.errors`; 130 when interrupted by the keyboard.
"""

import os
import select
import sys
from argparse import Namespace
from collections.abc import Callable, Sequence
from contextlib import suppress
from importlib import import_module
from io import TextIOWrapper
from pathlib import Path

from osa_daemon.arguments import parse
from osa_daemon.errors import EXIT_BUG, EXIT_OK, OsaError, ResourceError

_HANDLERS = {
    "run": "run:run_command",
    "replay": "replay:replay_command",
    "evaluate": "evaluate:evaluate_command",
    "check-config": "check_config:check_config_command",
    "settings": "settings_command:settings_command",
    "devices": "devices:devices_command",
    "doctor": "doctor.command:doctor_command",
    "nights": "nights:nights_command",
    "report": "report:report_command",
    "export-events": "nights:export_events_command",
    "clips": "clips_command:clips_command",
    "web-password": "web_password:web_password_command",
    "version": "version:version_command",
}
EXIT_INTERRUPTED = 130  # 128 + SIGINT, as shells report it


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code; a failure is one sentence on standard error."""
    _print_anything()
    try:
        arguments = parse(sys.argv[1:] if argv is None else argv)
        code = _dispatch(arguments)
        print(end="", flush=True)  # here, where a closed pipe is still caught
    except OsaError as error:
        if os.environ.get("OSA_DEBUG"):
            raise
        _say(str(error))
        return error.exit_code
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED
    except Exception as error:  # the edge of the process
        if isinstance(error, BrokenPipeError) and _reader_has_gone():
            return EXIT_OK
        if os.environ.get("OSA_DEBUG"):
            raise
        cause = " ".join(f"{type(error).__name__}: {error}".split())[:200]
        _say(
            f"osa-daemon stopped because of a bug ({cause}): "
            "please report it; OSA_DEBUG=1 before the command shows the traceback."
        )
        return EXIT_BUG
    return code


def _dispatch(arguments: Namespace) -> int:
    if arguments.command == "evaluate" and _holds_material(arguments.data):
        return _simulated_evaluation(arguments.data)(arguments)
    if arguments.command == "run":
        # before the models' runtime is imported, which takes a Pi seconds
        signals = import_module("osa_daemon.service.signals").Signals.install()
        handler = handler_of(arguments.command)
        loaded = import_module("osa_daemon.settings.load").load(arguments.config)
        return handler(arguments, loaded, signals)
    return handler_of(arguments.command)(arguments)


def handler_of(command: str) -> Callable[..., int]:
    """Import the handler of this command alone: `version` must not load a model's runtime."""
    module, name = _HANDLERS[command].split(":")
    handler: Callable[..., int] = getattr(import_module(f"osa_daemon.service.{module}"), name)
    return handler


def _holds_material(folder: Path) -> bool:
    """Whether a folder holds what nights are simulated from, and no nights."""
    return (folder / "sounds" / "manifest.csv").is_file()


def _simulated_evaluation(folder: Path) -> Callable[[Namespace], int]:
    """Import the evaluation that simulates the model card's test nights first."""
    try:
        module = import_module("osa_daemon.training.detector.evaluate")
    except ImportError as error:
        raise ResourceError(
            f"{folder} holds material for simulated nights, which takes the extra train "
            f"({error}): pip install '.[train]' in a clone, or give a folder of recordings."
        ) from error
    handler: Callable[[Namespace], int] = module.evaluate_command
    return handler


def _print_anything() -> None:
    """A name that the terminal's encoding lacks must not end a command."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _reader_has_gone() -> bool:
    """Whether nobody reads our standard output any more (`osa-daemon nights | head`)."""
    try:
        output = sys.stdout.fileno()
        poll = select.poll()
        poll.register(output, 0)  # errors are reported without being asked for
        has_gone = any(events & (select.POLLERR | select.POLLHUP) for _, events in poll.poll(0))
        if has_gone:
            # or the interpreter complains when it flushes at its end
            os.dup2(os.open(os.devnull, os.O_WRONLY), output)
    except (OSError, ValueError):
        return False
    return has_gone


def _say(sentence: str) -> None:
    """Print a failure on standard error, unless that is closed too."""
    with suppress(OSError, ValueError):
        print(sentence, file=sys.stderr, flush=True)
