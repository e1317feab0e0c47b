"""The process that serves the page; started by the daemon, and ending with it."""

import argparse
import asyncio
import logging
import os
import signal
import socket
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from osa_daemon.process import die_with_parent, forbid_dumps, stand_back

NICE, OOM_SCORE = 5, 700  # the chain comes first, whoever looks
CANNOT_LISTEN_EXIT: Final = 4
NETWORK_S, NETWORK_LOOK_S = 600.0, 2.0
AWAITS_NETWORK: Final = (
    "The page is not served yet: its certificate is to name this machine's address, and none is "
    "known that leads out of here; after 10 minutes it is served without."
)


class FewWords(logging.Filter):
    """Lets so many messages a minute pass: whoever sends rubbish must not fill the log."""

    def __init__(self, most: int = 10) -> None:
        super().__init__()
        self._most = most
        self._minute, self._said = 0, 0

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether this one passes."""
        minute = int(record.created // 60)
        if minute != self._minute:
            self._minute, self._said = minute, 0
        self._said += 1
        return self._said <= self._most


def main(arguments: list[str]) -> int:
    """Serve until the daemon closes its end of the line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--parent", type=int, required=True)
    parser.add_argument("--link", type=int, required=True, help="file descriptor of the line")
    parser.add_argument("--config", type=Path, help="the settings file, None for the usual one")
    parser.add_argument("--phone-ring", type=int, help="file descriptor of a telephone's ring")
    options = parser.parse_args(arguments)
    die_with_parent(options.parent)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    stand_back(NICE, OOM_SCORE)
    forbid_dumps()
    os.umask(0o077)
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s page: %(message)s")
    logging.getLogger().handlers[0].addFilter(FewWords())
    with suppress(KeyboardInterrupt):
        return asyncio.run(_serve(options))
    return 0


async def _serve(options: argparse.Namespace) -> int:
    # after the kernel knows with whom we end: these take a Pi a second
    from osa_daemon.errors import OsaError  # noqa: PLC0415
    from osa_daemon.settings.load import load  # noqa: PLC0415
    from osa_daemon.web.link import Link  # noqa: PLC0415
    from osa_daemon.web.live import Live  # noqa: PLC0415

    live = Live()
    link = Link(live.take)
    await link.open(socket.socket(fileno=options.link))
    reading = asyncio.create_task(link.run())
    try:
        settings = load(options.config).settings
        await _wait_for_network(settings, link, reading)
        if reading.done():
            os._exit(0)  # the daemon ends: what is made now would lack the address for years
        server, page, ready = _made(settings, options, live, link)
    except (OsaError, OSError) as error:
        link.tell({"problem": _sentence(error)})
        await asyncio.sleep(0.1)  # for the daemon to have it
        return CANNOT_LISTEN_EXIT
    link.tell({"ready": ready})
    serving = asyncio.create_task(server.serve())
    ended, _ = await asyncio.wait({reading, serving}, return_when=asyncio.FIRST_COMPLETED)
    page.end()
    for task in ended:
        task.result()  # what went wrong is told by its traceback
    os._exit(0)  # no viewer is worth a daemon that ends late


async def _wait_for_network(settings: Any, link: Any, reading: "asyncio.Task[None]") -> None:
    """Wait where a certificate is to be made that would lack this machine's address.

    After a power cut a Pi is up before its router; a network without a way out is waited for in
    vain, and so not for ever.
    """
    from osa_daemon.web.certificate import lacks_address  # noqa: PLC0415

    until_s = time.monotonic() + NETWORK_S
    while not reading.done() and lacks_address(settings) and time.monotonic() < until_s:
        link.tell({"problem": AWAITS_NETWORK})
        await asyncio.wait({reading}, timeout=NETWORK_LOOK_S)


def _made(settings: Any, options: argparse.Namespace, live: Any, link: Any) -> tuple[Any, Any, Any]:
    """Return the server, its page, and what the daemon is told once it serves.

    Raises:
        OsaError: the certificate cannot be used.
        OSError: the address cannot be listened on.
    """
    from osa_daemon.web import certificate  # noqa: PLC0415
    from osa_daemon.web.access import has_password, needs_password, password_path  # noqa: PLC0415
    from osa_daemon.web.address import page_url  # noqa: PLC0415
    from osa_daemon.web.app import Page  # noqa: PLC0415
    from osa_daemon.web.connections import listen, make_server  # noqa: PLC0415
    from osa_daemon.web.gate import Gate, Rules  # noqa: PLC0415
    from osa_daemon.web.sessions import NAME, Sessions  # noqa: PLC0415
    from osa_daemon.web.sign_in import PasswordFile, SignIn  # noqa: PLC0415
    from osa_daemon.web.try_page import try_routes  # noqa: PLC0415

    web = settings.web
    place = certificate.make_sure(settings) if web.tls.enabled else None
    context = None if place is None else certificate.context_of(place)
    password = PasswordFile(password_path(settings))
    sessions = Sessions(settings.journal.state_dir / NAME, password.line)
    page = Page(
        settings,
        options.config,
        live,
        link,
        SignIn(password, sessions, rooms={"phone": options.phone_ring is not None, "try": True}),
        authority=None if place is None else place.authority,
        more_routes=(
            *_phone_routes(options.phone_ring, link, page_url(settings)),
            *try_routes(),
        ),
    )
    named = urlsplit(web.url or "")
    rules = Rules(
        needs_password=needs_password(settings) or has_password(password_path(settings)),
        is_local=web.is_local,
        has_tls=context is not None,
        proxies=web.proxies,
        cookie=f"osa_session_{web.port}",
        own_origin=f"{named.scheme}://{named.netloc}".lower() if web.url else "",
    )
    server = make_server(
        Gate(page.app(), rules, sessions), listen(web.address, web.port), context, web.proxies
    )
    fingerprint = None if place is None else certificate.about(place.certificate).fingerprint
    return server, page, {"url": page_url(settings), "fingerprint": fingerprint}


def _phone_routes(ring: int | None, link: Any, url: str) -> tuple[Any, ...]:
    """Return the routes of a telephone that is the microphone; none where none is to be one."""
    if ring is None:
        return ()
    from osa_daemon.web.phone import routes  # noqa: PLC0415

    return routes(ring, link, url)


def _sentence(error: Exception) -> str:
    if isinstance(error, OSError):
        return f"The page cannot be served ({error.strerror or error}): see web.address, web.port."
    return str(error)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
