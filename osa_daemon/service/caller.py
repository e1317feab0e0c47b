"""Who called: `sudo` keeps that, where a command is root's."""

import os
from pathlib import Path


def give_to_caller(path: Path) -> None:
    """Give a file to whoever called sudo, or they could not read it.

    Raises:
        OSError: the file system knows no owners.
    """
    user, group = os.environ.get("SUDO_UID", ""), os.environ.get("SUDO_GID", "")
    if os.geteuid() == 0 and user.isdigit() and group.isdigit():
        os.chown(path, int(user), int(group))
