"""Whether the page may be served as it is set up, and to whom."""

from pathlib import Path
from typing import Final

from osa_daemon.settings.model import Settings

PASSWORD_NAME: Final = "web-password"  # noqa: S105  # a file's name
TLS_FOLDER: Final = "web-tls"
SET_ONE: Final = "`sudo osa-daemon web-password` sets one"


def password_path(settings: Settings) -> Path:
    """Return where the hash of the password lies, or would lie."""
    return settings.web.password_file or settings.journal.state_dir / PASSWORD_NAME


def needs_password(settings: Settings) -> bool:
    """Return whether the page is to be reached from elsewhere, by whichever way."""
    web = settings.web
    return not web.is_local or bool(web.proxies) or web.url is not None


def shared_file(settings: Settings) -> str | None:
    """Return a sentence where the page's password and the broker's would lie in one file."""
    path = password_path(settings)
    if path != settings.mqtt.password_file:
        return None
    return (
        f"web.password_file and mqtt.password_file are both {path}: the page keeps the hash of a "
        "password of its own, and the broker's would be lost; set web.password_file to null."
    )


def refusal(settings: Settings) -> str | None:
    """Return why the page is not served, in a sentence with the remedy; None where it may be."""
    web = settings.web
    if (shared := shared_file(settings)) is not None:
        return f"The page is not served: {shared}"
    if needs_password(settings) and not has_password(password_path(settings)):
        return (
            "The page is not served: it is to be reached from beyond this machine (web.address, "
            f"web.url or web.trusted_proxies), and there is no password; {SET_ONE}, then restart "
            "the daemon."
        )
    if not web.is_local and not web.tls.enabled and not web.proxies:
        return (
            f"The page is not served: web.address is {web.address}, and a password must not "
            "travel unencrypted: set web.tls.enabled to true, or name the reverse proxy in "
            "web.trusted_proxies."
        )
    return None


def has_password(path: Path) -> bool:
    """Whether there is a file; one that this user may not look for may be there."""
    try:
        return path.exists()
    except OSError:
        return True
