"""Whether a phone can be the microphone, by the settings, and what is said where it cannot."""

from pathlib import Path
from typing import Final

from osa_daemon.errors import ConfigError
from osa_daemon.settings.load import load
from osa_daemon.settings.model import PHONE, Settings

PHONE_LINE: Final = f"{PHONE}  (a phone or tablet that has the daemon's page phone/ open)"
_WITHOUT_PAGE: Final = (
    "microphone.device is phone, but web.enabled is false: no phone can connect, and nothing is "
    "heard. Set web.enabled to true, or another microphone."
)
_UNSAFE: Final = (
    "microphone.device is phone, but the page comes without HTTPS: browsers give their microphone "
    "to such a page on this machine alone. Set web.tls.enabled to true, or web.url to the https "
    "address of a proxy."
)


def phone_is_possible(config: Path | None) -> bool:
    """Whether the settings at `config` have a page that a phone can connect to."""
    try:
        return load(config).settings.web.enabled
    except ConfigError:
        return False  # `check-config` says why


def without_page(settings: Settings) -> tuple[str, ...]:
    """Return what keeps a phone, where the settings ask for one, from being the microphone."""
    if settings.microphone.device != PHONE:
        return ()
    if not settings.web.enabled:
        return (_WITHOUT_PAGE,)
    web = settings.web
    is_safe = web.tls.enabled or (web.url or "").startswith("https://")
    return () if is_safe else (_UNSAFE,)
