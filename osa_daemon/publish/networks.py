"""Which networks this service may reach, as systemd was told, and what to do where that shuts out.

A connection that systemd forbids does not fail: the kernel drops its packets, so that it ends in
a timeout as that to a server which is switched off does (`IPAddressAllow=`, systemd 252).
"""

import ipaddress
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Final, TypeAlias

Address: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address
Network: TypeAlias = ipaddress.IPv4Network | ipaddress.IPv6Network

PERMITTED: Final = "OSA_NETWORKS"  # set beside IPAddressAllow, in the same drop-in
RESOLVER: Final = Path("/etc/resolv.conf")
OPEN: Final = "run scripts/install.sh again, which lets it reach what the settings name"


def permitted_networks() -> tuple[Network, ...] | None:
    """Return the networks that this process may reach; None where nothing limits it."""
    words = os.environ.get(PERMITTED, "").split()
    return tuple(ipaddress.ip_network(word) for word in words) or None


def is_within(address: Address, networks: Sequence[Network]) -> bool:
    """Whether one of the networks holds the address."""
    return any(address in network for network in networks)


def literal(host: str) -> Address | None:
    """Return the address that a host is written as, or None for a name."""
    try:
        return ipaddress.ip_address(host.strip("[]").partition("%")[0])
    except ValueError:
        return None


def name_servers(resolver: Path = RESOLVER) -> tuple[Address, ...]:
    """Return the name servers of this machine, none where the file cannot be read."""
    try:
        lines = resolver.read_text("utf-8", "replace").splitlines()
    except OSError:
        return ()
    words = [line.split() for line in lines if line.startswith("nameserver")]
    found = [literal(word[1]) for word in words if len(word) > 1]
    return tuple(address for address in found if address is not None)


def no_answer_hint(host: str) -> str:
    """Return what a sentence on a host that does not answer adds where systemd may be the cause."""
    networks = permitted_networks()
    if networks is None:
        return ""
    address = literal(host)
    if address is None:
        return f"; if {host} is outside private networks, the service may not reach it: {OPEN}"
    if is_within(address, networks):
        return ""
    return f"; the service may not reach {host}: {OPEN}"


def unknown_name_hint() -> str:
    """Return what a sentence on a name that is not known adds where systemd may be the cause."""
    networks = permitted_networks()
    servers = name_servers()
    if networks is None or not servers or any(is_within(each, networks) for each in servers):
        return ""
    return f"; the service may not reach the name server {servers[0]}: {OPEN}"
