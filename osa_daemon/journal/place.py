"""Whether an open file is still the one of its name, and that a name is on the disk."""

import os
from pathlib import Path

Identity = tuple[int, int]


class Place:
    """Knows which files were opened: into one that was deleted or replaced it is written in vain.

    SQLite does not notice it while it appends to its write-ahead log.
    """

    def __init__(self, path: Path) -> None:
        files = (path, path.with_name(path.name + "-wal"))
        self._files = {file: _identity(file) for file in files}

    def is_kept(self) -> bool:
        """Return whether each name still stands for the same file."""
        return all(_identity(file) == identity for file, identity in self._files.items())


def make_folder(folder: Path) -> None:
    """Make a folder, and those it lies in, so that they survive a power cut.

    Raises:
        OSError: that cannot be done.
    """
    missing = []
    while not folder.exists():
        missing.append(folder)
        folder = folder.parent
    for each in reversed(missing):
        each.mkdir(exist_ok=True)
        keep_names(each.parent)


def keep_names(folder: Path) -> None:
    """Wait until the names in a folder are on the disk.

    Raises:
        OSError: the folder cannot be opened or written out.
    """
    number = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(number)
    finally:
        os.close(number)


def _identity(file: Path) -> Identity | None:
    try:
        found = file.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino
