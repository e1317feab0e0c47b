"""The page's routes: each takes what a viewer asks, and answers with a file or with JSON."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from osa_daemon.errors import InputError, OsaError, ResourceError
from osa_daemon.publish.topics import COMMANDS
from osa_daemon.settings.model import Settings
from osa_daemon.web import nights
from osa_daemon.web.body import fields_of, text_of
from osa_daemon.web.children import Children
from osa_daemon.web.failures import AbsentError, RefusedError, status_of
from osa_daemon.web.files import Files
from osa_daemon.web.gate import answered, refused
from osa_daemon.web.health import Health
from osa_daemon.web.link import Link
from osa_daemon.web.live import MOST_VIEWERS, Live, Stream
from osa_daemon.web.reports import report
from osa_daemon.web.settings_page import known_key, settings_fields
from osa_daemon.web.sign_in import SignIn

READERS: Final = 2  # of the journal at a time: an SD card is slow
ROOMS: Final = ("phone",)  # pages of their own, below their own path

Handler = Callable[[Request], Awaitable[Response]]


@dataclass
class Page:
    """What the routes need. `config` is the settings file, `authority` of our own certificate."""

    settings: Settings
    config: Path | None
    live: Live
    link: Link
    sign_in: SignIn
    authority: Path | None = None
    files: Files = field(default_factory=Files)
    more_routes: tuple[BaseRoute, ...] = ()

    def __post_init__(self) -> None:
        self._reports, self._doctors = Children(self.config), Children(self.config)
        self._health = Health(self._doctors)
        self._readers = asyncio.Semaphore(READERS)

    def end(self) -> None:
        """Leave no process behind."""
        self._reports.kill()
        self._doctors.kill()

    def app(self) -> Starlette:
        """Return the application, without the gate in front of it."""
        routes: list[BaseRoute] = [
            *self.more_routes,
            Route("/", self._file("index.html")),
            Route("/login", self._file("login.html")),
            Route("/static/{name:path}", self._static),
            Route("/authority.crt", _told(self._authority)),
            *(Route(f"/{room}/{{name:path}}", self._room(room)) for room in ROOMS),
            Route("/api/session", self.sign_in.session),
            Route("/api/login", _told(self.sign_in.login), methods=["POST"]),
            Route("/api/logout", _told(self.sign_in.logout), methods=["POST"]),
            Route("/api/live", _told(self._live)),
            Route("/api/nights", _told(self._nights)),
            Route("/api/nights/{night}", _told(self._night)),
            Route("/api/nights/{night}/report.{kind}", _told(self._report)),
            Route("/api/events/{id}", _told(self._event)),
            Route("/api/settings", _told(self._settings)),
            Route("/api/settings", _told(self._set), methods=["POST"]),
            Route("/api/commands", _told(self._command), methods=["POST"]),
            Route("/api/health", _told(self._look)),
        ]
        app = Starlette(routes=routes, exception_handlers={HTTPException: _as_json})
        app.router.redirect_slashes = False  # it would lead out of a proxy's prefix
        return app

    def _file(self, name: str) -> Handler:
        async def handler(request: Request) -> Response:
            return self.files.answer(request, name)

        return handler

    async def _static(self, request: Request) -> Response:
        return self.files.answer(request, request.path_params["name"])

    def _room(self, room: str) -> Handler:
        """A page with a folder of its own: its files lie below its path."""

        async def handler(request: Request) -> Response:
            name = request.path_params["name"] or "index.html"
            return self.files.answer(request, f"{room}/{name}")

        return handler

    async def _authority(self, _request: Request) -> Response:
        if self.authority is None:
            raise AbsentError("This page has no certificate that was made here.")
        data = await asyncio.to_thread(self.authority.read_bytes)
        name = {"content-disposition": 'attachment; filename="osa_daemon.crt"'}
        return Response(data, media_type="application/x-x509-ca-cert", headers=name)

    async def _live(self, request: Request) -> Response:
        if self.live.viewers >= MOST_VIEWERS:
            raise ResourceError(f"{MOST_VIEWERS} viewers look already: close one of them.")
        gate, token = request.state.gate, request.state.token
        return Stream(self.live, lambda: gate.lets_in(token))

    async def _nights(self, _request: Request) -> Response:
        return await self._read(nights.nights)

    async def _night(self, request: Request) -> Response:
        return await self._read(nights.night(request.path_params["night"]))

    async def _event(self, request: Request) -> Response:
        return await self._read(nights.event(request.path_params["id"]))

    async def _read(self, what: nights.Read) -> Response:
        async with self._readers:
            path = self.settings.journal.path
            return answered(await asyncio.to_thread(nights.read, path, what))

    async def _report(self, request: Request) -> Response:
        return await report(
            self._reports, request.path_params["night"], request.path_params["kind"]
        )

    async def _settings(self, _request: Request) -> Response:
        return answered(await asyncio.to_thread(settings_fields, self.config))

    async def _set(self, request: Request) -> Response:
        fields = await fields_of(request)
        key = known_key(text_of(fields, "key"))
        if fields.get("reset") is True:
            refusal = await self.link.ask(reset=key)
        elif "value" in fields and isinstance(fields["value"], str | bool | int | float | None):
            refusal = await self.link.ask(set=key, value=fields["value"])
        else:
            raise InputError('"value" must be a text, a number, true, false or null.')
        if refusal is not None:
            raise RefusedError(refusal)
        return await self._settings(request)

    async def _command(self, request: Request) -> Response:
        fields = await fields_of(request)
        key = text_of(fields, "key")
        if key not in COMMANDS:
            raise InputError(f"There is no such command; there are {', '.join(COMMANDS)}.")
        refusal = await self.link.ask(command=key, payload=text_of(fields, "payload"))
        if refusal is not None:
            raise RefusedError(refusal)
        return answered({})

    async def _look(self, _request: Request) -> Response:
        return answered(await self._health.findings())


def _told(handler: Handler) -> Handler:
    """Return a handler that answers a failure with its sentence and the right status."""

    async def told(request: Request) -> Response:
        try:
            return await handler(request)
        except OsaError as error:
            return refused(status_of(error), str(error))

    return told


async def _as_json(_request: Request, error: Any) -> Response:
    sentences = {404: "There is no such page.", 405: "That is not how this is asked for."}
    return refused(error.status_code, sentences.get(error.status_code, "This cannot be answered."))
