"""What a user may do with a file, judged by modes and groups: root, who may all, can ask too."""

import grp
import os
import pwd
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from osa_daemon.service.doctor.unit import Unit

READ, WRITE, ENTER = stat.S_IROTH, stat.S_IWOTH, stat.S_IXOTH
ACCESS_LIST = "system.posix_acl_access"  # acl(5): modes do not tell all where there is one


@dataclass(frozen=True, slots=True)
class Account:
    """A user with its groups, by number; `lacking`: groups it should be in that do not exist."""

    name: str
    uid: int
    gids: frozenset[int]
    lacking: tuple[str, ...] = ()

    @classmethod
    def current(cls) -> Self:
        """Return the account that this process runs as."""
        uid = os.geteuid()
        return cls(_name(uid), uid, frozenset({os.getegid(), *os.getgroups()}))

    @classmethod
    def of_service(cls, unit: Unit) -> Self | None:
        """Return the account of the service; None where there is no such user."""
        try:
            entry = pwd.getpwnam(unit.user)
        except KeyError:
            return None
        known = {group.gr_name: group.gr_gid for group in grp.getgrall()}
        own = os.getgrouplist(entry.pw_name, entry.pw_gid)
        more = [known[name] for name in unit.groups if name in known]
        lacking = tuple(name for name in unit.groups if name not in known)
        return cls(entry.pw_name, entry.pw_uid, frozenset([*own, *more]), lacking)

    def obstacle(self, path: Path, want: int) -> Path | None:
        """Return the first folder or file on the way to `path` that is closed to this user.

        None: nothing is in the way, or it cannot be told. `want` is what is wanted of `path`
        itself, as bits of `READ`, `WRITE`, `ENTER`.

        Raises:
            OSError: there is no such file, or this process may not look for it.
        """
        *folders, last = [*reversed(path.parents), path]
        for folder in folders:
            if not self._may(folder, ENTER):
                return folder
        return None if self._may(last, want) else last

    def _may(self, path: Path, want: int) -> bool:
        about = path.stat()
        if self.uid == 0 or _has_access_list(path):
            return True
        if about.st_uid == self.uid:
            return about.st_mode >> 6 & want == want
        if about.st_gid in self.gids:
            return about.st_mode >> 3 & want == want
        return about.st_mode & want == want


def _has_access_list(path: Path) -> bool:
    try:
        return ACCESS_LIST in os.listxattr(path)
    except OSError:
        return False


def _name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)
