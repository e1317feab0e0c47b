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
# after it was begun, whatever is done with its token; no browser keeps a cookie for longer
# (RFC 6265bis, 5.5)
LONGEST_S: Final = 400 * 86_400.0
KEPT_ANEW_S: Final = 86_400.0  # the file may be so far behind: each use would wear the card
TOKEN_BYTES: Final = 32
NAME: Final = "web-sessions.json"
_MOST_BYTES = 16_384
_DAMAGED = (
    OSError, ArithmeticError, ValueError, LookupError, TypeError, AttributeError, RecursionError,
)  # fmt: skip


@dataclass(slots=True)
class Session:
    """Somebody who is signed in, by which password's hash, since when (s since 1970).

    `used_s` is of this process's clock; `kept_s` is the end, without another use, that the file
    knows (s since 1970).
    """

    of: str
    begun_s: float
    used_s: float
    kept_s: float


class Sessions:
    """All of them. `password_line` gives the line that is kept of the password now, or None.

    `path` None keeps them in memory alone. `wall` gives seconds since 1970, and decides of
    `LONGEST_S` and over restarts alone: a wall clock that is set, as a Pi's is at each start, is
    no time that went by unused. `monotonic` gives seconds of this process.
    """

    def __init__(
        self,
        path: Path | None,
        password_line: Callable[[], str | None],
        wall: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._path = path
        self._line = password_line
        self._wall = wall
        self._monotonic = monotonic
        self._by_hash = {} if path is None else _read(path, wall(), monotonic())

    def begin(self) -> str:
        """Sign somebody in; return the token that proves it."""
        token = secrets.token_urlsafe(TOKEN_BYTES)
        self._tidy()
        while len(self._by_hash) >= MOST_SESSIONS:
            del self._by_hash[min(self._by_hash, key=lambda key: self._by_hash[key].used_s)]
        begun_s = self._wall()
        self._by_hash[_hash(token)] = Session(
            self._mark() or "", begun_s, self._monotonic(), begun_s + LASTS_S
        )
        self._write()
        return token

    def holds(self, token: str) -> bool:
        """Return whether whoever has this token is signed in; asking is a use of it."""
        session = self._by_hash.get(_hash(token))
        if session is None or not self._is_valid(session):
            return False
        session.used_s = self._monotonic()
        if self._ends_s(session) - session.kept_s >= KEPT_ANEW_S:
            self._write()
        return True

    def end(self, token: str) -> None:
        """Sign out."""
        if self._by_hash.pop(_hash(token), None) is not None:
            self._write()

    def _is_valid(self, session: Session) -> bool:
        return (
            self._monotonic() - session.used_s < LASTS_S
            and self._wall() - session.begun_s < LONGEST_S
            and session.of == self._mark()
        )

    def _ends_s(self, session: Session) -> float:
        """Return when it ends without another use; a clock that is behind takes nothing away."""
        idle_s = self._monotonic() - session.used_s
        return max(self._wall() - idle_s + LASTS_S, session.kept_s)

    def _mark(self) -> str | None:
        line = self._line()
        return None if line is None else _hash(line)

    def _tidy(self) -> None:
        self._by_hash = {k: s for k, s in self._by_hash.items() if self._is_valid(s)}

    def _write(self) -> None:
        """Keep them; where the disk does not take it, they last as long as this process."""
        if self._path is None:
            return
        for session in self._by_hash.values():
            session.kept_s = self._ends_s(session)  # also where it fails: not each use tries again
        fresh = self._path.with_name(self._path.name + ".new")
        kept = {key: [s.kept_s, s.of, s.begun_s] for key, s in self._by_hash.items()}
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


def _read(path: Path, wall_s: float, monotonic_s: float) -> dict[str, Session]:
    """Return what was kept; nothing where the file is damaged.

    A clock that is behind, as a Pi's may be before the network sets it, takes each for one that
    was used just now.
    """

    def session(ends_s: float, of: str, begun_s: float) -> Session:
        idle_s = max(0.0, wall_s - (ends_s - LASTS_S))
        return Session(of, begun_s, monotonic_s - idle_s, ends_s)

    try:
        with path.open("rb") as file:
            stored = json.loads(file.read(_MOST_BYTES))
        return {
            str(key): session(float(ends_s), str(of), float(begun_s))
            for key, (ends_s, of, begun_s) in list(stored["sessions"].items())[:MOST_SESSIONS]
        }
    except _DAMAGED:
        return {}
