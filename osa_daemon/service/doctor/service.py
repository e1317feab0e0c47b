"""Whether the service runs, and what its last end says."""

import signal
from collections.abc import Callable, Iterator
from pathlib import Path

from osa_daemon.errors import (
    EXIT_BUG,
    EXIT_INPUT,
    EXIT_RESOURCE,
    EXIT_STALLED,
    EXIT_USAGE,
)
from osa_daemon.service.doctor.finding import Finding, bad, doubtful, good
from osa_daemon.service.doctor.unit import Unit

NAME = "service"
LOG = "`sudo journalctl -u osa-daemon -n 20` says more"
_MEANINGS = {
    EXIT_BUG: "a bug: please report it",
    EXIT_USAGE: "the settings are wrong: `sudo osa-daemon check-config` says where",
    EXIT_INPUT: "its input cannot be read",
    EXIT_RESOURCE: "something that it needs is missing: the lines above may say what",
    EXIT_STALLED: "something hung, and it ended itself to be started anew",
    # systemd.exec(5), process exit codes
    200: "its working folder cannot be entered",
    203: "the program is not there: run scripts/install.sh again",
    217: "its user is not there: run scripts/install.sh again",
    226: "systemd cannot make its surroundings: a folder that the unit names is missing",
    238: "its state folder cannot be made",
    243: "a file that LoadCredential names is missing",
}
_SIGNALS = {
    signal.SIGABRT: "the watchdog found it hanging",
    signal.SIGKILL: "mostly for lack of memory: see the memory line",
}


def check_service(unit: Unit | None, config: Path | None) -> Iterator[Finding]:
    """Judge the service; `config`: the settings file that doctor looks at."""
    if unit is None:
        yield doubtful(
            NAME, "no osa-daemon.service is installed here: scripts/install.sh installs it."
        )
        return
    yield _STATES.get(unit.active, _waiting)(unit)
    if not unit.is_enabled:
        yield doubtful(
            NAME, "it is not started when the machine starts: sudo systemctl enable osa-daemon."
        )
    if unit.config is not None and unit.config != config:
        yield doubtful(
            NAME,
            f"it reads {unit.config}, which is not what was looked at here: "
            f"run doctor with --config {unit.config}.",
        )


def last_end(unit: Unit) -> str:
    """Return how its last process ended, and what that means."""
    if unit.result == "success" and unit.exit_status == 0:
        return "it was stopped, or never started"
    if unit.result == "oom-kill":
        return "it was killed for lack of memory"
    if unit.signal is not None:
        name = f"signal {unit.signal}"
        try:
            known = signal.Signals(unit.signal)
            name = f"{known.name}, {_SIGNALS[known]}" if known in _SIGNALS else known.name
        except ValueError:
            pass
        return f"it was ended by {name}"
    meaning = _MEANINGS.get(unit.exit_status)
    return f"its exit code was {unit.exit_status}" + (f" ({meaning})" if meaning else "")


def _active(unit: Unit) -> Finding:
    told = f": {unit.status.rstrip('.')}" if unit.status else ""
    if unit.restarts == 0:
        return good(NAME, f"it runs{told}")
    times = "once" if unit.restarts == 1 else f"{unit.restarts} times"
    return doubtful(
        NAME, f"it runs{told}; it was started anew {times} after it ended by itself: {LOG}."
    )


def _waiting(unit: Unit) -> Finding:
    """It is on its way up or down, or between two tries."""
    if unit.sub == "auto-restart":
        return bad(NAME, f"it ends again and again; {last_end(unit)}. {LOG}.")
    return doubtful(NAME, f"it is {unit.active} ({unit.sub}): look again in a minute.")


def _failed(unit: Unit) -> Finding:
    return bad(
        NAME,
        f"it has given up; {last_end(unit)}. Put that right, then sudo systemctl restart "
        f"osa-daemon; {LOG}.",
    )


def _inactive(unit: Unit) -> Finding:
    return bad(NAME, f"it does not run; {last_end(unit)}. sudo systemctl start osa-daemon.")


_STATES: dict[str, Callable[[Unit], Finding]] = {
    "active": _active,
    "reloading": _active,
    "failed": _failed,
    "inactive": _inactive,
}
