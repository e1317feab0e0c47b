"""Stand-ins for an ntfy server on loopback: one that behaves, and one that does anything.

The real server is a Go program that no package here brings. `NtfyServer` answers as its source
does: a message is JSON posted to /, a token is looked at with every request, the answer repeats
the message as an event. What a phone then shows is not tested.
"""

import json
import re
import socket
import ssl
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

TOKEN = "tk_s3cret"
TOPIC = "my-bedroom"
_TOPIC = re.compile(r"[-_A-Za-z0-9]{1,64}")


@dataclass(frozen=True, slots=True)
class Asked:
    """A request as it came."""

    method: str
    path: str
    headers: Mapping[str, str]
    fields: dict[str, Any]
    at_s: float


@dataclass(frozen=True, slots=True)
class Planned:
    """An answer that the next message gets instead of the usual one."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: str = ""


class NtfyServer:
    """Keeps what it was asked; with `token` it takes nobody else's messages."""

    def __init__(self, port: int = 0, token: str | None = None) -> None:
        self.asked: list[Asked] = []
        self.planned: deque[Planned] = deque()
        self.token = token
        self._http = ThreadingHTTPServer(("127.0.0.1", port), _handler(self))
        self._http.daemon_threads = True
        self.port = int(self._http.server_address[1])
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.02,))

    def with_tls(self, certificate: Path, key: Path) -> "NtfyServer":
        """Speak TLS."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        self._http.socket = context.wrap_socket(
            self._http.socket, server_side=True, do_handshake_on_connect=False
        )
        return self

    def start(self) -> "NtfyServer":
        """Begin to serve."""
        self._thread.start()
        return self

    def close(self) -> None:
        """End."""
        if self._thread.is_alive():
            self._http.shutdown()
            self._thread.join()
        self._http.server_close()

    @property
    def url(self) -> str:
        """The address of the topic."""
        return f"http://127.0.0.1:{self.port}/{TOPIC}"

    @property
    def messages(self) -> list[dict[str, Any]]:
        """The fields of what was posted, taken or not."""
        return [asked.fields for asked in list(self.asked) if asked.method == "POST"]

    @property
    def texts(self) -> list[str]:
        """Their texts."""
        return [message["message"] for message in self.messages]


def _handler(server: NtfyServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self._note({})
            if not self._is_let_in():
                self._answer(Planned(401, body='{"code":40101,"http":401}'))
            elif self.path == "/v1/health":
                self._answer(Planned(200, body='{"healthy":true}\n'))
            else:
                self._answer(Planned(404))

        def do_POST(self) -> None:
            fields = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            self._note(fields)
            if server.planned:
                self._answer(server.planned.popleft())
            elif not self._is_let_in():
                self._answer(Planned(401, body='{"code":40101,"http":401}'))
            elif self.path != "/" or not _TOPIC.fullmatch(fields["topic"]):
                self._answer(Planned(400))
            else:
                event = {"id": "x", "time": int(time.time()), "event": "message", **fields}
                self._answer(Planned(200, body=json.dumps(event) + "\n"))

        def _note(self, fields: dict[str, Any]) -> None:
            headers = dict(self.headers.items())
            server.asked.append(Asked(self.command, self.path, headers, fields, time.monotonic()))

        def _is_let_in(self) -> bool:
            given = self.headers.get("Authorization")
            return server.token is None or given == f"Bearer {server.token}"

        def _answer(self, planned: Planned) -> None:
            self.send_response(planned.status)
            for name, value in planned.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(planned.body)))
            self.end_headers()
            self.wfile.write(planned.body.encode())

        def log_message(self, *_: object) -> None:
            """Keep quiet."""

    return Handler


class RawServer:
    """Does with each connection what `deed` does; the connection ends with it, or with `close`."""

    def __init__(self, deed: Callable[[socket.socket], None]) -> None:
        self._deed = deed
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        self.connections = 0
        self._open: list[socket.socket] = []
        self._threads = [threading.Thread(target=self._serve, daemon=True)]
        self._threads[0].start()

    @property
    def url(self) -> str:
        """The address of the topic."""
        return f"http://127.0.0.1:{self.port}/{TOPIC}"

    def close(self) -> None:
        """End all of it."""
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for link in self._open:
            with suppress(OSError):
                link.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(10)

    def _serve(self) -> None:
        with suppress(OSError):
            while True:
                link, _ = self._listener.accept()
                self.connections += 1
                self._open.append(link)
                thread = threading.Thread(target=self._do, args=(link,), daemon=True)
                self._threads.append(thread)
                thread.start()

    def _do(self, link: socket.socket) -> None:
        with suppress(OSError), link:
            self._deed(link)


def say_nothing(link: socket.socket) -> None:
    """Take what comes until the other side leaves."""
    while link.recv(4096):
        pass


def close_at_once(link: socket.socket) -> None:
    """Leave without a word."""


def drip(link: socket.socket) -> None:
    """Send a good answer's beginning, a byte at a time, for ever."""
    for sign in b"HTTP/1.1 200 OK\r\nX-Slow: ":
        link.sendall(bytes([sign]))
        time.sleep(0.02)
    while True:
        link.sendall(b"x")
        time.sleep(0.02)


def pour(begin: bytes, more: bytes) -> Callable[[socket.socket], None]:
    """Send `begin`, and then `more` as fast as it goes, for ever; with no more, wait."""

    def deed(link: socket.socket) -> None:
        link.sendall(begin)
        while more:
            link.sendall(more)
        say_nothing(link)

    return deed
