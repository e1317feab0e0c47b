"""A fake root folder with sound cards as the kernel shows them."""

from collections.abc import Callable
from pathlib import Path

import pytest

AddCard = Callable[..., None]


@pytest.fixture
def add_card(tmp_path: Path) -> AddCard:
    """Return what adds a card with a capture device below `tmp_path`."""

    def add(
        number: int,
        name: str,
        *,
        usb_port: str | None = None,
        usb_id: str = "0d8c:0014",
        serial: str | None = None,
        captures: tuple[int, ...] = (0,),
    ) -> None:
        bus = tmp_path / "sys/devices/platform/soc"
        place = bus / "i2s" if usb_port is None else bus / "usb1/1-1" / usb_port
        card = place / f"{usb_port or 'i2s'}:1.0" / "sound" / f"card{number}"
        card.mkdir(parents=True)
        (card / "id").write_text(f"{name}\n")
        if usb_port is not None:
            vendor, product = usb_id.split(":")
            (place / "idVendor").write_text(f"{vendor}\n")
            (place / "idProduct").write_text(f"{product}\n")
            if serial is not None:
                (place / "serial").write_text(f"{serial}\n")
        classes = tmp_path / "sys/class/sound"
        classes.mkdir(parents=True, exist_ok=True)
        (classes / f"card{number}").symlink_to(card)
        (classes / f"controlC{number}").symlink_to(card)
        (classes / f"pcmC{number}D0p").symlink_to(card)
        for capture in captures:
            (classes / f"pcmC{number}D{capture}c").symlink_to(card)

    return add
