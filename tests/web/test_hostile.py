"""Hostile clients: slow, many, oversized. Each costs its own connection and nothing else."""

import asyncio
import json
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
import websockets.sync.client
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from osa_daemon.settings.model import Settings
from osa_daemon.web import certificate, connections, pace, untaken, websocket
from tests.mosquitto import wait_for
from tests.web.page import ServedPage, closed_within

HEAD = b"GET /api/live HTTP/1.1\r\nHost: localhost\r\n\r\n"
EMPTY = {  # frames of a client with nothing in them (RFC 6455, 5.2): the first, and those after it
    "messages": (b"", b"\x82\x80\0\0\0\0"),
    "pings": (b"", b"\x89\x80\0\0\0\0"),
    "fragments": (b"\x02\x80\0\0\0\0", b"\x00\x80\0\0\0\0"),
}
FRAMES: list[int] = []


async def much(_request: Request) -> Response:
    """More than any buffer holds."""
    return Response(b"x" * 30_000_000)


async def frames(socket_: WebSocket) -> None:
    """Take frames until the end."""
    await socket_.accept()
    try:
        while True:
            FRAMES.append(len(await socket_.receive_bytes()))
    except WebSocketDisconnect:
        return


async def words(socket_: WebSocket) -> None:
    """Send for as long as somebody takes it."""
    await socket_.accept()
    with suppress(WebSocketDisconnect):
        while True:
            await socket_.send_bytes(b"x" * connections.FRAME_BYTES)


@contextmanager
def served(context: ssl.SSLContext | None = None) -> Iterator[tuple[int, connections.Server]]:
    """A server in this process, where a test may shorten its patience; its port, and itself."""
    listener = connections.listen("127.0.0.1", 0)
    port = listener.getsockname()[1]
    app = Starlette(
        routes=[Route("/", much), WebSocketRoute("/ws", frames), WebSocketRoute("/words", words)]
    )
    server = connections.make_server(app, listener, context)
    thread = threading.Thread(target=lambda: asyncio.run(server.serve()), daemon=True)
    thread.start()
    wait_for(lambda: server.started, 10.0, "the server")
    yield port, server
    server.should_exit = True
    thread.join(10)
    assert not thread.is_alive()


@pytest.mark.parametrize(
    "begun", [b"", b"GET / HT", b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nabc"]
)
def test_a_request_that_drips_is_cut_off(monkeypatch: pytest.MonkeyPatch, begun: bytes):
    """Nothing, half a line, half a body: after the time that a request has, it is over."""
    monkeypatch.setattr(connections, "REQUEST_S", 0.5)
    with served() as (port, _), socket.create_connection(("127.0.0.1", port)) as client:
        client.sendall(begun)
        # a body that never comes is answered before, and waited for no longer
        assert closed_within(client, 10.0) < 10.0


def test_a_client_that_takes_nothing_is_cut_off(monkeypatch: pytest.MonkeyPatch):
    """What was written and is not taken ends the connection, whatever still waits."""
    monkeypatch.setattr(untaken, "TAKEN_S", 0.5)
    with served() as (port, server), socket.create_connection(("127.0.0.1", port)) as client:
        client.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        wait_for(lambda: server.server_state.total_requests, 10.0, "the request")
        wait_for(lambda: not server.server_state.connections, 10.0, "the end of patience")
        got = 0
        with pytest.raises(ConnectionError):
            while chunk := client.recv(1 << 20):
                got += len(chunk)
        assert got < 30_000_000


def test_a_websocket_that_takes_nothing_is_cut_off(monkeypatch: pytest.MonkeyPatch):
    """What waits for it in our memory ends with it, and its place is free again."""
    monkeypatch.setattr(untaken, "TAKEN_S", 0.5)
    with served() as (port, server):
        client = websockets.sync.client.connect(f"ws://127.0.0.1:{port}/words", max_queue=1)
        wait_for(lambda: not server.server_state.connections, 10.0, "the end of patience")
        client.socket.close()


@pytest.mark.parametrize("kind", EMPTY)
def test_frames_with_nothing_in_them_are_counted(kind: str):
    """Read all at once they would keep everybody else waiting: so many, and the connection ends."""
    FRAMES.clear()
    first, more = EMPTY[kind]
    began_s = time.monotonic()
    with served() as (port, server):
        client = websockets.sync.client.connect(f"ws://127.0.0.1:{port}/ws")
        with suppress(ConnectionError):
            client.socket.sendall(first + more * 40_000)
        wait_for(lambda: not server.server_state.connections, 10.0, "the end of the connection")
        client.socket.close()
    gained = websocket.FRAMES_PER_S * (time.monotonic() - began_s)
    assert len(FRAMES) <= websocket.FRAMES_AT_ONCE + gained


def test_a_frame_that_is_too_long_ends_its_connection():
    """A frame of a websocket holds 64 KiB; a longer one is never read whole."""
    FRAMES.clear()
    with served() as (port, _):
        with websockets.sync.client.connect(f"ws://127.0.0.1:{port}/ws") as client:
            client.send(b"x" * connections.FRAME_BYTES)
            wait_for(lambda: FRAMES, 10.0, "the frame")
            client.send(b"x" * (connections.FRAME_BYTES + 1))
            with pytest.raises(websockets.exceptions.ConnectionClosed) as closed:
                client.recv(timeout=10)
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 1009
        assert FRAMES == [connections.FRAME_BYTES]


def test_whoever_floods_with_handshakes_waits_for_them(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    """One costs us a signature: an address gets as many as it gets requests, others theirs."""
    monkeypatch.setattr(pace, "BURST", 5.0)
    monkeypatch.setattr(pace, "PER_S", 5.0)
    web = {"enabled": True, "tls": {"enabled": True}}
    own = Settings.model_validate({"journal": {"state_dir": str(tmp_path)}, "web": web})
    place = certificate.make_sure(own)
    trusting = ssl.create_default_context(cafile=place.authority)
    with served(certificate.context_of(place)) as (port, _):
        began_s = time.monotonic()
        for _ in range(15):
            shake_hands(port, "127.0.0.9", trusting)
        took_s = time.monotonic() - began_s
        assert took_s >= (15 - 5) / 5
        began_s = time.monotonic()
        for _ in range(5):
            shake_hands(port, "127.0.0.8", trusting)
        assert time.monotonic() - began_s < took_s / 2


def shake_hands(port: int, source: str, context: ssl.SSLContext) -> None:
    """Make a connection and end it at once."""
    client = socket.create_connection(("127.0.0.1", port), 30, (source, 0))
    context.wrap_socket(client, server_hostname="127.0.0.1").close()


class Crowd(socket.socket):
    """A listening socket at which somebody always knocks; so many did."""

    knocks = 0

    def accept(self) -> tuple[socket.socket, Any]:
        """Take the next one."""
        self.knocks += 1
        if self.knocks > 10_000:
            raise BlockingIOError
        return socket.socket(), ("127.0.0.9", 1)


def test_those_who_are_in_come_first_however_many_knock():
    """Between two who want in, everybody else has a turn."""

    async def take_turns(crowd: Crowd) -> int:
        door = connections.Doorkeeper(crowd, asyncio.Protocol, None)
        door._has_room = lambda _origin: False  # type: ignore[method-assign]
        door.start()
        for _ in range(10):
            await asyncio.sleep(0)
        door.close()
        return crowd.knocks

    assert 1 < asyncio.run(take_turns(Crowd())) <= 10


BROKEN = """
import asyncio, socket
from starlette.applications import Starlette
from osa_daemon.web import connections
connections.neighbourhood = None
listener = connections.listen("127.0.0.1", 0)
client = socket.create_connection(listener.getsockname())
asyncio.run(connections.make_server(Starlette(), listener, None).serve())
"""


def test_a_door_that_nobody_keeps_ends_the_process():
    """A bug in taking connections is an end, after which the daemon starts the page anew."""
    ended = subprocess.run(
        [sys.executable, "-c", BROKEN], capture_output=True, text=True, timeout=60, check=False
    )
    assert ended.returncode == 1
    assert "TypeError" in ended.stderr


def test_a_flood_of_connections_keeps_nobody_else_out(shared_page: ServedPage):
    """One address gets so many; the others are answered as ever, and soon."""
    flood = []
    try:
        for _ in range(300):
            client = socket.socket()
            client.bind(("127.0.0.9", 0))
            client.connect(("127.0.0.1", shared_page.port))
            flood.append(client)
        began_s = time.monotonic()
        assert shared_page.browser().ask("/api/session").status == 200
        assert time.monotonic() - began_s < 5
        open_ones = sum(_is_open(client) for client in flood)
        assert open_ones <= connections.MOST_FROM_ONE
    finally:
        for client in flood:
            client.close()


def _is_open(client: socket.socket) -> bool:
    client.settimeout(0.05)
    try:
        return client.recv(1) != b""
    except TimeoutError:
        return True
    except ConnectionError:
        return False


@pytest.mark.parametrize(
    "request_",
    [
        b"GET / HTTP/1.1\r\nHost: localhost\r\nX: " + b"x" * 100_000 + b"\r\n\r\n",
        b"GET /" + b"x" * 100_000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"\x16\x03\x01" + bytes(500),
        b"GET / HTTP/1.1\r\n\r\n",
        b"POST /api/login HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n"
        b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    ],
    ids=("header", "path", "tls", "no host", "two lengths"),
)
def test_what_is_no_request_is_refused_and_the_connection_closed(
    shared_page: ServedPage, request_: bytes
):
    """Too long or senseless: an answer in the 400s at most, then the end; others are served."""
    with socket.create_connection(("127.0.0.1", shared_page.port)) as client:
        client.settimeout(20)
        try:
            client.sendall(request_)
            answer = client.recv(65_536)
        except ConnectionError:
            answer = b""
        assert answer == b"" or answer.split()[1].startswith(b"4"), answer
        closed_within(client, 30.0)
    assert shared_page.browser().ask("/api/session").status == 200


def test_a_body_that_is_too_long_is_not_read(shared_page: ServedPage):
    """By its length it is refused at once; without one, after what it may hold."""
    browser = shared_page.browser().look()
    assert browser.ask("/api/commands", {"key": "x" * 10_000}).status == 413
    assert browser.ask("/api/commands", [1]).status == 422
    assert browser.ask("/api/commands", {"key": "reboot", "payload": ""}).status == 422
    host = f"127.0.0.1:{shared_page.port}"
    head = (
        f"POST /api/commands HTTP/1.1\r\nHost: {host}\r\nOrigin: http://{host}\r\n"
        f"X-CSRF-Token: {browser.csrf}\r\nTransfer-Encoding: chunked\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", shared_page.port)) as client:
        client.sendall(head.encode() + (b"400\r\n" + b" " * 1024 + b"\r\n") * 5)
        client.settimeout(20)
        assert client.recv(4096).startswith(b"HTTP/1.1 422 ")
        assert closed_within(client, 5.0) < 5.0
    assert shared_page.commands.take() is None


def test_a_viewer_who_reads_nothing_costs_the_others_nothing(shared_page: ServedPage):
    """States go on to arrive elsewhere, the process does not grow, and the newest value wins."""
    page = shared_page.page
    with socket.create_connection(("127.0.0.1", shared_page.port)) as slow:
        slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        slow.sendall(HEAD)
        events = shared_page.browser().events()
        assert next(events)[0] == "states"
        before_kb = _memory_kb(page.pid)
        for number in range(3000):
            page.state("last_event", {"number": number, "text": "x" * 2000})
            if number % 50 == 49:
                _await(events, number)
        assert _memory_kb(page.pid) < before_kb + 20_000
        events.close()


def _await(events: Iterator[tuple[str, dict[str, object]]], number: int) -> None:
    for name, data in events:
        if name == "state" and json.dumps(data).find(f'"number": {number},') > 0:
            return
    raise AssertionError("the events ended")


def _memory_kb(pid: int | None) -> int:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS"))


def test_there_are_so_many_viewers_and_one_who_goes_makes_room(
    serve: Callable[..., ServedPage],
):
    """The thirty-third is told so; nobody is thrown out for them."""
    page = serve()
    page.page.state("apnea", "OFF")
    viewers = [page.browser(f"127.0.0.{10 + n % 4}").events() for n in range(32)]
    for viewer in viewers:
        assert next(viewer)[0] == "states"
    refused = page.browser().ask("/api/live")
    assert refused.status == 503
    assert "32 viewers" in refused.json["error"]
    viewers.pop().close()
    wait_for(lambda: _may_watch(page), 10.0, "room for one more")
    page.page.state("apnea", "ON")
    for viewer in viewers:
        assert next(viewer) == ("state", {"suffix": "apnea", "payload": "ON"})
        viewer.close()


def _may_watch(page: ServedPage) -> bool:
    events = page.browser().events()
    try:
        return next(events)[0] == "states"
    except AssertionError:
        return False
    finally:
        events.close()
