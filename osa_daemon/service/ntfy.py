"""The ntfy channel as the settings ask for it."""

from osa_daemon.publish.ntfy_settings import NtfySettings
from osa_daemon.scoring.event import AlertLevel
from osa_daemon.settings.model import Settings


def ntfy_settings(settings: Settings) -> NtfySettings | None:
    """Return what the channel needs, or None where nothing is to be sent."""
    address = settings.ntfy.address()
    if address is None:
        return None
    return NtfySettings(
        address=address,
        title=settings.mqtt.device_name,
        message=settings.ntfy.message,
        token_file=settings.ntfy.token_file,
        least_level=AlertLevel(settings.ntfy.least_level),
        tell_over=settings.ntfy.tell_over,
    )


def token_in_the_open(ntfy: NtfySettings) -> str | None:
    """Return the sentence on a token that everyone on the way can read; None where none is."""
    if ntfy.token_file is None or ntfy.address.is_encrypted:
        return None
    return (
        f"ntfy.url begins with http://, so that the token in {ntfy.token_file} goes to "
        f"{ntfy.address.server} unencrypted: use https:// where the server is not at home."
    )
