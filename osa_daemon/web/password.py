"""The page's password: kept as a hash that is slow to guess, compared in constant time.

scrypt (RFC 7914) with N = 2^14, r = 8, p = 5: 16 MiB and a quarter of a second of a PC, one of the
equivalent choices of OWASP's Password Storage Cheat Sheet (2025).
"""

import base64
import hashlib
import hmac
import os
import secrets
from pathlib import Path
from typing import Final

from osa_daemon.errors import StorageError, UsageError

SHORTEST, LONGEST = 8, 200
N, R, P = 1 << 14, 8, 5
MEMORY_BYTES: Final = 64 << 20
SALT_BYTES, HASH_BYTES = 16, 32
_MOST_BYTES = 1000


def hashed(password: str) -> str:
    """Return the line that is kept of a password.

    Raises:
        UsageError: it is too short, too long, or no text.
    """
    if not SHORTEST <= len(password) <= LONGEST or not password.isprintable():
        raise UsageError(
            f"The password has {len(password)} character{'' if len(password) == 1 else 's'}, but "
            f"must be {SHORTEST} to {LONGEST} printable ones."
        )
    salt = secrets.token_bytes(SALT_BYTES)
    key = _key(password, salt, N, R, P)
    return "$".join(("scrypt", str(N), str(R), str(P), _text(salt), _text(key)))


def matches(password: str, line: str) -> bool:
    """Return whether `line` was made of this password; False for any other line."""
    try:
        name, n, r, p, salt, key = line.split("$")
        known = base64.b64decode(key, validate=True)
        # as long as ours: a damaged line must not ask for a gigabyte
        if name != "scrypt" or (int(n), int(r), int(p)) != (N, R, P) or len(known) != HASH_BYTES:
            return False
        made = _key(password[:LONGEST], base64.b64decode(salt, validate=True), N, R, P)
    except ValueError:
        return False
    return hmac.compare_digest(made, known)


def read_hash(path: Path) -> str | None:
    """Return the line that is kept, None where there is no password.

    Raises:
        StorageError: the file cannot be read.
    """
    try:
        with path.open("r", encoding="ascii") as file:
            return file.read(_MOST_BYTES).strip()
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no text"
        raise StorageError(f"The page's password {path} cannot be read: {reason}.") from error


def write_hash(path: Path, line: str, owner: Path) -> None:
    """Keep the line, readable by the owner of the folder `owner` alone.

    Raises:
        StorageError: it cannot be written.
    """
    fresh = path.with_name(path.name + ".new")
    try:
        fresh.unlink(missing_ok=True)
        fd = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(fd, "w", encoding="ascii") as file:
            if os.geteuid() == 0:  # the daemon, whose folder it is, must be able to read it
                about = owner.stat()
                os.fchown(file.fileno(), about.st_uid, about.st_gid)
            file.write(f"{line}\n")
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(path)
    except PermissionError as error:
        msg = f"{path} may not be written by this user: run the command with sudo."
        raise StorageError(msg) from error
    except OSError as error:
        raise StorageError(f"{path} cannot be written: {error.strerror or error}.") from error


def _key(password: str, salt: bytes, n: int, r: int, p: int) -> bytes:
    return hashlib.scrypt(
        password.encode(), salt=salt, n=n, r=r, p=p, maxmem=MEMORY_BYTES, dklen=HASH_BYTES
    )


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")
