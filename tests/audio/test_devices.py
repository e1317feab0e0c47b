"""Microphones are meant by identities that last."""

from collections.abc import Callable
from pathlib import Path

import pytest

from osa_daemon.audio.devices import Device, Input, busy_sentence, join, resolve
from osa_daemon.audio.usb import cards
from osa_daemon.errors import DeviceError

AddCard = Callable[..., None]

USB_INPUT = Input(4, "USB PnP Sound Device: Audio (hw:1,0)", 44_100.0)
PULSE_INPUT = Input(6, "pulse", 44_100.0)
DEFAULT_INPUT = Input(7, "default", 44_100.0)


def devices(
    root: Path,
    *inputs: Input,
    default: int | None = None,
    held_by: str | None = None,
    forbidden: bool = False,
) -> tuple[Device, ...]:
    """Join `inputs` with the cards of a fake root."""
    return join(inputs, cards(root), default, lambda *_: held_by, lambda *_: forbidden)


@pytest.mark.parametrize(
    "wanted", ["usb:1-1.2", "usb:0d8c:0014", "name:Device", "USB PnP Sound Device: Audio"]
)
def test_one_usb_microphone_by_any_of_its_names(
    tmp_path: Path, add_card: AddCard, wanted: str
) -> None:
    """Port, product, ALSA's and PortAudio's name all lead to PortAudio's index."""
    add_card(1, "Device", usb_port="1-1.2")
    found = resolve(wanted, devices(tmp_path, USB_INPUT, PULSE_INPUT))
    assert (found.index, found.identity, found.card) == (4, "usb:1-1.2", "usb:1-1.2")


def test_the_card_s_number_does_not_matter(tmp_path: Path, add_card: AddCard) -> None:
    """After replugging the same port has another number and another index."""
    add_card(3, "Device_1", usb_port="1-1.2")
    moved = Input(2, "USB PnP Sound Device: Audio (hw:3,0)", 48_000.0)
    assert resolve("usb:1-1.2", devices(tmp_path, moved)).index == 2


def test_two_of_a_kind(tmp_path: Path, add_card: AddCard) -> None:
    """The product fits both, which is said with identities that do not; ports tell them apart."""
    add_card(1, "Device", usb_port="1-1.2")
    add_card(2, "Device_1", usb_port="1-1.3")
    other = Input(5, "USB PnP Sound Device: Audio (hw:2,0)", 44_100.0)
    there = devices(tmp_path, USB_INPUT, other)
    assert resolve("usb:1-1.3", there).index == 5
    with pytest.raises(DeviceError, match=r"not unique: usb:1-1\.2 .*, usb:1-1\.3 "):
        resolve("usb:0d8c:0014", there)


def test_two_capture_devices_of_one_card(tmp_path: Path, add_card: AddCard) -> None:
    """The second gets its number behind a comma."""
    add_card(1, "Device", usb_port="1-1.2", captures=(0, 1))
    second = Input(5, "USB PnP Sound Device: Line (hw:1,1)", 48_000.0)
    there = devices(tmp_path, USB_INPUT, second)
    assert resolve("usb:1-1.2", there).index == 4
    assert resolve("usb:1-1.2,1", there).index == 5


def test_default_is_the_default_device(tmp_path: Path) -> None:
    """The device of that name is meant, and described as the system's choice."""
    found = resolve("default", devices(tmp_path, PULSE_INPUT, DEFAULT_INPUT, default=6))
    assert found.index == 7
    assert "may change" in found.description


def test_default_without_a_device_of_that_name(tmp_path: Path) -> None:
    """Then it is PortAudio's own choice."""
    assert resolve("default", devices(tmp_path, PULSE_INPUT, default=6)).index == 6


def test_a_held_microphone(tmp_path: Path, add_card: AddCard) -> None:
    """PortAudio leaves it out of its list; it is there all the same, busy, with a remedy."""
    add_card(1, "Device", usb_port="1-1.2")
    found = resolve("usb:1-1.2", devices(tmp_path, PULSE_INPUT, held_by="pipewire"))
    assert found.index is None
    assert busy_sentence("usb:1-1.2", found) == (
        "The microphone 'usb:1-1.2' (Device) is busy: the desktop's sound server (pipewire) has it "
        "open: set the device to `pulse` or `default` to share it, or keep the sound server from "
        "using it."
    )


def test_a_microphone_that_this_user_may_not_open(tmp_path: Path, add_card: AddCard) -> None:
    """It is not called busy, and the remedy is another."""
    add_card(1, "Device", usb_port="1-1.2")
    found = resolve("usb:1-1.2", devices(tmp_path, PULSE_INPUT, forbidden=True))
    assert busy_sentence("usb:1-1.2", found).endswith("add the user to the group `audio`.")


def test_an_absent_microphone(tmp_path: Path) -> None:
    """What was asked, what there is and what to do."""
    with pytest.raises(DeviceError) as refused:
        resolve("usb:1-1.4", devices(tmp_path, PULSE_INPUT, DEFAULT_INPUT))
    assert str(refused.value) == (
        "The microphone 'usb:1-1.4' is not there; there is: name:pulse; "
        "plug it in or choose another."
    )


def test_no_microphone_at_all(tmp_path: Path) -> None:
    """Said, with where to look."""
    with pytest.raises(DeviceError, match="nor is any other"):
        resolve("default", devices(tmp_path))


@pytest.mark.parametrize("wanted", ["hw:1,0", "plughw:1", "3"])
def test_numbers_are_refused(tmp_path: Path, wanted: str) -> None:
    """Neither ALSA's nor PortAudio's number is an identity."""
    with pytest.raises(DeviceError, match=r"changes with each plugging; .*name:pulse"):
        resolve(wanted, devices(tmp_path, PULSE_INPUT))
