"""All faults that are tried, in the order of the report."""

from tests.faults import (
    broker,
    clock,
    disk,
    kills,
    microphone,
    power,
    process,
    settings,
    sounds,
    unit,
)
from tests.faults.fault import Fault

GROUPS = {
    "microphone": microphone,
    "sound": sounds,
    "broker": broker,
    "process": process,
    "kills": kills,
    "power": power,
    "disk": disk,
    "clock": clock,
    "settings": settings,
    "systemd": unit,
}


def catalogue() -> list[Fault]:
    """Every `Fault` that a module of the groups holds."""
    return [
        thing
        for module in GROUPS.values()
        for thing in vars(module).values()
        if isinstance(thing, Fault)
    ]


def group_of(fault: Fault) -> str:
    """The group in which a fault stands."""
    return next(
        (n for n, m in GROUPS.items() if any(thing is fault for thing in vars(m).values())), ""
    )


def named(name: str) -> Fault:
    """The fault of that name."""
    return next(fault for fault in catalogue() if fault.name == name)
