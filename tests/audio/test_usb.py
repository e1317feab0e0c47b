"""Sound cards are known by what stays the same."""

from collections.abc import Callable
from pathlib import Path

from osa_daemon.audio.usb import cards

AddCard = Callable[..., None]


def test_no_sound_system(tmp_path: Path) -> None:
    """A machine without sound has no cards, and that is no error."""
    assert cards(tmp_path) == ()


def test_a_usb_microphone(tmp_path: Path, add_card: AddCard) -> None:
    """Its port, product and serial number are read through the links of sysfs."""
    add_card(2, "Device", usb_port="1-1.2", usb_id="0D8C:0014", serial="A1")
    (card,) = cards(tmp_path)
    assert (card.number, card.usb_port, card.captures) == (2, "1-1.2", (0,))
    assert card.identities == ("usb:0d8c:0014:A1", "usb:1-1.2", "usb:0d8c:0014", "name:Device")


def test_a_usb_microphone_without_a_serial_number(tmp_path: Path, add_card: AddCard) -> None:
    """Its port comes first: two of the kind can be told apart."""
    add_card(1, "Device", usb_port="1-1.2")
    assert cards(tmp_path)[0].identities[0] == "usb:1-1.2"


def test_a_card_that_is_not_usb(tmp_path: Path, add_card: AddCard) -> None:
    """A microphone on the board's own bus has its name."""
    add_card(0, "sndrpii2scard")
    assert cards(tmp_path)[0].identities == ("name:sndrpii2scard",)


def test_a_card_that_cannot_record_is_left_out(tmp_path: Path, add_card: AddCard) -> None:
    """HDMI outputs are no microphones."""
    add_card(0, "vc4hdmi", captures=())
    assert cards(tmp_path) == ()


def test_a_card_unplugged_while_it_is_read(tmp_path: Path, add_card: AddCard) -> None:
    """A dangling link is a card without a bus, and no crash."""
    add_card(3, "Device", usb_port="1-1.3")
    link = tmp_path / "sys/class/sound/card3"
    link.unlink()
    link.symlink_to(tmp_path / "gone")
    assert [card.id for card in cards(tmp_path)] in ([], ["card3"])
