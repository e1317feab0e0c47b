"""Who is signed in: random tokens, of which only hashes are kept, for so long and so many.

They outlive this process in a small file, or a tablet beside the bed would have to sign in again
after each restart. A session is of one password: another one ends it. It lasts while it is used:
a phone that is the microphone is not to be silent one night because a month has gone by.
"""

import hashlib
import hmac
import json
import os
import secrets
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

MOST_SESSIONS: Final = 32  # the one that was used last of all makes way
LASTS_S: Final = 30 * 86_400.0  # after it was used
KEPT_ANEW_S: Final = 86_400.0  # the file may be so far behind: each use would wear the card
# a clock without a battery may start where it was saved, before what was kept
CLOCK_BACK_S: Final = 86_400.0
TOKEN_BYTES: Final = 32
NAME: Final = "web-sessions.json"
_MOST_BYTES = 16_384


@dataclass(slots=True)
class Session:
    """Somebody who is signed in: until when (s since 1970), and by which password's hash.

    `kept_s` is the end that the file knows.
    """

    ends_s: float
    of: str
    kept_s: float


class Sessions:
    """All of them. `password_line` gives the line that is kept of the password now, or None.

    `path` None keeps them in memory alone. `wall` gives seconds since 1970.
    """

    def __init__(
        self,
        path: Path | None,
        password_line: Callable[[], str | None],
        wall: Callable[[], float] = time.time,
    ) -> None:
        self._path = path
        self._line = password_line
        self._wall = wall
        self._by_hash = _read(path) if path is not None else {}

    def begin(self) -> str:
        """Sign somebody in; return the token that proves it."""
        token = secrets.token_urlsafe(TOKEN_BYTES)
        self._tidy()
        while len(self._by_hash) >= MOST_SESSIONS:
            del self._by_hash[min(self._by_hash, key=lambda key: self._by_hash[key].ends_s)]
        ends_s = self._wall() + LASTS_S
        self._by_hash[_hash(token)] = Session(ends_s, self._mark() or "", ends_s)
        self._write()
        return token

    def holds(self, token: str) -> bool:
        """Return whether whoever has this token is signed in; asking is a use of it."""
        session = self._by_hash.get(_hash(token))
        if session is None or not self._is_valid(session):
            return False
        # a clock that is behind until the network sets it takes nothing away
        session.ends_s = max(session.ends_s, self._wall() + LASTS_S)
        if session.ends_s - session.kept_s >= KEPT_ANEW_S:
            self._write()
        return True

    def end(self, token: str) -> None:
        """Sign out."""
        if self._by_hash.pop(_hash(token), None) is not None:
            self._write()

    def _is_valid(self, session: Session) -> bool:
        # no later than it can have been begun: a clock that was wrong makes none last for ever
        left_s = session.ends_s - self._wall()
        return 0 < left_s <= LASTS_S + CLOCK_BACK_S and session.of == self._mark()

    def _mark(self) -> str | None:
        line = self._line()
        return None if line is None else _hash(line)

    def _tidy(self) -> None:
        self._by_hash = {k: s for k, s in self._by_hash.items() if self._is_valid(s)}

    def _write(self) -> None:
        """Keep them; where the disk does not take it, they last as long as this process."""
        if self._path is None:
            return
        fresh = self._path.with_name(self._path.name + ".new")
        kept = {key: [session.ends_s, session.of] for key, session in self._by_hash.items()}
        for session in self._by_hash.values():
            session.kept_s = session.ends_s  # a disk that does not take it is not asked each time
        with suppress(OSError):
            fresh.unlink(missing_ok=True)
            fd = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(fd, "w", encoding="ascii") as file:
                json.dump({"v": 1, "sessions": kept}, file)
            fresh.replace(self._path)


def form_token(secret: str) -> str:
    """Return what proves that a form was filled in on our own page, by whoever has `secret`."""
    return hmac.new(secret.encode(), b"form", hashlib.sha256).hexdigest()


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _read(path: Path) -> dict[str, Session]:
    """Return what was kept; nothing where the file is damaged."""
    try:
        with path.open("rb") as file:
            stored = json.loads(file.read(_MOST_BYTES))
        return {
            str(key): Session(float(ends_s), str(of), float(ends_s))
            for key, (ends_s, of) in list(stored["sessions"].items())[:MOST_SESSIONS]
        }
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return {}
