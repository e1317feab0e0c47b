"""What PortAudio says against opening a microphone becomes a state and a sentence."""

import subprocess
import sys
from typing import Any

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


# prctl(2), PR_SET_MDWE (Linux 6.3): what MemoryDenyWriteExecute= of the unit comes to
FORBIDDEN = """
import ctypes
import sys

import numpy as np

from osa_daemon.audio.microphone import MicrophoneSource
from osa_daemon.clips.flac import flac_of
from osa_daemon.service.models import load_models

if ctypes.CDLL(None).prctl(65, 1, 0, 0, 0) != 0:
    sys.exit("this kernel does not know it")
load_models().detector()
source = MicrophoneSource("osamic")
heard = 0
while heard < 16_000:
    block = source.read(30.0)
    assert block is not None, source.health()
    heard += len(block.samples)
source.close()
assert flac_of(np.arange(16_000, dtype=np.int16)).startswith(b"fLaC")
"""


def test_nothing_needs_memory_that_is_written_and_run(sound_server: Any) -> None:
    """Models load, sound arrives and a clip is made where the kernel grants no such memory."""
    done = subprocess.run(
        [sys.executable, "-c", FORBIDDEN], capture_output=True, text=True, timeout=120, check=False
    )
    if "this kernel does not know it" in done.stderr:
        pytest.skip("this kernel cannot forbid it to a process")
    assert done.returncode == 0, done.stderr
