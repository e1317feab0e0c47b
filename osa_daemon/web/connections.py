"""Connections are bounded in number and in patience: a hostile client costs its own alone.

uvicorn waits for ever for a request that drips and for a client that takes nothing. Here a
request has to be whole within `REQUEST_S`, and what was written has to be taken (`web/untaken.py`).
"""

import asyncio
import logging
import socket
import ssl
from collections.abc import Callable
from typing import Any, Final

import h11
import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from osa_daemon.web.pace import Pace
from osa_daemon.web.peer import neighbourhood
from osa_daemon.web.untaken import Untaken, cut
from osa_daemon.web.websocket import PatientWebSocket

MOST_CONNECTIONS: Final = 120
MOST_FROM_ONE: Final = 24  # a browser opens six, and one more for each page that is open
REQUEST_S: Final = 15.0
HANDSHAKE_S: Final = 10.0
KEEP_ALIVE_S: Final = 20
GOODBYE_S: Final = 2
HEAD_BYTES: Final = 16_384
FRAME_BYTES: Final = 1 << 16
FRAMES_WAITING: Final = 16
PING_S: Final = 15.0
BACKLOG: Final = 64
SEND_BYTES: Final = 1 << 16  # of each connection in the kernel, which would keep megabytes
RETRY_S: Final = 0.5

_log = logging.getLogger(__name__)
_UNFINISHED: Final = (h11.IDLE, h11.SEND_BODY)


class PatientProtocol(H11Protocol):
    """One connection that speaks HTTP/1.1, with an end to patience."""

    _late: asyncio.TimerHandle | None = None
    _untaken: Untaken

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for the first request."""
        super().connection_made(transport)
        self._untaken = Untaken(transport)
        self._expect()

    def data_received(self, data: bytes) -> None:
        """Take bytes; a request that begins has to end."""
        self._expect()
        super().data_received(data)

    def handle_events(self) -> None:
        """Let uvicorn handle what is complete."""
        super().handle_events()
        if self.conn.their_state not in _UNFINISHED:
            self._arrived()

    def on_response_complete(self) -> None:
        """From here on uvicorn's own wait for the next request counts, unless one has begun."""
        if self.conn.their_state is not h11.SEND_BODY:
            self._arrived()
        super().on_response_complete()

    def handle_websocket_upgrade(self, event: h11.Request) -> None:
        """Hand the connection over, with what is not taken yet."""
        self._arrived()
        super().handle_websocket_upgrade(event)
        heir = self.transport.get_protocol()
        assert isinstance(heir, PatientWebSocket)
        heir.untaken = self._untaken

    def pause_writing(self) -> None:
        """The client does not take what was written."""
        super().pause_writing()
        self._untaken.begin()

    def resume_writing(self) -> None:
        """It has taken all."""
        super().resume_writing()
        self._untaken.end()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no more."""
        self._arrived()
        self._untaken.end()
        super().connection_lost(exc)

    def _expect(self) -> None:
        if self._late is None and self.conn.their_state in _UNFINISHED:
            self._late = self.loop.call_later(REQUEST_S, cut, self.transport)

    def _arrived(self) -> None:
        if self._late is not None:
            self._late.cancel()
            self._late = None


class Doorkeeper:
    """Takes connections off a listening socket, so many and no more; the others are closed.

    What is open counts from before the TLS handshake until its end, for each address, of IPv6 for
    each /64; and whoever opens too many in too short a time waits for the handshake. Those in
    `exempt` (proxies, which stand for many) only count in all.
    """

    def __init__(
        self,
        listener: socket.socket,
        make_protocol: Callable[[], asyncio.Protocol],
        context: ssl.SSLContext | None,
        exempt: frozenset[str] = frozenset(),
    ) -> None:
        self._listener = listener
        self._make = make_protocol
        self._context = context
        self._exempt = frozenset(map(neighbourhood, exempt))
        self._pace = Pace()
        self._open: dict[socket.socket, str] = {}
        self._greeting: set[asyncio.Task[None]] = set()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to take connections."""
        self._listener.setblocking(False)
        self._task = asyncio.get_running_loop().create_task(self._take_all())
        self._task.add_done_callback(_end_the_process)

    def close(self) -> None:
        """Take no more."""
        if self._task is not None:
            self._task.cancel()
        for task in list(self._greeting):
            task.cancel()
        self._listener.close()

    async def wait_closed(self) -> None:
        """Nothing is left to wait for."""

    async def _take_all(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            try:
                connection, address = await loop.sock_accept(self._listener)
            except OSError as error:  # no file or no memory is left: others will close theirs
                _log.warning("No connection can be taken now: %s.", error.strerror or error)
                await asyncio.sleep(RETRY_S)
                continue
            origin = neighbourhood(str(address[0]).removeprefix("::ffff:"))
            if self._has_room(origin):
                self._open[connection] = origin
                task = loop.create_task(self._greet(connection, origin))
                self._greeting.add(task)
                task.add_done_callback(self._greeting.discard)
            else:
                connection.close()
            await asyncio.sleep(0)  # those who are in come first, however many knock

    def _has_room(self, origin: str) -> bool:
        self._open = {
            connection: whose
            for connection, whose in self._open.items()
            if connection.fileno() >= 0  # one whose end is not taken is not over
        }
        if len(self._open) >= MOST_CONNECTIONS:
            return False
        return origin in self._exempt or list(self._open.values()).count(origin) < MOST_FROM_ONE

    async def _greet(self, connection: socket.socket, origin: str) -> None:
        """Shake hands; a connection that does not come to it is closed."""
        options: dict[str, Any] = {}
        if self._context is not None:
            options = {
                "ssl": self._context,
                "ssl_handshake_timeout": HANDSHAKE_S,
                "ssl_shutdown_timeout": GOODBYE_S,
            }
        try:
            if origin not in self._exempt and (wait_s := self._pace.wait_s(origin)) > 0:
                await asyncio.sleep(wait_s)  # before the handshake: what it costs, it costs us
            await asyncio.get_running_loop().connect_accepted_socket(
                self._make, connection, **options
            )
        except (OSError, asyncio.CancelledError):  # ssl.SSLError and a reset are OSErrors
            connection.close()


def _end_the_process(task: asyncio.Task[None]) -> None:
    """A door that nobody keeps is worse than a process that is started anew."""
    if not task.cancelled():
        _log.critical("No connection is taken any more.", exc_info=task.exception())
        asyncio.get_running_loop().stop()


class Server(uvicorn.Server):
    """uvicorn's server behind our doorkeeper."""

    def __init__(
        self,
        config: uvicorn.Config,
        listener: socket.socket,
        context: ssl.SSLContext | None,
        exempt: frozenset[str],
    ) -> None:
        super().__init__(config)
        self._listener = listener
        self._context = context
        self._exempt = exempt

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:  # noqa: ARG002
        """Begin to serve, in the place of uvicorn's own beginning."""
        await self.lifespan.startup()
        door = Doorkeeper(self._listener, self._protocol, self._context, self._exempt)
        door.start()
        self.servers = [door]  # type: ignore[list-item]  # what uvicorn does to a server, it can
        self.started = True

    def _protocol(self) -> asyncio.Protocol:
        return PatientProtocol(self.config, self.server_state, self.lifespan.state)


def make_server(
    app: Any,
    listener: socket.socket,
    context: ssl.SSLContext | None,
    exempt: frozenset[str] = frozenset(),
) -> Server:
    """Return a server for `app` on a bound socket; TLS where there is a context."""
    config = uvicorn.Config(
        app,
        loop="asyncio",
        http=PatientProtocol,
        ws=PatientWebSocket,
        lifespan="on",
        log_config=None,
        log_level="warning",
        access_log=False,
        proxy_headers=False,
        server_header=False,
        timeout_keep_alive=KEEP_ALIVE_S,
        timeout_graceful_shutdown=GOODBYE_S,
        h11_max_incomplete_event_size=HEAD_BYTES,
        ws_max_size=FRAME_BYTES,
        ws_max_queue=FRAMES_WAITING,
        ws_per_message_deflate=False,
        ws_ping_interval=PING_S,
        ws_ping_timeout=PING_S,
    )
    return Server(config, listener, context, exempt)


def listen(address: str, port: int) -> socket.socket:
    """Return a socket that listens.

    Raises:
        OSError: the address is not of this machine, or the port is taken.
    """
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BYTES)
        listener.bind((address, port))
        listener.listen(BACKLOG)
    except OSError:
        listener.close()
        raise
    return listener
