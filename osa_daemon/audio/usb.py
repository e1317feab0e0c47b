"""Sound cards as the kernel shows them: the USB port and product behind a card number.

Everything is read below a root folder, so that it can be tried anywhere with a fake one.
"""

import re
from dataclasses import dataclass
from pathlib import Path

USB_DEVICE = re.compile(r"^\d+-\d+(\.\d+)*$")  # 1-1.2: bus 1, port 1, hub's port 2
CAPTURE_PCM = re.compile(r"^pcmC\d+D(\d+)c$")


@dataclass(frozen=True, slots=True)
class Card:
    """A sound card that can record.

    `number` is ALSA's, good until the next plugging; `id` ALSA's short name; `captures` the
    numbers of its capture devices. The USB fields are `None` for other buses; `usb_port` is
    the way through the hubs, `usb_id` vendor:product in hexadecimal.
    """

    number: int
    id: str
    captures: tuple[int, ...]
    usb_port: str | None = None
    usb_id: str | None = None
    usb_serial: str | None = None

    @property
    def identities(self) -> tuple[str, ...]:
        """Names that stay the same over restarts and plugging, the most telling first."""
        names = []
        if self.usb_id and self.usb_serial:
            names.append(f"usb:{self.usb_id}:{self.usb_serial}")
        if self.usb_port:
            names.append(f"usb:{self.usb_port}")
        if self.usb_id:
            names.append(f"usb:{self.usb_id}")
        return (*names, f"name:{self.id}")


def cards(root: Path = Path("/")) -> tuple[Card, ...]:
    """Return the cards that can record, by number, as `root`/sys/class/sound shows them."""
    folder = root / "sys/class/sound"
    found = []
    for entry in sorted(folder.glob("card[0-9]*"), key=lambda path: int(path.name[4:])):
        number = int(entry.name[4:])
        captures = _captures(folder, number)
        if captures:
            usb = _usb_device(entry)
            found.append(
                Card(
                    number=number,
                    id=_text(entry / "id") or f"card{number}",
                    captures=captures,
                    usb_port=usb.name if usb else None,
                    usb_id=_usb_id(usb) if usb else None,
                    usb_serial=_text(usb / "serial") if usb else None,
                )
            )
    return tuple(found)


def _captures(folder: Path, card: int) -> tuple[int, ...]:
    matches = (CAPTURE_PCM.match(path.name) for path in folder.glob(f"pcmC{card}D*c"))
    return tuple(sorted(int(match[1]) for match in matches if match))


def _usb_device(entry: Path) -> Path | None:
    try:
        real = entry.resolve(strict=True)
    except OSError:
        return None  # unplugged meanwhile
    return next((path for path in real.parents if USB_DEVICE.match(path.name)), None)


def _usb_id(usb: Path) -> str | None:
    vendor, product = _text(usb / "idVendor"), _text(usb / "idProduct")
    return f"{vendor}:{product}".lower() if vendor and product else None


def _text(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8", errors="replace").strip() or None
    except OSError:
        return None
