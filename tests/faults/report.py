"""The fault report: rows as Markdown, and what they come to."""

import os
import platform
import subprocess
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from importlib.metadata import version
from pathlib import Path

from osa_daemon import __version__
from tests.faults.row import Row

HEAD = "| fault | injected how | expected | observed | lost | deaf (s) | |"
RULE = "|---|---|---|---|---:|---:|---|"
INTRODUCTION = """\
Every row was tried with real parts: the daemon as a process or as the installed service under a
real systemd, PortAudio on a virtual sound server, mosquitto, SQLite on a real file system. *Lost*
is an event that was decided (its commit returned) and that an independent subscriber with QoS 1
and a session that outlives the broker never received, counted by id. *Deaf* is the time in which
nothing was heard, as measured from the fault until sound was heard again; a dash where no
microphone was part of the trial and nothing was said to be deaf.
"""


def markdown(rows: Sequence[Row], began: datetime, failed: Sequence[Row] = ()) -> str:
    """The report as a whole; `failed`: rows of all runs that it is made of, which failed."""
    parts = ["# Fault report", "", INTRODUCTION, *_totals(rows, began), *_again(rows, failed), ""]
    for group in dict.fromkeys(row.group for row in rows):
        parts += [f"## {group.capitalize()}", "", HEAD, RULE]
        parts += [_line(row) for row in rows if row.group == group]
        parts.append("")
    return "\n".join(parts)


def summary(rows: Sequence[Row]) -> str:
    """The totals in one line."""
    failed = sum(not row.has_passed for row in rows)
    return (
        f"{len(rows)} faults: {len(rows) - failed} passed, {failed} failed; "
        f"{sum(row.decided for row in rows)} events decided, "
        f"{sum(len(row.lost) for row in rows)} lost"
    )


def _totals(rows: Sequence[Row], began: datetime) -> list[str]:
    longest = max(rows, key=lambda row: row.deaf_s or 0.0, default=None)
    deaf = f"{longest.deaf_s:.1f} s ({longest.name})" if longest and longest.deaf_s else "none"
    return [
        f"- {summary(rows)}; longest deaf: {deaf}",
        f"- {began:%d %B %Y, %H:%M %Z}, osa_daemon {__version__}, commit {commit()}",
        *_earlier(rows),
        f"- {machine()}",
        f"- {versions()}",
    ]


def _earlier(rows: Sequence[Row]) -> list[str]:
    """What was tried at another commit, in an earlier run that this one went on with."""
    here = commit()
    others = Counter(row.commit for row in rows if row.commit != here)
    return [f"- {count} of them passed at commit {name} before" for name, count in others.items()]


def _again(rows: Sequence[Row], failed: Sequence[Row]) -> list[str]:
    """What passed only when it was tried again, and why it had failed: once is not always."""
    passed = {row.name for row in rows if row.has_passed}
    return [
        f"- *{row.name}* passed when tried again; at commit {row.commit} it failed: "
        f"{row.failure or 'events were lost'}"
        for row in failed
        if row.name in passed
    ]


def machine() -> str:
    """The machine in words."""
    memory_gb = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
    system = platform.freedesktop_os_release().get("PRETTY_NAME", "Linux")
    return (
        f"{os.cpu_count()} cores {platform.machine()}, {memory_gb:.0f} GB, {system}, "
        f"load {os.getloadavg()[0]:.1f} at the end"
    )


def versions() -> str:
    """What the trial was made with."""
    said = [
        ("Python", platform.python_version()),
        ("onnxruntime", version("onnxruntime")),
        ("paho-mqtt", version("paho-mqtt")),
        ("sounddevice", version("sounddevice")),
    ]
    asked = [_first_line("systemctl", "--version"), _first_line("pulseaudio", "--version")]
    asked.append(_first_line("mosquitto", "-h"))
    return ", ".join([f"{name} {number}" for name, number in said] + [a for a in asked if a])


def commit() -> str:
    """The checkout's commit, and whether something was changed in it since."""
    here = str(Path(__file__).parent)
    return _first_line("git", "-C", here, "describe", "--always", "--dirty", "--abbrev=12")


def _first_line(*command: str) -> str:
    paths = f"{os.environ.get('PATH', '')}:/usr/sbin"
    environment = {**os.environ, "PATH": paths}
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    except OSError:
        return ""
    return (done.stdout.splitlines() or [""])[0].strip()


def _line(row: Row) -> str:
    deaf = "-" if row.deaf_s is None else f"{row.deaf_s:.1f}"
    seen = row.observed
    if row.failure:
        seen = f"{seen}. **{row.failure}**" if seen else f"**{row.failure}**"
    lost = f"{len(row.lost)} of {row.decided}"
    verdict = "passed" if row.has_passed else "FAILED"
    cells = (row.name, row.injected, row.expected, seen, lost, deaf, verdict)
    return "| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in cells) + " |"
