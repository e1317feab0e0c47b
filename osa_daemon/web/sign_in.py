"""Signing in and out: the password is tried so often and no more, and one hash at a time."""

import asyncio
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

import osa_daemon
from osa_daemon.errors import OsaError
from osa_daemon.web.attempts import Attempts
from osa_daemon.web.body import fields_of, text_of
from osa_daemon.web.gate import Gate, answered, refused
from osa_daemon.web.password import LONGEST, matches, read_hash
from osa_daemon.web.peer import Peer
from osa_daemon.web.sessions import LONGEST_S, Sessions

WRONG: Final = "That is not the password."


class PasswordFile:
    """The line that is kept of the password, read again when its file has changed."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._seen: tuple[int, int] | None = None
        self._line: str | None = None

    def line(self) -> str | None:
        """Return the line; None where there is no password, or none that can be read."""
        try:
            about = self._path.stat()
            seen = (about.st_mtime_ns, about.st_ino)
            if seen != self._seen:
                self._line, self._seen = read_hash(self._path), seen
        except (OSError, OsaError):
            self._line, self._seen = None, None
        return self._line


class SignIn:
    """The routes `session`, `login` and `logout`.

    `rooms` says of each further page whether there is one to link to.
    """

    def __init__(
        self,
        password: PasswordFile,
        sessions: Sessions,
        attempts: Attempts | None = None,
        rooms: Mapping[str, bool] = MappingProxyType({}),
    ) -> None:
        self._rooms = rooms
        self._password = password
        self._sessions = sessions
        self._attempts = attempts or Attempts()
        self._one = asyncio.Lock()

    async def session(self, request: Request) -> Response:
        """Tell whether the viewer is signed in, and what a form has to bear."""
        gate: Gate = request.state.gate
        token = request.state.token if self._sessions.holds(request.state.token) else ""
        return answered(
            {
                "signed_in": gate.lets_in(token),
                "csrf": gate.form_token(token),
                "needs_password": gate.rules.needs_password,
                "version": osa_daemon.__version__,
                **self._rooms,
            }
        )

    async def login(self, request: Request) -> Response:
        """Begin a session for whoever knows the password."""
        gate: Gate = request.state.gate
        peer: Peer = request.state.peer
        given = text_of(await fields_of(request), "password", LONGEST)
        wait_s = self._attempts.wait_s(peer.neighbourhood)
        if wait_s > 0:
            sentence = f"The password was tried too often: wait {wait_s + 0.5:.0f} s."
            return refused(429, sentence, headers={"retry-after": f"{wait_s + 1:.0f}"})
        line = self._password.line()
        if line is None:
            return refused(403, "No password is set: `sudo osa-daemon web-password` sets one.")
        async with self._one:
            is_right = await asyncio.to_thread(matches, given, line)
        if not is_right:
            return refused(403, WRONG)
        self._attempts.succeeded(peer.neighbourhood)
        self._sessions.end(request.state.token)
        token = self._sessions.begin()
        answer = answered({"signed_in": True, "csrf": gate.form_token(token)})
        answer.set_cookie(
            gate.rules.cookie,
            token,
            max_age=int(LONGEST_S),  # when it ends before is known here alone
            path=f"{peer.prefix}/",
            secure=peer.is_secure,
            httponly=True,
            samesite="strict",
        )
        return answer

    async def logout(self, request: Request) -> Response:
        """End the session."""
        gate: Gate = request.state.gate
        self._sessions.end(request.state.token)
        answer = answered({"signed_in": False, "csrf": gate.form_token("")})
        answer.delete_cookie(gate.rules.cookie, path=f"{request.state.peer.prefix}/")
        return answer
