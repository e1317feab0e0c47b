"""What systemd is told. Without systemd (no NOTIFY_SOCKET) nothing is sent."""

import os
import time
from typing import Final

from systemd import daemon

LONGEST: Final = 200
ALIVE_EVERY_S: Final = 10.0


def ready(status: str) -> None:
    """Tell that start-up, or a reload, is done."""
    daemon.notify(f"READY=1\nSTATUS={_line(status)}")


def status(text: str) -> None:
    """Tell in one line what the daemon is doing."""
    daemon.notify(f"STATUS={_line(text)}")


def alive() -> None:
    """Feed the watchdog."""
    daemon.notify("WATCHDOG=1")


def alive_every_s() -> float:
    """Return how often the watchdog is to be fed (s): four times within its patience."""
    try:
        patience_s = int(os.environ["WATCHDOG_USEC"]) / 1e6
    except (KeyError, ValueError):
        return ALIVE_EVERY_S
    return min(ALIVE_EVERY_S, patience_s / 4)


def reloading() -> None:
    """Tell that the settings are read again; `ready` ends it."""
    now_us = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
    daemon.notify(f"RELOADING=1\nMONOTONIC_USEC={now_us}")


def stopping() -> None:
    """Tell that the daemon is on its way out."""
    daemon.notify("STOPPING=1\nSTATUS=Stopping")


def extend_timeout(seconds: float) -> None:
    """Ask for so long (s, from now) before the start or the end that goes on counts as failed."""
    daemon.notify(f"EXTEND_TIMEOUT_USEC={round(seconds * 1e6)}")


def _line(text: str) -> str:
    """Return one line: another would be another message to systemd."""
    line = " ".join(text.split())
    return line if len(line) <= LONGEST else line[: LONGEST - 1] + "…"
