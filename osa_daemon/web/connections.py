"""Connections are bounded in number and in patience: a hostile client costs its own alone.

uvicorn waits for ever for a request that drips and for a client that takes nothing. Here a
request has to be whole within `REQUEST_S`, and what was written has to be taken within `TAKEN_S`.
"""

import asyncio
import logging
import socket
import ssl
import struct
from collections import Counter
from collections.abc import Callable
from typing import Any, Final

import h11
import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from osa_daemon.web.peer import neighbourhood

MOST_CONNECTIONS: Final = 120
MOST_FROM_ONE: Final = 24  # a browser opens six, and one more for each page that is open
REQUEST_S: Final = 15.0
TAKEN_S: Final = 15.0
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
    _untaken: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for the first request."""
        super().connection_made(transport)
        transport.set_write_buffer_limits(high=1)  # so that we hear at once what is not taken
        self._expect()

    def data_received(self, data: bytes) -> None:
        """Take bytes; a request that begins has to end."""
        self._expect()
        super().data_received(data)

    def handle_events(self) -> None:
        """Let uvicorn handle what is complete."""
        super().handle_events()
        if self.conn.their_state not in _UNFINISHED:
            self._forget("_late")

    def on_response_complete(self) -> None:
        """From here on uvicorn's own wait for the next request counts, unless one has begun."""
        if self.conn.their_state is not h11.SEND_BODY:
            self._forget("_late")
        super().on_response_complete()

    def handle_websocket_upgrade(self, event: h11.Request) -> None:
        """Hand the connection over to the protocol of WebSockets, which has its own pings."""
        self._forget("_late")
        self.transport.set_write_buffer_limits(high=FRAME_BYTES)
        super().handle_websocket_upgrade(event)

    def pause_writing(self) -> None:
        """The client does not take what was written."""
        super().pause_writing()
        if self._untaken is None:
            self._untaken = self.loop.call_later(TAKEN_S, self._cut)

    def resume_writing(self) -> None:
        """It has taken all."""
        super().resume_writing()
        self._forget("_untaken")

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no more."""
        self._forget("_late")
        self._forget("_untaken")
        super().connection_lost(exc)

    def _expect(self) -> None:
        if self._late is None and self.conn.their_state in _UNFINISHED:
            self._late = self.loop.call_later(REQUEST_S, self._cut)

    def _cut(self) -> None:
        """End the connection at once; what the kernel still holds for it goes too."""
        known = self.transport.get_extra_info("socket")
        if known is not None:
            known.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.transport.abort()

    def _forget(self, name: str) -> None:
        timer: asyncio.TimerHandle | None = getattr(self, name)
        if timer is not None:
            timer.cancel()
            setattr(self, name, None)


class Doorkeeper:
    """Takes connections off a listening socket, so many and no more; the others are closed.

    What is open counts from before the TLS handshake on, for each address, of IPv6 for each /64.
    Those in `exempt` (proxies, which stand for many) only count in all.
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
        self._open: dict[socket.socket, tuple[str, asyncio.Transport | None]] = {}
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
            if not self._has_room(origin):
                connection.close()
                continue
            connection.setblocking(False)
            self._open[connection] = (origin, None)
            task = loop.create_task(self._greet(connection, origin))
            self._greeting.add(task)
            task.add_done_callback(self._greeting.discard)

    def _has_room(self, origin: str) -> bool:
        self._open = {
            connection: (whose, transport)
            for connection, (whose, transport) in self._open.items()
            if connection.fileno() >= 0 and not (transport and transport.is_closing())
        }
        if len(self._open) >= MOST_CONNECTIONS:
            return False
        mine = Counter(whose for whose, _ in self._open.values())[origin]
        return origin in self._exempt or mine < MOST_FROM_ONE

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
            transport, _ = await asyncio.get_running_loop().connect_accepted_socket(
                self._make, connection, **options
            )
        except (OSError, asyncio.CancelledError):  # ssl.SSLError and a reset are OSErrors
            connection.close()
            self._open.pop(connection, None)
            return
        self._open[connection] = (origin, transport)


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
        ws="websockets-sansio",
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
