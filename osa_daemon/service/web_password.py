"""`osa-daemon web-password`: sets the password of the page; only its hash is kept."""

import getpass
import sys
from argparse import Namespace

from osa_daemon.errors import EXIT_OK, ConfigError, UsageError
from osa_daemon.settings.load import load
from osa_daemon.settings.model import Settings
from osa_daemon.web.access import password_path, shared_file
from osa_daemon.web.password import LONGEST, hashed, write_hash


def web_password_command(arguments: Namespace) -> int:
    """Ask twice on a terminal, else read one line; sessions of another password end by it.

    Raises:
        ConfigError: its file is to be that of another secret.
        UsageError: what is given is no password, or differs the second time.
        StorageError: the hash cannot be written.
    """
    settings = load(arguments.config).settings
    if (shared := shared_file(settings)) is not None:
        raise ConfigError(shared)
    line = hashed(_ask())
    path = password_path(settings)
    write_hash(path, line, settings.journal.state_dir)
    print(f"The password is set: its hash is in {path}. Whoever was signed in has to do so again.")
    for sentence in _next_steps(settings):
        print(sentence)
    return EXIT_OK


def _ask() -> str:
    if not sys.stdin.isatty():
        return sys.stdin.readline(LONGEST + 2).rstrip("\n")
    given = getpass.getpass("Password of the page: ")
    if getpass.getpass("Once more: ") != given:
        raise UsageError("The two differ: nothing is changed.")
    return given


def _next_steps(settings: Settings) -> list[str]:
    """Return what is still to be done, and the fingerprints that browsers and phones show."""
    from osa_daemon.web.certificate import about, certificate_of  # noqa: PLC0415

    web = settings.web
    told = []
    if not web.enabled:
        told.append("The page is off: set web.enabled to true, then restart the daemon.")
    elif web.is_local:
        told.append("A daemon that runs asks for it once it is restarted.")
    if web.tls.enabled:
        place = certificate_of(settings)
        if place.certificate.exists():
            told.append(f"Its certificate: SHA-256 {about(place.certificate).fingerprint}.")
            if place.authority is not None:
                seal = about(place.authority).fingerprint
                told.append(f"/authority.crt, for phones to trust: SHA-256 {seal}.")
        else:
            told.append("Its certificate is made at the daemon's next start; doctor shows it.")
    return told
