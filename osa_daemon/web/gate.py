"""The gate that each request passes: who asks, whether they may, what every answer bears."""

import asyncio
import hmac
import json
import math
import secrets
from dataclasses import dataclass, field
from http.cookies import CookieError, SimpleCookie
from typing import Final

from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from osa_daemon.web.headers import PHONE, TRY, security_headers
from osa_daemon.web.pace import Pace
from osa_daemon.web.peer import LOCAL_NAMES, Peer, peer_of
from osa_daemon.web.sessions import Sessions, form_token

MOST_BODY_BYTES: Final = 4096
MOST_HEAD_BYTES: Final = 16_384
# without signing in: the way to do so, and code, which is no secret
OPEN: Final = frozenset({"/login", "/api/login", "/api/session", "/authority.crt", "/favicon.ico"})
PAGES: Final = frozenset({"/", PHONE, TRY})  # a browser is led to the login; others get 401
_FORWARDED: Final = frozenset({b"forwarded", b"via", b"x-forwarded-for", b"x-real-ip"})
_SAFE: Final = frozenset({"GET", "HEAD"})


@dataclass(frozen=True, slots=True)
class Rules:
    """What the settings say. `own_origin`: scheme, host and port of `web.url`, or empty.

    `cookie` names the session: a browser has one jar for all ports of a machine, each a bed.
    """

    needs_password: bool
    is_local: bool
    has_tls: bool
    proxies: frozenset[str] = frozenset()
    own_origin: str = ""
    cookie: str = "osa_session"


@dataclass(slots=True)
class Gate:
    """An ASGI application around another one; each request it lets in has `peer` and `token`.

    `token` is that of the session, empty where nobody is signed in. A WebSocket is passed on with
    `is_allowed` in its state, which whoever serves it has to heed; what came on it too fast counts
    as requests of whoever sent it.
    """

    app: ASGIApp
    rules: Rules
    sessions: Sessions
    pace: Pace = field(default_factory=Pace)
    secret: str = field(default_factory=lambda: secrets.token_urlsafe(32))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse a request, or pass it on."""
        if scope["type"] not in {"http", "websocket"}:
            await self.app(scope, receive, send)
            return
        peer = peer_of(scope, self.rules.proxies)
        if (wait_s := self.pace.wait_s(peer.neighbourhood)) > 0:
            await asyncio.sleep(wait_s)
        token = self._token(scope)
        scope["state"] = {**scope.get("state", {}), "gate": self, "peer": peer, "token": token}
        refusal = self._refusal(scope, peer, token)
        if scope["type"] == "websocket":
            # whoever serves it says why not: a handshake that fails has no sentence for a browser
            scope["state"]["is_allowed"] = refusal is None
            try:
                await self.app(scope, receive, send)
            finally:
                self.pace.owe(peer.neighbourhood, scope["state"]["owes"]())
            return

        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start":
                message = {**message, "headers": _headers(message, scope["path"])}
            await send(message)

        await (refusal or self.app)(scope, receive, answer)

    def form_token(self, token: str) -> str:
        """Return what a form has to bear; of nobody's session it is this process's own."""
        return form_token(token or self.secret)

    def lets_in(self, token: str) -> bool:
        """Return whether whoever has `token` may see the page; asking is a use of the session."""
        return not self.rules.needs_password or self.sessions.holds(token)

    def _refusal(self, scope: Scope, peer: Peer, token: str) -> Response | None:
        """Return the answer to what is not let in."""
        if (why := self._astray(scope, peer)) is not None:
            return refused(403, why)
        # the prefix is a proxy's business; a path is what stands behind it
        path = scope["path"]
        is_open = path in OPEN or path.startswith("/static/")
        if not is_open and not self.lets_in(token):
            if scope["type"] == "http" and path in PAGES:
                # it leads back by this name, one of a few: never by an address out of a link
                way = "./login" if path == "/" else f"../login?from={path.strip('/')}"
                return RedirectResponse(way, 303)
            return refused(401, "Nobody is signed in: open the login page.")
        if scope["type"] == "websocket" or scope["method"] not in _SAFE:
            return self._foreign(scope, peer, token)
        return None

    def _astray(self, scope: Scope, peer: Peer) -> str | None:
        """Return why a request may not have come this way at all."""
        if sum(len(key) + len(value) for key, value in scope["headers"]) > MOST_HEAD_BYTES:
            return "The request's headers are too long."
        if not self._is_ours(peer):
            return f"This page is not served under the name {peer.name or '(none)'}."
        if not (self.rules.needs_password or peer.is_proxied) and _is_forwarded(scope):
            return "Behind a proxy the page wants web.trusted_proxies and a password."
        if not (self.rules.is_local or self.rules.has_tls or peer.is_proxied):
            return "Without encryption only the trusted proxy is served."
        return None

    def _foreign(self, scope: Scope, peer: Peer, token: str) -> Response | None:
        """Return the answer to what another site's page asks for, or what is too long."""
        headers = dict(scope["headers"])
        origin = headers.get(b"origin", b"").decode("latin-1").lower()
        if origin not in {peer.origin, self.rules.own_origin} or not origin:
            return refused(403, "This was asked for by the page of another site.")
        if scope["type"] == "websocket":
            return None
        given = headers.get(b"x-csrf-token", b"").decode("latin-1")
        wanted = self.form_token(token if self.sessions.holds(token) else "")
        if not hmac.compare_digest(given.encode(), wanted.encode()):
            return refused(403, "The page is too old: reload it.")
        length = headers.get(b"content-length", b"0").decode("latin-1")
        if not length.isdigit() or int(length[:12]) > MOST_BODY_BYTES:
            return refused(413, f"A request holds at most {MOST_BODY_BYTES} bytes.")
        return None

    def _is_ours(self, peer: Peer) -> bool:
        """Whether the browser means us: a name that leads here by another's doing does not.

        With a password a foreign name helps nobody: its pages have no session of ours.
        """
        if not peer.host:
            return False
        if self.rules.needs_password:
            return True
        own_host = self.rules.own_origin.partition("://")[2]
        return peer.name in LOCAL_NAMES or peer.host.lower() == own_host

    def _token(self, scope: Scope) -> str:
        for key, value in scope["headers"]:
            if key == b"cookie":
                try:
                    cookie = SimpleCookie(value.decode("latin-1"))
                except CookieError:
                    return ""
                if self.rules.cookie in cookie:
                    return cookie[self.rules.cookie].value[:100]
        return ""


def _is_forwarded(scope: Scope) -> bool:
    return any(key in _FORWARDED for key, _ in scope["headers"])


def refused(status: int, sentence: str, *, headers: dict[str, str] | None = None) -> Response:
    """Return an error as the page reads it. The connection ends with it: a body may still come."""
    return JSONResponse(
        {"error": sentence}, status, headers={**(headers or {}), "connection": "close"}
    )


def answered(data: object) -> Response:
    """Return data as JSON, in which a number that is none is null."""
    try:
        body = json.dumps(data, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    except ValueError:
        return answered(_finite(data))
    return Response(body.encode(), media_type="application/json")


def _finite(data: object) -> object:
    if isinstance(data, dict):
        return {key: _finite(value) for key, value in data.items()}
    if isinstance(data, list | tuple):
        return [_finite(value) for value in data]
    return None if isinstance(data, float) and not math.isfinite(data) else data


def _headers(message: Message, path: str) -> list[tuple[bytes, bytes]]:
    given = list(message.get("headers", ()))
    names = {key.lower() for key, _ in given}
    more = security_headers(path)
    if b"cache-control" not in names:
        more.append((b"cache-control", b"no-store"))
    return [*given, *more]
