"""`osa-daemon doctor`: one line for each thing that can keep the daemon from its work."""

import json
from argparse import Namespace
from collections.abc import Iterator

from osa_daemon.audio.devices import Device
from osa_daemon.audio.listing import list_devices
from osa_daemon.errors import EXIT_OK, EXIT_RESOURCE, OsaError
from osa_daemon.service.addresses import shut_out
from osa_daemon.service.broker_check import check_broker
from osa_daemon.service.checks import (
    check_clock,
    check_disk,
    check_microphone,
    check_models,
    check_secrets,
    check_settings,
    check_state_dir,
    check_versions,
)
from osa_daemon.service.finding import Finding, Verdict, bad
from osa_daemon.service.ntfy import ntfy_settings
from osa_daemon.service.ntfy_check import check_ntfy
from osa_daemon.service.secrecy import check_swap
from osa_daemon.settings.load import Loaded, load
from osa_daemon.settings.model import Settings


def doctor_command(arguments: Namespace) -> int:
    """Print the findings as they are made; exit code 4 if one of them is bad."""
    loaded = load(arguments.config)
    seen = []
    for finding in findings(loaded):
        seen.append(finding)
        if not arguments.json:
            print(finding, flush=True)
    if arguments.json:
        rows = [{"name": f.name, "verdict": f.verdict.name.lower(), "text": f.text} for f in seen]
        print(json.dumps({"v": 1, "findings": rows}, ensure_ascii=False))
    return EXIT_RESOURCE if any(f.verdict is Verdict.BAD for f in seen) else EXIT_OK


def findings(loaded: Loaded) -> Iterator[Finding]:
    """Look at one thing after the other."""
    state_dir = loaded.settings.journal.state_dir
    yield check_versions()
    yield check_settings(loaded)
    yield check_models()
    yield from _microphone(loaded.settings.microphone.device)
    yield check_broker(loaded.settings.mqtt)
    yield from _addresses(loaded.settings)
    yield from check_secrets(loaded)
    yield from _ntfy(loaded.settings)
    yield check_state_dir(state_dir)
    yield check_disk(state_dir)
    yield check_swap()
    yield check_clock()


def _addresses(settings: Settings) -> Iterator[Finding]:
    sentence = shut_out(settings)
    if sentence is not None:
        yield bad("addresses", sentence)


def _ntfy(settings: Settings) -> Iterator[Finding]:
    ntfy = ntfy_settings(settings)
    if ntfy is not None:
        yield from check_ntfy(ntfy)


def _microphone(wanted: str) -> Iterator[Finding]:
    devices: tuple[Device, ...] = ()
    try:
        devices = list_devices()
    except OsaError as error:
        yield bad("microphone", str(error))
        return
    yield check_microphone(wanted, devices)
