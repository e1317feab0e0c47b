"""Who asks, and under which address: as the connection says, or a trusted proxy in front of it."""

import ipaddress
import re
from dataclasses import dataclass
from typing import Final

from starlette.types import Scope

_PREFIX: Final = re.compile(r"(/[A-Za-z0-9_.~-]+){1,10}")
_HOST: Final = re.compile(r"[A-Za-z0-9._-]{1,253}(:\d{1,5})?|\[[0-9A-Fa-f:.]{2,45}\](:\d{1,5})?")
LOCAL_NAMES: Final = frozenset({"localhost", "127.0.0.1", "[::1]"})


@dataclass(frozen=True, slots=True)
class Peer:
    """`address`: of whoever asks. `host`: what the browser took for ours, with its port.

    `prefix`: the path below which a proxy shows the page, empty without one. `is_proxied`: a
    trusted proxy speaks. `host` is empty where it makes no sense.
    """

    address: str
    host: str
    is_secure: bool
    prefix: str
    is_proxied: bool

    @property
    def origin(self) -> str:
        """The origin of our own pages (RFC 6454)."""
        return f"{'https' if self.is_secure else 'http'}://{self.host.lower()}"

    @property
    def name(self) -> str:
        """The host without its port."""
        return re.sub(r":\d+$", "", self.host.lower())

    @property
    def neighbourhood(self) -> str:
        """The address, of IPv6 the /64 that one household has."""
        return neighbourhood(self.address)


def peer_of(scope: Scope, proxies: frozenset[str]) -> Peer:
    """Return who asks; headers of proxies count where `proxies` holds the sender's address."""
    headers = {key: value.decode("latin-1").strip() for key, value in scope["headers"]}
    address = (scope.get("client") or ("", 0))[0].partition("%")[0]
    is_secure = scope["scheme"] in {"https", "wss"}
    host, prefix = headers.get(b"host", ""), ""
    is_proxied = _plain(address) in proxies
    if is_proxied:
        # the last one is what the proxy itself saw; what stands before it, anybody may have written
        address = headers.get(b"x-forwarded-for", address).rpartition(",")[2].strip() or address
        proto = headers.get(b"x-forwarded-proto", "").rpartition(",")[2].strip()
        is_secure = proto == "https" if proto else is_secure
        host = headers.get(b"x-forwarded-host", host).rpartition(",")[2].strip()
        given = headers.get(b"x-ingress-path", "")
        prefix = given if _PREFIX.fullmatch(given) and "/.." not in given else ""
    host = host if _HOST.fullmatch(host) else ""
    return Peer(_plain(address), host, is_secure, prefix, is_proxied)


def neighbourhood(address: str) -> str:
    """Return the address, of IPv6 its /64; what is no address as it is, cut short."""
    try:
        known = ipaddress.ip_address(address)
    except ValueError:
        return address[:64]
    if known.version == 4:
        return str(known)
    return str(ipaddress.ip_network((known, 64), strict=False))


def _plain(address: str) -> str:
    """Return an address; one of IPv4 that a socket of IPv6 shows mapped is one of IPv4."""
    return address.removeprefix("::ffff:") if "." in address else address
