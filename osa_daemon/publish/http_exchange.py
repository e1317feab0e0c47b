"""One HTTP request and its answer, within one deadline and a bound on what is read.

The standard library's timeouts begin anew with each byte, so that a server which sends one byte a
second would hold its client for ever. Redirects are not followed: what the request carries is for
this server alone.
"""

import io
import socket
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass
from http.client import HTTPException, HTTPResponse
from typing import TYPE_CHECKING, cast

from osa_daemon.settings.topic_address import TopicAddress

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

MAX_HEAD_BYTES = 16_384
MAX_BODY_BYTES = 8_192
MAX_ADDRESSES = 8
OK = 200


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked of a server; `path` begins with /, headers hold printable ASCII."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server said; not to be trusted. `body` is empty unless the status is 200."""

    status: int
    retry_after: str | None
    location: str | None
    body: bytes


def exchange(address: TopicAddress, request: Request, deadline_s: float) -> Answer:
    """Send the request to the address's server; return its answer within the deadline.

    Looking up the name counts, but only the system's resolver can end it.

    Raises:
        OSError: there is no connection, or none that can be trusted; TimeoutError at the deadline.
        HTTPException: what came back is not HTTP, or its head is too long.
    """
    ends_s = time.monotonic() + deadline_s
    with _connect(address, ends_s) as link:
        link.settimeout(_left_s(ends_s))
        link.sendall(_encoded(address, request))
        return _answer(HTTPResponse(cast("socket.socket", _Incoming(link, ends_s))))


def _connect(address: TopicAddress, ends_s: float) -> socket.socket:
    link = _connect_plainly(address, ends_s)
    if not address.is_encrypted:
        return link
    try:
        link.settimeout(_left_s(ends_s))
        # the handshake as a whole keeps to the timeout; where it fails, the link is closed
        return ssl.create_default_context().wrap_socket(link, server_hostname=address.host)
    except BaseException:
        link.close()
        raise


def _connect_plainly(address: TopicAddress, ends_s: float) -> socket.socket:
    """Try one address after the other, none longer than its share of the time that is left."""
    found = socket.getaddrinfo(address.host, address.port, type=socket.SOCK_STREAM)[:MAX_ADDRESSES]
    failure = OSError()
    for tried, (family, kind, protocol, _, place) in enumerate(found):
        link = None
        try:
            link = socket.socket(family, kind, protocol)
            link.settimeout(_left_s(ends_s) / (len(found) - tried))
            link.connect(place)
        except OSError as error:
            failure = error
            if link is not None:
                link.close()
        else:
            return link
    raise failure


def _left_s(ends_s: float) -> float:
    left_s = ends_s - time.monotonic()
    if left_s <= 0:
        raise TimeoutError
    return left_s


def _encoded(address: TopicAddress, request: Request) -> bytes:
    headers = {
        "Host": address.authority,
        # the usual default of programs would tell what kind of device this is
        "User-Agent": "python",
        "Connection": "close",
        **request.headers,
    }
    if request.body:
        headers["Content-Length"] = str(len(request.body))
    lines = [f"{request.method} {request.path} HTTP/1.1"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode("ascii") + request.body


def _answer(response: HTTPResponse) -> Answer:
    with response:
        response.begin()
        body = response.read(MAX_BODY_BYTES) if response.status == OK else b""
        return Answer(
            response.status,
            response.getheader("Retry-After"),
            response.getheader("Location"),
            body,
        )


class _Incoming(io.RawIOBase):
    """What comes in, as a file: ends with an error at the deadline and where it is too much."""

    def __init__(self, link: socket.socket, ends_s: float) -> None:
        super().__init__()
        self._link = link
        self._ends_s = ends_s
        self._room = MAX_HEAD_BYTES + MAX_BODY_BYTES

    def makefile(self, _mode: str) -> io.BufferedReader:
        """What `HTTPResponse` asks a socket for."""
        return io.BufferedReader(self)

    def readable(self) -> bool:
        """Whether it can be read."""
        return True

    def readinto(self, buffer: "WriteableBuffer") -> int:
        """Read some of what has come, or wait for it."""
        place = memoryview(buffer)[: self._room]
        if not place:
            raise HTTPException
        self._link.settimeout(_left_s(self._ends_s))
        count = self._link.recv_into(place)
        self._room -= count
        return count
