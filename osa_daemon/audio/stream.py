"""Opening the microphone's stream and keeping it: what the capture process does.

Imported by that process only: PortAudio can hang or crash. The stream is read rather than heard
through a callback, because cffi makes callbacks in memory that is writable and executable, which
the systemd unit forbids (MemoryDenyWriteExecute).
"""

import errno
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict

import sounddevice

from osa_daemon.audio.devices import Device, busy_sentence, resolve
from osa_daemon.audio.portaudio import present_devices, refresh, with_holder
from osa_daemon.audio.ring import RingMemory, RingWriter
from osa_daemon.audio.source import SourceState
from osa_daemon.errors import DeviceError

READ_S = 0.1  # sound per read: few wake-ups; a tenth of the shortest delay downstream
RETRY_S = 1.0  # between looks for a device that is not there: a look costs 0.05 to 0.2 s of CPU
PREFERRED_RATE_HZ = 48_000  # what USB microphones and sound servers run at: nothing converts it

# PortAudio's error codes (portaudio.h)
PA_INVALID_SAMPLE_RATE = -9997
PA_DEVICE_UNAVAILABLE = -9985

Tell = Callable[..., None]  # reports its keywords to the parent
Wait = Callable[[float | None], None]  # so many seconds, or for ever, or until the parent ends us


def open_stream(device: Device, memory: RingMemory) -> sounddevice.InputStream:
    """Open and start the device at its own rate; raises PortAudioError."""

    def start(rate_hz: int) -> sounddevice.InputStream:
        # the first channel: a mean can cancel sound, and halves it where one side is dead
        stream = sounddevice.InputStream(
            device=device.index,
            samplerate=rate_hz,
            channels=1,
            dtype="float32",
            blocksize=round(rate_hz * READ_S),
            latency="high",
        )
        memory.rate_hz = rate_hz
        stream.start()
        return stream

    try:
        return start(PREFERRED_RATE_HZ)
    except sounddevice.PortAudioError as error:
        if device.rate_hz is None or error.args[1:2] != (PA_INVALID_SAMPLE_RATE,):
            raise
        return start(round(device.rate_hz))


def means_busy(error: sounddevice.PortAudioError) -> bool:
    """Whether PortAudio, or the driver behind it, says that somebody else has the device."""
    code = error.args[1] if len(error.args) > 1 else None
    driver_code = error.args[2][1] if len(error.args) > 2 else None
    return code == PA_DEVICE_UNAVAILABLE or driver_code == -errno.EBUSY


def refusal(wanted: str, error: sounddevice.PortAudioError) -> str:
    """Return what PortAudio, and the driver behind it, say against opening, as one sentence."""
    reason = str(error.args[0]).removeprefix("Error opening InputStream: ")
    driver = f", {error.args[2][2]}" if len(error.args) > 2 else ""
    return (
        f"The microphone '{wanted}' cannot be opened ({reason}{driver}): "
        "plug it in anew, or restart the sound server."
    )


def try_once(wanted: str, memory: RingMemory, tell: Tell) -> sounddevice.InputStream | None:
    """Look for the device and open it; tell what came of it."""
    try:
        device = resolve(wanted, present_devices())
    except DeviceError as error:
        tell(state=SourceState.ABSENT.value, text=str(error))
        return None
    about = {"device": device.description, "card": device.card}
    if device.index is None:
        state = SourceState.FAILED if device.is_forbidden else SourceState.BUSY
        tell(state=state.value, text=busy_sentence(wanted, device), **about)
        return None
    try:
        stream = open_stream(device, memory)
    except sounddevice.PortAudioError as error:
        is_busy = means_busy(error)
        tell(
            state=(SourceState.BUSY if is_busy else SourceState.FAILED).value,
            text=busy_sentence(wanted, with_holder(device)) if is_busy else refusal(wanted, error),
            **about,
        )
        return None
    tell(
        state=SourceState.RUNNING.value,
        text=f"Hearing through {device.description}.",
        rate_hz=memory.rate_hz,
        **about,
    )
    return stream


def tell_devices(tell: Tell) -> None:
    """Report the microphones there are."""
    tell(devices=[asdict(device) for device in present_devices()])


def capture(wanted: str, ring_fd: int, tell: Tell, wait: Wait) -> None:
    """Open the device whenever it is there, and let it write into the ring, for ever.

    A stream that PortAudio says has ended can be closed, and the device opened anew: that is
    sooner than a new process. What hangs or crashes here is the parent's to notice.
    """
    memory = RingMemory(ring_fd)
    while True:
        stream = try_once(wanted, memory, tell)
        if stream is not None:
            listen(stream, memory, wait)
            tell(state=SourceState.STALLED.value, text=f"The stream of '{wanted}' ended.")
            stream.close()
        wait(RETRY_S)
        refresh()


def listen(stream: sounddevice.InputStream, memory: RingMemory, wait: Wait) -> None:
    """Copy what is heard into the ring until the stream ends."""
    writer = RingWriter(memory)
    count = round(memory.rate_hz * READ_S)
    with suppress(sounddevice.PortAudioError):
        while True:
            frames, overflowed = stream.read(count)
            writer.write(frames[:, 0], time.monotonic_ns(), overflowed=overflowed)
            wait(0.0)
