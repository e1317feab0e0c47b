"""PortAudio's own list of microphones. It can hang or crash: imported by child processes only."""

from dataclasses import replace

import sounddevice  # initialises PortAudio, which connects to sound servers

from osa_daemon.audio.devices import Device, Input, join
from osa_daemon.audio.holder import holder, is_forbidden
from osa_daemon.audio.usb import cards


def present_devices() -> tuple[Device, ...]:
    """Return the microphones as they were when PortAudio was initialised or refreshed last."""
    inputs = [
        Input(entry["index"], entry["name"], entry["default_samplerate"])
        for entry in sounddevice.query_devices()
        if entry["max_input_channels"] > 0
    ]
    default = sounddevice.default.device[0]
    if default < 0:
        default = next((api["default_input_device"] for api in sounddevice.query_hostapis()), -1)
    return join(inputs, cards(), default if default >= 0 else None, holder, is_forbidden)


def refresh() -> None:
    """Make PortAudio look anew. No stream may be open."""
    sounddevice._terminate()  # noqa: SLF001 there is no public way to renew the list
    sounddevice._initialize()  # noqa: SLF001 as above


def with_holder(device: Device) -> Device:
    """Return `device` with the program that has its card open, as far as visible."""
    if device.card is None:
        return device
    identity, _, capture = device.card.partition(",")
    card = next((card for card in cards() if identity in card.identities), None)
    return replace(device, held_by=holder(card.number, int(capture or 0))) if card else device
