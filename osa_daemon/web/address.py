"""Where the page is: its address as a browser, or Home Assistant, is to be told it."""

import ipaddress
import re
import socket
from typing import Final
from urllib.parse import urlsplit

from osa_daemon.settings.model import Settings
from osa_daemon.web.access import refusal

_ELSEWHERE: Final = {4: ("192.0.2.1", 9), 6: ("2001:db8::1", 9)}  # RFC 5737, RFC 3849
_DNS_NAME: Final = re.compile(r"[A-Za-z0-9-]{1,63}(\.[A-Za-z0-9-]{1,63})*")


def page_url(settings: Settings) -> str:
    """Return the page's address: as it is set, else by what it listens on."""
    web = settings.web
    if web.url is not None:
        return web.url
    address = ipaddress.ip_address(web.address)
    host = str(address)
    if address.is_unspecified:
        host = primary(4) or primary(6) or socket.gethostname()
    shown = f"[{host}]" if ":" in host else host
    return f"{'https' if web.tls.enabled else 'http'}://{shown}:{web.port}/"


def configuration_url(settings: Settings) -> str | None:
    """Return what Home Assistant is to link to; None where no browser elsewhere gets there."""
    web = settings.web
    if not web.enabled or (web.is_local and web.url is None) or refusal(settings) is not None:
        return None
    return page_url(settings)


def is_placed(settings: Settings) -> bool:
    """Return whether it is known where browsers find the page: not while there is no network."""
    web = settings.web
    if web.url is not None or not ipaddress.ip_address(web.address).is_unspecified:
        return True
    return primary(4) is not None or primary(6) is not None


def own_names(settings: Settings) -> list[str]:
    """Return names and addresses that a certificate of this machine is to bear."""
    web = settings.web
    host = socket.gethostname().lower()
    names = [
        name for name in (host, f"{host.partition('.')[0]}.local") if _DNS_NAME.fullmatch(name)
    ]
    if web.url is not None and (named := urlsplit(web.url).hostname):
        names.insert(0, named)
    address = ipaddress.ip_address(web.address)
    found = [primary(4), primary(6)] if address.is_unspecified else [str(address)]
    names += [each for each in found if each] + ["localhost", "127.0.0.1", "::1"]
    return list(dict.fromkeys(names))


def primary(version: int) -> str | None:
    """Return the address by which this machine would speak to others; nothing is sent."""
    family = socket.AF_INET if version == 4 else socket.AF_INET6
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.connect(_ELSEWHERE[version])
            return str(probe.getsockname()[0])
    except OSError:
        return None
