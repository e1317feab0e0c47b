"""Microphones by identities that last: what there is, and which one was meant.

PortAudio numbers devices and ALSA numbers cards anew after each plugging, so neither number
is ever kept. An identity is `usb:PORT` (`usb:1-1.2`), `usb:VENDOR:PRODUCT[:SERIAL]`,
`name:NAME` or `default`; a name alone means `name:`.
"""

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from osa_daemon.audio.holder import remedy
from osa_daemon.audio.usb import Card
from osa_daemon.errors import DeviceError

DEFAULT = "default"
HARDWARE = re.compile(r"\(hw:(\d+),(\d+)\)$")  # PortAudio appends it to what is a real card
NUMBERED = re.compile(r"^(plug)?hw:\d|^\d+$")


@dataclass(frozen=True, slots=True)
class Input:
    """A device as PortAudio lists it in this process, at this moment. `rate_hz` is its default."""

    index: int
    name: str
    rate_hz: float


@dataclass(frozen=True, slots=True)
class Device:
    """A microphone or a way to one.

    `identity` is what to write into the settings, `identities` all that it answers to.
    `index` is PortAudio's, valid in the process and at the moment of listing only; `None`
    where PortAudio cannot open it, mostly because `held_by` (a program) has it open or this user
    `is_forbidden` to. `card` is the sound card's identity; `None` for what a sound server or a
    plugin offers.
    """

    identity: str
    identities: tuple[str, ...]
    name: str
    index: int | None
    rate_hz: float | None = None
    held_by: str | None = None
    is_forbidden: bool = False
    card: str | None = None

    @property
    def description(self) -> str:
        """One line for a person."""
        if self.identity == DEFAULT:
            return f"{DEFAULT} (the system's choice, which may change)"
        return self.identity if self.name in self.identity else f"{self.identity} ({self.name})"


def join(
    inputs: Sequence[Input],
    cards: Sequence[Card],
    default_index: int | None,
    find_holder: Callable[[int, int], str | None],
    find_forbidden: Callable[[int, int], bool],
) -> tuple[Device, ...]:
    """Join PortAudio's list and the kernel's.

    `find_holder` and `find_forbidden` are asked by card and device number (see `holder.py`).
    Cards that can record and that PortAudio does not list are busy: it leaves out what it
    cannot open.
    """
    names = {card.number: _names(card) for card in cards}
    devices, seen = [], set()
    for entry in inputs:
        hardware = HARDWARE.search(entry.name)
        place = (int(hardware[1]), int(hardware[2])) if hardware else None
        own = names.get(place[0], {}).get(place[1], ()) if place else ()
        plain = HARDWARE.sub("", entry.name).strip()
        identities = (*own, *_name_identities(plain, entry, default_index))
        devices.append(
            Device(
                identity="",
                identities=identities,
                name=plain,
                index=entry.index,
                rate_hz=entry.rate_hz,
                card=own[0] if own else None,
            )
        )
        seen.add(place)
    for card in cards:
        for capture in card.captures:
            if (card.number, capture) not in seen:
                own = names[card.number][capture]
                devices.append(
                    Device(
                        identity="",
                        identities=own,
                        name=card.id,
                        index=None,
                        held_by=find_holder(card.number, capture),
                        is_forbidden=find_forbidden(card.number, capture),
                        card=own[0],
                    )
                )
    return _with_unique_identity(devices)


def _name_identities(plain: str, entry: Input, default_index: int | None) -> tuple[str, ...]:
    if plain == DEFAULT:
        return (DEFAULT,)
    return (f"name:{plain}", DEFAULT) if entry.index == default_index else (f"name:{plain}",)


def _names(card: Card) -> dict[int, tuple[str, ...]]:
    # a card's further capture devices get their number behind a comma
    return {
        capture: tuple(f"{name},{capture}" if capture else name for name in card.identities)
        for capture in card.captures
    }


def _with_unique_identity(devices: Sequence[Device]) -> tuple[Device, ...]:
    known = Counter(identity for device in devices for identity in set(device.identities))
    named = []
    for device in devices:
        unique = [identity for identity in device.identities if known[identity] == 1]
        named.append(replace(device, identity=(unique or device.identities)[0]))
    return tuple(named)


def resolve(wanted: str, devices: Sequence[Device]) -> Device:
    """Return the device that `wanted` means.

    Raises:
        DeviceError: none or several fit; the sentence names what was asked, what there is,
            and what to do.
    """
    full = wanted if wanted == DEFAULT or wanted.startswith(("usb:", "name:")) else f"name:{wanted}"
    fitting = [device for device in devices if full in device.identities]
    exact = [device for device in fitting if device.identity == full] or fitting
    if len(exact) == 1:
        return exact[0]
    there = ", ".join(device.description for device in devices if device.identity != DEFAULT)
    if exact:
        which = ", ".join(device.description for device in exact)
        raise DeviceError(
            f"The microphone '{wanted}' is not unique: {which}; use an identity that fits one."
        )
    if NUMBERED.match(wanted):
        raise DeviceError(
            f"The microphone '{wanted}' is a number that changes with each plugging; "
            f"use one of these instead: {there or 'none is present'}."
        )
    if not there:
        raise DeviceError(
            f"The microphone '{wanted}' is not there, nor is any other; "
            "plug it in, or see whether the sound server runs."
        )
    raise DeviceError(
        f"The microphone '{wanted}' is not there; there is: {there}; plug it in or choose another."
    )


def busy_sentence(wanted: str, device: Device) -> str:
    """Return why a device that is there cannot be opened, and the remedy."""
    if device.is_forbidden:
        return (
            f"The microphone '{wanted}' ({device.name}) may not be opened by this user: "
            "add the user to the group `audio`."
        )
    return f"The microphone '{wanted}' ({device.name}) is busy: {remedy(device.held_by)}."
