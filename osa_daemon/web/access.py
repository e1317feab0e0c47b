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
    """Return a sentence where the page's password would lie in the file of another secret."""
    path = password_path(settings)
    others = {
        "mqtt.password_file": settings.mqtt.password_file,
        "ntfy.token_file": settings.ntfy.token_file,
    }
    for key, other in others.items():
        if other is not None and _is_same(path, other):
            return (
                f"web.password_file and {key} are both {other}: the page keeps the hash of a "
                "password of its own, and that would be lost; set web.password_file to null."
            )
    return None


def _is_same(path: Path, other: Path) -> bool:
    """Return whether two paths lead to one file; one that may not be looked at goes by its name."""
    try:
        return path == other or path.samefile(other)
    except OSError:
        return False


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
