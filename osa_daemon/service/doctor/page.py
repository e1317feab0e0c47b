"""Whether the page is served, where, and until when its certificate lasts."""

import http.client
import ipaddress
import json
import socket
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Final
from urllib.parse import urlsplit

from osa_daemon.errors import StorageError
from osa_daemon.service.doctor.finding import Finding, bad, doubtful, good
from osa_daemon.settings.model import Settings
from osa_daemon.web.access import refusal
from osa_daemon.web.address import own_names, page_url
from osa_daemon.web.certificate import About, about, certificate_of, fingerprint_of

NAME: Final = "page"
ANSWER_S: Final = 10.0
SOON: Final = timedelta(days=14)
LOG: Final = "`sudo journalctl -u osa-daemon -n 50` says why"


def check_page(settings: Settings, now: datetime | None = None) -> Iterator[Finding]:
    """Ask the page for what it tells everybody; nothing where it is not enabled."""
    web = settings.web
    if not web.enabled:
        return
    if (why := refusal(settings)) is not None:
        yield bad(NAME, why)
        return
    try:
        version, shown = _ask(settings)
    except (OSError, http.client.HTTPException, ValueError) as error:
        yield bad(NAME, f"nobody answers at {page_url(settings)} ({error}): {LOG}.")
        return
    yield good(NAME, f"it is served at {page_url(settings)}, version {version}")
    if shown is not None:
        yield from _certificate(settings, shown, now or datetime.now(UTC))


def _ask(settings: Settings) -> tuple[str, str | None]:
    """Return the page's version, and the fingerprint of its certificate where it has one."""
    web = settings.web
    address = ipaddress.ip_address(web.address)
    host = ("127.0.0.1", "::1")[address.version == 6] if address.is_unspecified else str(address)
    shown = None
    connection = http.client.HTTPConnection(host, web.port, timeout=ANSWER_S)
    try:
        connection.sock = socket.create_connection((host, web.port), ANSWER_S)
        if web.tls.enabled:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE  # what it is, is what we want to see
            wrapped = context.wrap_socket(connection.sock)
            connection.sock = wrapped
            shown = fingerprint_of(wrapped.getpeercert(binary_form=True) or b"")
        connection.request("GET", "/api/session", headers={"Host": f"localhost:{web.port}"})
        answer = connection.getresponse()
        if answer.status == http.client.FORBIDDEN and web.proxies:
            return "unknown (it answers the proxy alone)", shown
        return str(json.loads(answer.read(4096))["version"])[:40], shown
    except KeyError as error:
        raise ValueError("another program answers") from error
    finally:
        connection.close()


def _certificate(settings: Settings, shown: str, now: datetime) -> Iterator[Finding]:
    place = certificate_of(settings)
    try:
        kept = about(place.certificate)
        authority = None if place.authority is None else about(place.authority)
    except StorageError as error:
        yield doubtful(NAME, f"{error} Run doctor with sudo.")
        return
    until = f"{kept.ends.astimezone():%Y-%m-%d}"
    if shown != kept.fingerprint:
        yield doubtful(
            NAME, f"it shows an older certificate than {place.certificate}: restart the daemon."
        )
    elif now >= kept.ends or kept.ends - now < SOON:
        remedy = "restart the daemon, which makes another" if place.authority else "renew it"
        yield doubtful(NAME, f"its certificate lasts until {until}: {remedy}.")
    else:
        yield good(NAME, f"its certificate lasts until {until}, SHA-256 {kept.fingerprint}")
    if authority is not None:
        yield good(NAME, f"/authority.crt, for phones to trust: SHA-256 {authority.fingerprint}")
        yield from _names(settings, kept)


def _names(settings: Settings, kept: About) -> Iterator[Finding]:
    """Tell the names of this machine that its own certificate does not bear."""
    web, here = settings.web, page_url(settings)
    # under that name browsers see the proxy's certificate
    of_proxy = urlsplit(web.url).hostname if web.url and web.proxies else None
    missing = [
        name
        for name in own_names(settings)
        # the IPv6 address that one speaks from may change daily, and nobody types it
        if name not in kept.names | {of_proxy} and (":" not in name or name in here)
    ]
    if missing:
        folder = certificate_of(settings).key.parent
        yield doubtful(
            NAME,
            f"its certificate does not name {', '.join(missing)}: browsers refuse it there. Remove "
            f"{folder} and restart the daemon, which makes another for phones to trust.",
        )
