"""The service as systemd has it: its state, its user, its settings file."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from osa_daemon.service.doctor.programs import answer

UNIT = "osa-daemon.service"
PROPERTIES = (
    *("LoadState", "ActiveState", "SubState", "UnitFileState", "StatusText", "NRestarts"),
    *("Result", "ExecMainCode", "ExecMainStatus", "User", "SupplementaryGroups", "Environment"),
    *("ExecStart", "MemoryCurrent", "MainPID"),
)
_CONFIG = re.compile(r"--config[= ](\S+)")
_KILLED, _DUMPED = 2, 3  # CLD_KILLED and CLD_DUMPED of waitid(2), in ExecMainCode


@dataclass(frozen=True, slots=True)
class Unit:
    """What `systemctl show` tells. `active`: as in ActiveState; `sub`: as in SubState.

    `exit_status` of the last main process, `signal` the one that ended it, if one did. `config`:
    the settings file that it is started with. `environment`: variables of the unit. `memory_mb`:
    of the whole service, None where it is not counted.
    """

    active: str
    sub: str
    is_enabled: bool
    status: str
    restarts: int
    result: str
    exit_status: int
    signal: int | None
    user: str
    groups: tuple[str, ...]
    environment: Mapping[str, str]
    config: Path | None
    memory_mb: float | None


def read_unit(ask: Callable[[Sequence[str]], str | None] = answer) -> Unit | None:
    """Return the service; None where there is none, or no systemd to ask."""
    told = ask(["systemctl", "show", UNIT, f"--property={','.join(PROPERTIES)}"])
    return None if told is None else parse_unit(told)


def parse_unit(shown: str) -> Unit | None:
    """Read what `systemctl show` printed; None where the unit is not loaded."""
    values = dict(line.split("=", 1) for line in shown.splitlines() if "=" in line)
    if values.get("LoadState") != "loaded":
        return None
    status = _whole(values.get("ExecMainStatus"))
    was_killed = _whole(values.get("ExecMainCode")) in {_KILLED, _DUMPED}
    config = _CONFIG.search(values.get("ExecStart", ""))
    memory = values.get("MemoryCurrent", "")
    return Unit(
        active=values.get("ActiveState", ""),
        sub=values.get("SubState", ""),
        is_enabled=values.get("UnitFileState", "").startswith("enabled"),
        status=values.get("StatusText", ""),
        restarts=_whole(values.get("NRestarts")),
        result=values.get("Result", ""),
        exit_status=status,
        signal=status if was_killed else None,
        user=values.get("User") or "root",
        groups=tuple(values.get("SupplementaryGroups", "").split()),
        environment=_environment(values.get("Environment", "")),
        config=Path(config[1]) if config else None,
        memory_mb=int(memory) / 2**20 if memory.isdigit() and len(memory) < 16 else None,
    )


def _whole(text: str | None) -> int:
    return int(text) if text and text.isdigit() else 0


def _environment(text: str) -> dict[str, str]:
    """Return the variables of a line such as `A=b "C=d e"`."""
    parts = re.findall(r'"([^"]*)"|(\S+)', text)
    pairs = ((quoted or plain).split("=", 1) for quoted, plain in parts if "=" in quoted + plain)
    return dict(pairs)
