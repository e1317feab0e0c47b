"""The sound that doctor listens to: the microphone of the settings, or a file in its place."""

import time
from argparse import Namespace

from osa_daemon.audio.block import Block
from osa_daemon.audio.file import FileSource
from osa_daemon.audio.holder import DAEMON, remedy
from osa_daemon.audio.microphone import MicrophoneSource
from osa_daemon.audio.source import Source, SourceState
from osa_daemon.errors import DeviceError
from osa_daemon.settings.model import PHONE

OPENING_S = 15.0  # a Pi needs 2 s to start the capture, a sound server more
READ_S = 0.25
STOP = (
    "stop it to listen here (sudo systemctl stop osa-daemon), and start it again afterwards "
    "(sudo systemctl start osa-daemon)"
)
_MAY_COME = (SourceState.STARTING, SourceState.RUNNING, SourceState.STALLED)


def open_source(arguments: Namespace, device: str) -> Source:
    """Return the file that was asked for, in real time by default, or the microphone.

    To be read by the thread that calls this.

    Raises:
        InputError: the file cannot be read.
        DeviceError: the microphone is a phone, which the daemon alone hears.
    """
    if arguments.source is not None:
        return FileSource(arguments.source, speed=arguments.speed or 1.0)
    if device == PHONE:
        raise DeviceError(
            "The microphone is a phone, which sends its sound to the running daemon alone: see "
            "Sound level in Home Assistant, or name another one in microphone.device."
        )
    return MicrophoneSource(device)


def first_block(source: Source, opening_s: float = OPENING_S) -> Block:
    """Wait for sound and return its beginning.

    Raises:
        DeviceError: none comes; the sentence says how to stop the daemon if that has it.
    """
    give_up_s = time.monotonic() + opening_s
    while time.monotonic() < give_up_s:
        block = source.read(READ_S)
        if block is not None:
            return block
        if source.health().state not in _MAY_COME:
            break
    health = source.health()
    if remedy(DAEMON) in health.text:
        raise DeviceError(f"The running daemon has the microphone: {STOP}.")
    if health.state not in _MAY_COME:
        raise DeviceError(health.text)
    raise DeviceError(f"No sound came within {opening_s:g} s. {health.text}")
