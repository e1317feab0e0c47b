"""Whether the clock is right, and which time zone the nights go by."""

import ctypes
import os
import time
from pathlib import Path

from osa_daemon.service.doctor.finding import Finding, bad, doubtful, good

CLOCK, ZONE = "clock", "time zone"
CLOCK_UNSYNCHRONISED = 5  # TIME_ERROR of adjtimex(2)
RELEASED = 1_767_225_600  # 2026-01-01: no clock that is right shows less
SYNCHRONISED = "run/systemd/timesync/synchronized"  # is there once it was, systemd-timesyncd(8)
ROOT = Path("/")


def check_clock(now_s: float | None = None, root: Path = ROOT) -> Finding:
    """Whether the kernel's clock is synchronised; events get their times from it."""
    if (time.time() if now_s is None else now_s) < RELEASED:
        return bad(
            CLOCK,
            "it shows a time before 2026: connect the network, or set it with "
            "`sudo timedatectl set-time`; nights would be filed under wrong dates.",
        )
    libc = ctypes.CDLL(None, use_errno=True)
    status = ctypes.create_string_buffer(512)  # struct timex, all zero: read only
    state = libc.adjtimex(status)
    if state < 0:  # the service, whose doctor the page shows, may not ask: ProtectClock=
        if (root / SYNCHRONISED).exists():
            return good(CLOCK, "synchronised, as systemd-timesyncd tells")
        return doubtful(
            CLOCK,
            "the kernel does not tell this process whether the clock is synchronised: "
            "`timedatectl` says so.",
        )
    if state == CLOCK_UNSYNCHRONISED:
        return doubtful(
            CLOCK,
            "the clock is not synchronised, times of events may be wrong: "
            "check with timedatectl that NTP is on.",
        )
    return good(CLOCK, "synchronised")


def check_time_zone(root: Path = ROOT) -> Finding:
    """Name the time zone: nights go from noon to noon in it, and so do the settings' hours."""
    link = root / "etc/localtime"
    zone = os.environ.get("TZ") or _zone(link)
    if zone is None and link.is_symlink() and not link.exists():
        return bad(
            ZONE,
            f"{link} leads nowhere, so that UTC is taken: "
            "`sudo timedatectl set-timezone Europe/Berlin`, with your own.",
        )
    offset = time.strftime("%z")
    if zone in {None, "UTC", "Etc/UTC"} and offset == "+0000":
        return doubtful(
            ZONE,
            "it is UTC: where that is not yours, nights and monitoring.hours are shifted; "
            "`sudo timedatectl set-timezone Europe/Berlin`, with your own.",
        )
    return good(ZONE, f"{zone or 'local'} ({offset[:3]}:{offset[3:]})")


def _zone(link: Path) -> str | None:
    """Return the zone's name, as the link to it tells."""
    try:
        target = str(link.readlink())
    except OSError:
        return None
    _, found, name = target.partition("zoneinfo/")
    return name if found and link.exists() else None
