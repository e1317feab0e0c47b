"""What PortAudio says against opening a microphone becomes a state and a sentence."""

import pytest
import sounddevice

from osa_daemon.audio.stream import means_busy, refusal

PREFIX = "Error opening InputStream: "
BUSY = (2, -16, "Device or resource busy")
GONE = (2, -19, "No such device")


@pytest.mark.parametrize(
    ("arguments", "busy"),
    [
        ((PREFIX + "Device unavailable", -9985), True),
        ((PREFIX + "Unanticipated host error", -9999, BUSY), True),
        ((PREFIX + "Unanticipated host error", -9999, GONE), False),
        ((PREFIX + "Invalid sample rate", -9997), False),
        (("no such device",), False),
    ],
)
def test_busy_is_told_from_broken(arguments: tuple[object, ...], busy: bool) -> None:
    """By PortAudio's code, or the driver's EBUSY behind its general one."""
    assert means_busy(sounddevice.PortAudioError(*arguments)) is busy


def test_a_refusal_is_one_sentence() -> None:
    """It names the microphone, PortAudio's and the driver's reason, and what to do."""
    error = sounddevice.PortAudioError(PREFIX + "Unanticipated host error", -9999, GONE)
    assert refusal("usb:1-1.2", error) == (
        "The microphone 'usb:1-1.2' cannot be opened (Unanticipated host error, No such device): "
        "plug it in anew, or restart the sound server."
    )
