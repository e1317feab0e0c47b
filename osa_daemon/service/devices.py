"""`osa-daemon devices`: the microphones there are, as the settings name them."""

import json
from argparse import Namespace
from dataclasses import asdict

from osa_daemon.audio.devices import DEFAULT, Device
from osa_daemon.audio.listing import list_devices
from osa_daemon.errors import DeviceError
from osa_daemon.service.phone import PHONE_LINE, phone_is_possible


def devices_command(arguments: Namespace) -> int:
    """Print every microphone; raise DeviceError if there is none."""
    devices = list_devices()
    has_page = phone_is_possible(arguments.config)
    if arguments.json:
        found = [_as_json(device) for device in devices]
        print(json.dumps({"v": 1, "devices": found, "phone": has_page}))
    else:
        for device in devices:
            print(line_of(device))
        if has_page:
            print(PHONE_LINE)
    if not devices and not has_page:
        raise DeviceError(
            "There is no microphone: plug one in; on a desktop, check that its sound server runs."
        )
    return 0


def line_of(device: Device) -> str:
    """Return one line on a microphone: what to write into the settings, its name and state."""
    name = "" if device.name in device.identity else f"  {device.name}"
    rate = f"  {device.rate_hz:g} Hz" if device.rate_hz else ""
    held = f"  in use by {device.held_by}" if device.held_by else ""
    changing = "  (the system's choice, which may change)" if device.identity == DEFAULT else ""
    return f"{device.identity}{name}{rate}{held}{changing}"


def _as_json(device: Device) -> dict[str, object]:
    fields = asdict(device)
    del fields["index"]  # valid in the listing process alone
    return fields
