"""The computer that the daemon runs on, as Home Assistant shows it beside the device."""

import hashlib
import hmac
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ROOT: Final = Path("/")
DEVICE_TREE: Final = "proc/device-tree"
MACHINE_ID: Final = "etc/machine-id"
BOOT_ID: Final = "proc/sys/kernel/random/boot_id"
LONGEST: Final = 60


@dataclass(frozen=True, slots=True)
class Computer:
    """`model` as the board names itself, `serial` to tell one from another; None: not known."""

    model: str | None
    serial: str | None


def this_computer(root: Path = ROOT) -> Computer:
    """Read what the device tree says, as on a Pi; elsewhere a serial made of the machine's id.

    The id itself must not leave the machine (machine-id(5)): what is made of it with the
    daemon's own key tells nothing to others.
    """
    serial = _text(root / DEVICE_TREE / "serial-number") or _hashed(_text(root / MACHINE_ID))
    return Computer(_text(root / DEVICE_TREE / "model"), serial)


def boot_id(root: Path = ROOT) -> str:
    """Return what names this run of the machine; where that is not told, this run of the daemon."""
    return _text(root / BOOT_ID) or uuid.uuid4().hex


def _text(path: Path) -> str | None:
    """Return a short printable line; the device tree ends its texts with NUL."""
    try:
        raw = path.read_bytes()[: 4 * LONGEST]
    except OSError:
        return None
    line = raw.decode("ascii", "ignore").rstrip("\0\n").strip()
    return line[:LONGEST] if line.isprintable() and line else None


def _hashed(machine_id: str | None) -> str | None:
    if machine_id is None:
        return None
    return hmac.new(machine_id.encode(), b"osa_daemon", hashlib.sha256).hexdigest()[:16]
