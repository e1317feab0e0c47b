"""What the ntfy channel needs to know of the server, of this device and of what to send."""

from dataclasses import dataclass
from pathlib import Path

from osa_daemon.scoring.event import AlertLevel
from osa_daemon.settings.topic_address import TopicAddress


@dataclass(frozen=True, slots=True)
class NtfySettings:
    """`title` is the device's name; `least_level` is ALERT or URGENT; a test is sent always."""

    address: TopicAddress
    title: str
    message: str
    token_file: Path | None = None
    least_level: AlertLevel = AlertLevel.ALERT
    tell_over: bool = False
