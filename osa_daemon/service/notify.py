"""What systemd is told. Without systemd (no NOTIFY_SOCKET) nothing is sent."""

from systemd import daemon


def ready(status: str) -> None:
    """Tell that start-up is done."""
    daemon.notify(f"READY=1\nSTATUS={status}")


def status(text: str) -> None:
    """Tell in one line what the daemon is doing."""
    daemon.notify(f"STATUS={text}")


def alive() -> None:
    """Feed the watchdog."""
    daemon.notify("WATCHDOG=1")


def stopping() -> None:
    """Tell that the daemon is on its way out."""
    daemon.notify("STOPPING=1\nSTATUS=Stopping")
