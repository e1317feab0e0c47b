"""Whom the installed service may reach: the drop-in that install.sh writes from the settings.

`python -m osa_daemon.service.addresses [--config FILE]` prints it.
"""

import argparse
import ipaddress
import socket
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from osa_daemon.errors import EXIT_OK, EXIT_USAGE, ConfigError
from osa_daemon.publish.networks import (
    PERMITTED,
    Address,
    Network,
    is_within,
    literal,
    name_servers,
)
from osa_daemon.settings.load import load
from osa_daemon.settings.model import Settings

DROP_IN: Final = Path("/etc/systemd/system/osa-daemon.service.d/addresses.conf")
HOME: Final[tuple[Network, ...]] = tuple(
    ipaddress.ip_network(text)
    for text in (
        *("127.0.0.0/8", "::1/128"),  # this machine
        *("169.254.0.0/16", "fe80::/64"),  # link-local, RFC 3927 and RFC 4291
        *("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"),  # RFC 1918
        "fc00::/7",  # RFC 4193
    )
)
# of names that no public name server knows: RFC 6762, RFC 8375, ICANN's .internal, and what
# routers hand out
LOCAL: Final = ("local", "home.arpa", "internal", "lan", "home", "localdomain", "localhost")

_HEADER: Final = """\
# Made by scripts/install.sh from the settings; a change here lasts until it is run again.
# Run it again when mqtt.host, ntfy.url or the name server of this machine has changed.
"""

Resolve = Callable[[str], Sequence[Address]]  # raises OSError


@dataclass(frozen=True, slots=True)
class Plan:
    """The networks to permit, None for all of them, and why, in whole sentences."""

    networks: tuple[Network, ...] | None
    reasons: tuple[str, ...]


def look_up(host: str) -> Sequence[Address]:
    """Return the addresses of a name; raise OSError where it is not known."""
    found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    texts = {str(entry[4][0]).partition("%")[0] for entry in found}
    return tuple(ipaddress.ip_address(text) for text in sorted(texts))


def plan(settings: Settings, servers: Iterable[Address], resolve: Resolve = look_up) -> Plan:
    """Return what must be reached: private networks, the name servers, what the settings name.

    A public address is permitted alone. Where a name leads outside private networks, every
    address is, because such names lead elsewhere tomorrow and the daemon must not fall silent.
    """
    networks, reasons = list(HOME), ["This machine and private networks (RFC 1918, RFC 4193)."]
    for server in servers:
        if not is_within(server, HOME):
            networks.append(_alone(server))
            reasons.append(f"The name server {server}.")
    is_open = False
    for key, host in _hosts(settings):
        address = literal(host)
        if address is None:
            reason = _leads_away(key, host, resolve)
            is_open = is_open or reason is not None
            reasons += [reason] if reason else []
        elif not is_within(address, networks):
            networks.append(_alone(address))
            reasons.append(f"{key}: {address}.")
    return Plan(None if is_open else tuple(networks), tuple(reasons))


def drop_in(planned: Plan) -> str:
    """Return the text of the drop-in for the unit."""
    why = "".join(f"# {reason}\n" for reason in planned.reasons)
    if planned.networks is None:
        return f"{_HEADER}{why}[Service]\nIPAddressAllow=any\n"
    listed = " ".join(map(str, planned.networks))
    return (
        f"{_HEADER}{why}[Service]\nIPAddressAllow=\nIPAddressAllow={listed}\n"
        f'Environment="{PERMITTED}={listed}"\n'
    )


def shut_out(settings: Settings, path: Path = DROP_IN, resolve: Resolve = look_up) -> str | None:
    """Return a sentence where the installed drop-in keeps the service from what it needs."""
    networks = _installed(path)
    if networks is None:
        return None
    for key, host in _hosts(settings):
        address = literal(host)
        try:
            found = resolve(host) if address is None else (address,)
        except OSError:
            continue  # the check of that server tells
        if not any(is_within(each, networks) for each in found):
            return (
                f"{key} leads to {found[0]}, which {path} keeps the service from: "
                "run scripts/install.sh again, which writes it from the settings."
            )
    return None


def _installed(path: Path) -> tuple[Network, ...] | None:
    """Return what a drop-in permits; None where there is none, or it permits all."""
    try:
        lines = path.read_text("utf-8").splitlines()
    except OSError:
        return None
    start = f'Environment="{PERMITTED}='
    listed = [line.removeprefix(start).rstrip('"') for line in lines if line.startswith(start)]
    return tuple(ipaddress.ip_network(word) for word in listed[0].split()) if listed else None


def _hosts(settings: Settings) -> list[tuple[str, str]]:
    hosts = [("mqtt.host", settings.mqtt.host)]
    topic = settings.ntfy.address()
    return [*hosts, ("ntfy.url", topic.host)] if topic is not None else hosts


def _leads_away(key: str, host: str, resolve: Resolve) -> str | None:
    """Return why a name needs every address, or None where private networks will do."""
    last = host.lower().rstrip(".")
    if "." not in last or last.endswith(tuple(f".{name}" for name in LOCAL)):
        return None
    try:
        found = resolve(host)
    except OSError:
        return f"Every address: {key} names {host}, which could not be looked up just now."
    # a client tries one address after the other: one that it may reach is enough
    if any(is_within(address, HOME) for address in found):
        return None
    return f"Every address: {key} names {host}, which is public and may move to another address."


def _alone(address: Address) -> Network:
    return ipaddress.ip_network(address)


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the drop-in."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--config", type=Path, help="settings file")
    options = parser.parse_args(arguments)
    try:
        settings = load(options.config).settings
    except ConfigError as error:
        print(error, file=sys.stderr)
        return EXIT_USAGE
    print(drop_in(plan(settings, name_servers())), end="")
    return EXIT_OK


if __name__ == "__main__":
    sys.exit(main())
