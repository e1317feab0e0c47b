"""A damaged journal makes room for a new one; a power cut at any moment loses neither.

The new file is made whole under a name of its own. Then the damaged one is renamed, its log after
it, and at last the new one takes the place. Each step is on the disk before the next: where the
place is empty and a new file waits, `finish` goes on from there.
"""

from datetime import datetime
from pathlib import Path
from typing import Final

from osa_daemon.journal.place import keep_names

KEPT: Final = 3  # damaged journals, for whoever wants to look into them
LOGS: Final = ("-wal", "-shm")


def clean_name(path: Path) -> Path:
    """Return where a new file is made; what an earlier try left there is deleted."""
    new = _new(path)
    for file in (new, *_logs(new), new.with_name(f"{new.name}-journal")):
        file.unlink(missing_ok=True)
    return new


def set_aside(path: Path, now: datetime) -> Path:
    """Rename the damaged journal, and let the new one, which is closed, take its place.

    Return the name that the damaged one has. The oldest of more than `KEPT` are deleted.
    """
    aside = _dated(path, now)
    keep_names(path.parent)
    if path.exists():  # else an earlier try came so far, or somebody has deleted it
        path.rename(aside)
    keep_names(path.parent)
    for log, kept in zip(_logs(path), _logs(aside), strict=True):
        if log.exists():
            log.rename(kept)
    finish(path)
    _forget_old(path, aside)
    return aside


def finish(path: Path) -> None:
    """Let a new file take the place that is empty, where there is one."""
    if path.exists() or not _new(path).exists():
        return
    for log in _logs(path):  # of the file that was here: to the new one it would be poison
        log.unlink(missing_ok=True)
    keep_names(path.parent)
    _new(path).rename(path)
    keep_names(path.parent)


def _new(path: Path) -> Path:
    return path.with_name(f"{path.name}.new")


def _logs(path: Path) -> tuple[Path, ...]:
    return tuple(path.with_name(path.name + suffix) for suffix in LOGS)


def _dated(path: Path, now: datetime) -> Path:
    stem = f"{path.name}.damaged-{now:%Y%m%dT%H%M%SZ}"
    aside, count = path.with_name(stem), 1
    while aside.exists():
        count += 1
        aside = path.with_name(f"{stem}-{count}")
    return aside


def _forget_old(path: Path, newest: Path) -> None:
    """Delete the oldest damaged journals: a card must not fill with them."""
    found = [
        file
        for file in path.parent.glob(f"{path.name}.damaged-*")
        if not file.name.endswith(LOGS) and file != newest
    ]
    for old in sorted(found, reverse=True)[KEPT - 1 :]:
        for file in (old, *_logs(old)):
            file.unlink(missing_ok=True)
