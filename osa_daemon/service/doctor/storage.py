"""Whether the journal can be written and read, and whether the disk has room for it."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from osa_daemon.errors import StorageError
from osa_daemon.journal.reader import JournalReader
from osa_daemon.service.doctor.account import READ, WRITE, Account
from osa_daemon.service.doctor.finding import Finding, bad, closed_or_bad, doubtful, good
from osa_daemon.service.doctor.permissions import state_folder_obstacle

FOLDER, JOURNAL, DISK = "state folder", "journal", "disk"
LEAST_FREE_MB = 200  # a year of journal and a wheel's upgrade


def check_state_dir(folder: Path, account: Account | None = None) -> Finding:
    """Whether `account` (default: this user, who tries it) can write the journal."""
    account = account or Account.current()
    obstacle = state_folder_obstacle(folder, account)
    if obstacle is not None:
        return bad(FOLDER, f"{obstacle}.")
    if _is_read_only(folder):
        return bad(
            FOLDER,
            f"{folder} is on a file system that is read-only, as a failing SD card makes itself: "
            "look into `dmesg`, make a copy of the card, and replace it.",
        )
    foreign = _closed_file(folder, account)
    if foreign is not None:
        return bad(
            FOLDER,
            f"{account.name} may not write {foreign}, which somebody else's command has made: "
            f"sudo chown {account.name}: {foreign}",
        )
    if account.uid == os.geteuid():
        failure = _try_to_write(folder)
        if failure is not None:
            return bad(FOLDER, failure)
    return good(FOLDER, f"{folder} can be written by {account.name}")


def check_journal(path: Path) -> Finding:
    """Whether the journal can be read; one that is not there yet is no fault."""
    if not _exists(path):
        return good(JOURNAL, "none yet: the daemon makes it when it first runs")
    try:
        with JournalReader.open(path) as journal:
            journal.nights(1)
    except StorageError as error:
        return closed_or_bad(JOURNAL, error)
    return good(JOURNAL, f"{path} can be read")


def check_disk(folder: Path) -> Iterator[Finding]:
    """Whether there is space left where the journal is."""
    there = next(parent for parent in (folder, *folder.parents) if _exists(parent))
    free_mb = shutil.disk_usage(there).free // 1_000_000
    about = os.statvfs(there)
    if free_mb < LEAST_FREE_MB:
        yield bad(DISK, f"{free_mb} MB are free at {there}: make room, {LEAST_FREE_MB} MB or more.")
    elif about.f_files and not about.f_favail:
        yield bad(DISK, f"{there} can hold no more files, however small: delete some.")
    else:
        yield good(DISK, f"{free_mb} MB are free at {there}")
    if damaged := sorted(_damaged(folder)):
        yield doubtful(
            DISK,
            f"{damaged[-1]} is a journal that was found damaged: its disk or SD card may be "
            "failing; what is of no use to you there may be deleted.",
        )


def _closed_file(folder: Path, account: Account) -> Path | None:
    """Return a file of the journal's folder that `account` may not write; None: there is none."""
    try:
        files = sorted(entry for entry in folder.iterdir() if entry.is_file())
        return next((file for file in files if account.obstacle(file, READ | WRITE)), None)
    except OSError:
        return None  # gone meanwhile


def _try_to_write(folder: Path) -> str | None:
    """Return why it fails; the folder is left as it was."""
    try:
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(b"x")
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        return (
            f"{folder} cannot be written ({error.strerror}): look at the disk line, and at `dmesg`."
        )
    return None


def _is_read_only(folder: Path) -> bool:
    return bool(os.statvfs(folder).f_flag & os.ST_RDONLY)


def _exists(path: Path) -> bool:
    try:
        path.stat()
    except PermissionError:
        return True
    except OSError:
        return False
    return True


def _damaged(folder: Path) -> list[str]:
    try:
        return [entry.name for entry in folder.iterdir() if ".damaged-" in entry.name]
    except OSError:
        return []
