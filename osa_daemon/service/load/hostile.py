"""Hostile clients of the page, as fast as one process can: `python -m … KIND PORT`, until killed.

They come from an address of their own, so that what is bounded by address befalls them alone.
"""

import argparse
import json
import os
import socket
import ssl
import struct
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from itertools import count, cycle
from typing import Final

from osa_daemon.web.phone_wire import HEADER, INT16, MOST_SAMPLES, VERSION

ADDRESS: Final = "127.0.0.99"
HELD: Final = 30  # connections that it would like to keep, without reading
ROUND: Final = 500  # connections, after which it lets go of those that it holds
PATIENCE_S: Final = 0.2
HEAD: Final = b"GET /api/live HTTP/1.1\r\nHost: localhost\r\n\r\n"
RUBBISH: Final = (
    b"\x00" * 20_000,
    b"GET / HTTP/1.1\r\nHost: localhost\r\nX: " + b"x" * 60_000 + b"\r\n\r\n",
    b"POST /api/commands HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999\r\n\r\n"
    + b"x" * 50_000,
    b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n" * 200,
)
EMPTY: Final = 40_000  # frames of a WebSocket with nothing in them, sent in one go
PHONES: Final = 8  # at a time
PHONE_S: Final = 3.0  # of one, unless it is thrown out before
ANSWER_S: Final = 12.0  # that it waits to be let in: longer than the page keeps anybody waiting

Connect = Callable[[], socket.socket]


def flood(connect: Connect) -> None:
    """Hold connections that read nothing, and send rubbish on others."""
    rubbish = cycle(RUBBISH)
    for held in _rounds():
        with suppress(OSError):
            client = connect()
            if len(held) < HELD:
                client.sendall(HEAD)
                held.append(client)
            else:
                client.sendall(next(rubbish))
                client.close()


def greet(connect: Connect) -> None:
    """Flood with TLS handshakes: half ones, left or held, senseless ones, and whole ones."""
    context = _unsuspecting()
    hello = _client_hello(context)
    for held in _rounds():
        with suppress(OSError):
            client = connect()
            client.sendall(hello)
            if len(held) < HELD:
                held.append(client)
                continue
            client.recv(1)  # the server has signed by now
            client.close()
        with suppress(OSError), connect() as client:
            client.sendall(os.urandom(500))
        with suppress(OSError), context.wrap_socket(connect()) as client:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def speak(connect: Connect, port: int) -> None:
    """Be several phones that break each rule of their wire in turn, over and over."""
    with ThreadPoolExecutor(PHONES) as pool:
        list(pool.map(lambda first: _break_rules(connect, port, first), range(PHONES)))


def _break_rules(connect: Connect, port: int, first: int) -> None:
    for number in count(first, PHONES):
        way = WAYS[number % len(WAYS)]
        with suppress(OSError), connect() as client:
            client.settimeout(ANSWER_S)
            origin = f"http://localhost:{port}"
            client.sendall(
                f"GET /api/phone HTTP/1.1\r\nHost: localhost:{port}\r\nOrigin: {origin}\r\n"
                "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
                "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n".encode()
            )
            if not client.recv(4096).startswith(b"HTTP/1.1 101 "):
                continue
            hello = {"stream": f"{number:032x}", "rate_hz": 16_000, "ignored": []}
            client.sendall(_frame(1, json.dumps({"v": VERSION, "hello": hello}).encode()))
            until_s = time.monotonic() + PHONE_S
            for piece in way():
                client.sendall(piece)
                if time.monotonic() > until_s:
                    break


def _rounds() -> Iterator[list[socket.socket]]:
    """Go on for ever; what is held in a round is let go at its end."""
    held: list[socket.socket] = []
    for number in count(1):
        yield held
        if number % ROUND == 0:
            for client in held:
                client.close()
            held.clear()


def _too_fast() -> Iterator[bytes]:
    return (_sound(number, 1600 * number, 1600) for number in count())


def _too_long() -> Iterator[bytes]:
    return (_sound(number, MOST_SAMPLES * number, MOST_SAMPLES) for number in count())


def _oversized() -> Iterator[bytes]:
    return (_frame(2, b"x" * 100_000) for _ in count())


def _out_of_order() -> Iterator[bytes]:
    return (_sound(1000 - number, 1600 * (1000 - number), 1600) for number in range(1000))


def _without_end() -> Iterator[bytes]:
    yield _frame(2, b"", is_last=False)
    while True:
        yield _frame(0, b"", is_last=False) * EMPTY


def _pings() -> Iterator[bytes]:
    return (_frame(9, b"x" * 125) * 1000 for _ in count())


def _nothing() -> Iterator[bytes]:
    return (_frame(2, b"") * EMPTY for _ in count())


WAYS: Final = (_too_fast, _too_long, _oversized, _out_of_order, _without_end, _pings, _nothing)


def _sound(sequence: int, start: int, samples: int) -> bytes:
    clock_s = start / 16_000
    head = HEADER.pack(VERSION, INT16, samples, sequence, start, clock_s)
    return _frame(2, head + bytes(2 * samples))


def _frame(opcode: int, data: bytes, *, is_last: bool = True) -> bytes:
    """A frame of a client (RFC 6455, 5.2), whose mask changes nothing."""
    first = opcode | (0x80 if is_last else 0)
    if len(data) < 126:
        head = struct.pack("!BB", first, 0x80 | len(data))
    elif len(data) < 1 << 16:
        head = struct.pack("!BBH", first, 0xFE, len(data))
    else:
        head = struct.pack("!BBQ", first, 0xFF, len(data))
    return head + bytes(4) + data


def _unsuspecting() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


def _client_hello(context: ssl.SSLContext) -> bytes:
    """The first flight of a handshake: made once, it costs whoever sends it nothing more."""
    outgoing = ssl.MemoryBIO()
    with suppress(ssl.SSLWantReadError):
        context.wrap_bio(ssl.MemoryBIO(), outgoing).do_handshake()
    return outgoing.read()


def main(arguments: list[str] | None = None) -> None:
    """Be hostile until killed."""
    parser = argparse.ArgumentParser(prog=__spec__.name, description=__doc__)
    parser.add_argument("kind", choices=("flood", "greet", "speak"))
    parser.add_argument("port", type=int)
    parser.add_argument("--tls", action="store_true", help="flood over TLS")
    options = parser.parse_args(arguments)
    context = _unsuspecting()

    def connect() -> socket.socket:
        client = socket.socket()
        client.settimeout(PATIENCE_S)
        try:
            client.bind((ADDRESS, 0))
            client.connect(("127.0.0.1", options.port))
        except OSError:
            client.close()
            raise
        return client

    def connect_by_tls() -> socket.socket:
        return context.wrap_socket(connect())

    if options.kind == "speak":
        speak(connect, options.port)
    elif options.kind == "greet":
        greet(connect)
    else:
        flood(connect_by_tls if options.tls else connect)


if __name__ == "__main__":
    main()
