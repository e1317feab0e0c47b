"""The parts of a bundle, as they are before anything is taken out of them."""

import json
import os
import re
import shutil
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from osa_daemon.errors import OsaError
from osa_daemon.journal.reader import JournalReader
from osa_daemon.service.check_config import values_of
from osa_daemon.service.doctor.board import available_mb, temperature, throttled
from osa_daemon.service.doctor.broker import READ, Visit
from osa_daemon.service.doctor.bundle.private import is_private
from osa_daemon.service.doctor.checks import PARTS, version_of
from osa_daemon.service.doctor.machine import this_machine
from osa_daemon.service.doctor.unit import UNIT
from osa_daemon.settings.catalogue import catalogue
from osa_daemon.settings.load import VARIABLES, Loaded

ROOT: Final = Path("/")
LOG_LINES: Final = 500
LOG_TIMEOUT_S: Final = 20.0
NIGHTS: Final = 30
SQLITE_TIMEOUT_S: Final = 5.0
ABOUT_BREATHING: Final = re.compile(
    r"\b(apn(o)?ea|hypopn(o)?ea|pauses?|breath\w*|snor\w+|alerts?|urgent|notice|in bed)\b"
    r"|has the message",
    re.IGNORECASE,
)
SOURCE_LINE: Final = re.compile(r'^\s*File "')  # of a traceback
SOUND_FILES: Final = ("proc/asound/cards", "proc/asound/pcm", "proc/asound/version")
VARIABLE: Final = re.compile(r'"([^"]*)"|(\S+)')
HARMLESS: Final = frozenset(
    {
        *VARIABLES,
        *("HOME", "ORT_DISABLE_TELEMETRY", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"),
        *("PYTHONFAULTHANDLER", "MALLOC_ARENA_MAX", "MALLOC_TRIM_THRESHOLD_"),
    }
)
Ask = Callable[[Sequence[str]], str | None]


@dataclass(frozen=True, slots=True)
class Part:
    """A file of the bundle: its name, what it holds in a few words, its text."""

    name: str
    about: str
    text: str


def as_json(value: Any) -> str:
    """Return JSON that a person can read."""
    return json.dumps(value, indent=1, ensure_ascii=False, default=str) + "\n"


def machine_part() -> Part:
    """The machine and the software on it."""
    versions = {name: version_of(name) for name in PARTS}
    value = {"v": 1, **asdict(this_machine()), "packages": versions}
    return Part("machine.json", "board, system, versions", as_json(value))


def settings_part(loaded: Loaded) -> Part:
    """Each setting with where it comes from; a text that somebody chose is named only."""
    values = values_of(loaded)
    rows = {}
    for row, origin in zip(catalogue(), loaded.provenance.values(), strict=True):
        value = values[row.key]
        hidden = value is not None and (row.about.secret or is_private(row, value))
        rows[row.key] = {
            "value": f"<{row.key}>" if hidden else value,
            "origin": origin.layer.value,
        }
    return Part(
        "settings.json",
        "settings; names, addresses and paths of your own as placeholders",
        as_json({"v": 1, "settings": rows, "warnings": list(loaded.warnings)}),
    )


def status_part(visit: Visit | None) -> Part:
    """What the daemon told on the broker last, as far as that could be read."""
    heard: dict[str, object] = {}
    for suffix in READ:
        message = visit.own(suffix) if visit else None
        if message is not None:
            text = message.payload.decode(errors="replace")
            with suppress(ValueError):
                heard[suffix] = json.loads(text)
                continue
            heard[suffix] = text[:200]
    return Part("status.json", "what the daemon told of itself last", as_json(heard))


def log_part(ask: Ask, *, with_nights: bool) -> Part:
    """The last lines of the service's log; what tells of breathing and alerts only on demand."""
    command = ["journalctl", f"--unit={UNIT}", f"--lines={LOG_LINES}", "--no-pager"]
    told = ask([*command, "--no-hostname", "--output=short-iso"])
    if not told or told.strip() == "-- No entries --":
        return Part("log.txt", "no log of the service: with sudo there may be one", "")
    lines = told.splitlines()
    kept = lines if with_nights else [line for line in lines if not tells_of_breathing(line)]
    left_out = len(lines) - len(kept)
    head = [f"({left_out} lines on breathing and alerts are left out)"] if left_out else []
    return Part("log.txt", "the service's last log lines", "\n".join([*head, *kept]) + "\n")


def tells_of_breathing(line: str) -> bool:
    """Whether a line of the log says something of the sleeper."""
    message = line.partition("]: ")[2] or line
    return not SOURCE_LINE.match(message) and ABOUT_BREATHING.search(message) is not None


def unit_part(ask: Ask) -> Part:
    """The unit with its drop-ins, and how systemd sees it."""
    shown = ask(["systemctl", "cat", UNIT]) or "(no unit)\n"
    state = ask(["systemctl", "show", UNIT, "--property=ActiveState,SubState,Result,NRestarts"])
    text = "\n".join(map(_without_values, shown.replace("\\\n", " ").splitlines()))
    return Part("unit.txt", "the systemd unit and its drop-ins", f"{text}\n\n{state or ''}")


def _without_values(line: str) -> str:
    """Return a line of a unit without what may be a secret: credentials, unknown variables."""
    name, _, value = line.partition("=")
    if name.strip().startswith("SetCredential"):
        return f"{name}=<secret>"
    if name.strip() != "Environment":
        return line
    pairs = (quoted or plain for quoted, plain in VARIABLE.findall(value))
    shown = (pair if pair.partition("=")[0] in HARMLESS else _named(pair) for pair in pairs)
    return f"{name}={' '.join(shown)}"


def _named(pair: str) -> str:
    return f"{pair.partition('=')[0]}=<value>"


def sound_part(root: Path = ROOT) -> Part:
    """The sound cards as the kernel shows them."""
    texts = [f"== {name}\n{_read(root / name)}" for name in SOUND_FILES]
    for card in sorted((root / "sys/class/sound").glob("card[0-9]*")):
        usb = card.resolve().parents
        ids = [_read(folder / name) for folder in usb[:4] for name in ("idVendor", "idProduct")]
        about = " ".join(part.strip() for part in ids if part)
        texts.append(f"== {card.name}: {_read(card / 'id').strip()} {about}\n")
    return Part("sound.txt", "sound cards", "".join(texts))


def system_part(state_dir: Path, root: Path = ROOT) -> Part:
    """Room, memory, heat, power and load now."""
    flags = throttled(root)
    there = next(folder for folder in (state_dir, *state_dir.parents) if folder.exists())
    usage = shutil.disk_usage(there)
    value = {
        "v": 1,
        "disk_free_mb": usage.free // 1_000_000,
        "disk_mb": usage.total // 1_000_000,
        "memory_available_mb": available_mb(root),
        "temperature_c": temperature(root),
        "throttled": None if flags is None else asdict(flags),
        "load": os.getloadavg(),
        "uptime_s": _read(root / "proc/uptime").partition(" ")[0],
    }
    return Part("system.json", "disk, memory, heat, power, load", as_json(value))


def journal_part(path: Path) -> Part:
    """The journal's version, and how much of what it holds: no times, nothing that was heard."""
    value: dict[str, object] = {"v": 1, "bytes": _sizes(path)}
    try:
        with closing(_connect(path)) as db:
            tables = [
                row[0] for row in db.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")
            ]
            value["rows"] = {
                # the names are SQLite's own list
                name: db.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0]  # noqa: S608
                for name in tables
            }
            value["version"] = db.execute("SELECT max(version) FROM migrations").fetchone()[0]
            value["mode"] = db.execute("PRAGMA journal_mode").fetchone()[0]
    except sqlite3.Error as error:
        value["error"] = str(error)
    return Part(
        "journal.json", "the journal's version and sizes, nothing of your nights", as_json(value)
    )


def nights_part(path: Path) -> Part:
    """The last nights with their events: only where the user asks for it."""
    nights: list[dict[str, object]] = []
    try:
        with JournalReader.open(path) as journal:
            for night in journal.nights(NIGHTS):
                events = [asdict(event) for event in journal.events_of(night.night)]
                nights.append({**asdict(night), "event_rows": events})
    except OsaError as error:
        nights.append({"error": str(error)})
    return Part(
        "nights.json", f"YOUR NIGHTS: the last {NIGHTS}, with their events", as_json(nights)
    )


def _connect(path: Path) -> sqlite3.Connection:
    uri = f"{path.resolve().as_uri()}?mode=ro"
    return sqlite3.connect(uri, uri=True, timeout=SQLITE_TIMEOUT_S)


def _sizes(path: Path) -> dict[str, int]:
    """Return the size of the journal's files, by what is behind its name."""
    try:
        beside = [entry for entry in path.parent.iterdir() if entry.name.startswith(path.name)]
        return {
            entry.name.removeprefix(path.name) or "journal": entry.stat().st_size
            for entry in beside
        }
    except OSError:
        return {}


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")[:20_000]
    except OSError:
        return ""
