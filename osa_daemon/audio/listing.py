"""The list of microphones, asked of a child process, since PortAudio can hang."""

import time
from typing import Any

from osa_daemon.audio.child import Child
from osa_daemon.audio.devices import Device
from osa_daemon.errors import DeviceError

DEADLINE_S = 10.0  # a Pi needs 1 to 2 s


def list_devices(deadline_s: float = DEADLINE_S) -> tuple[Device, ...]:
    """Return the microphones there are; `index` is not valid in this process.

    Raises:
        DeviceError: the sound system did not answer within `deadline_s`, or crashed.
    """
    child = Child([])
    try:
        give_up = time.monotonic() + deadline_s
        while (left_s := give_up - time.monotonic()) > 0:
            ended = child.exit_code is not None
            for report in child.reports(0.0 if ended else min(left_s, 0.1)):
                return tuple(_device(entry) for entry in report["devices"])
            if ended:
                raise DeviceError(
                    "The list of microphones cannot be read, the sound system failed: "
                    f"{child.last_words or f'exit status {child.exit_code}'}."
                )
    finally:
        child.kill()
    raise DeviceError(
        f"The sound system did not answer within {deadline_s:g} s: this machine is very busy, or "
        "the sound server hangs; try again, then restart the sound server or the machine."
    )


def _device(entry: dict[str, Any]) -> Device:
    return Device(**{**entry, "identities": tuple(entry["identities"])})
