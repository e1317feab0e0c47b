"""Whether the microphone of the settings is there, free, and gives usable sound."""

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from osa_daemon.audio.block import SAMPLE_RATE_HZ, Samples
from osa_daemon.audio.condition import OFFSET
from osa_daemon.audio.devices import Device, busy_sentence, resolve
from osa_daemon.audio.holder import DAEMON
from osa_daemon.audio.source import Source
from osa_daemon.errors import OsaError
from osa_daemon.service.doctor.finding import Finding, bad, doubtful, good
from osa_daemon.service.doctor.source import OPENING_S, READ_S, first_block
from osa_daemon.service.phone import without_page
from osa_daemon.settings.model import PHONE, Settings

NAME, LEVEL = "microphone", "level"
LISTEN_S = 3.0  # of sound that the level is taken from
FULL_SCALE = 0.999
CLIPPED_SHARE = 0.01  # a loud snore now and then
OVERDRIVEN_SHARE = 0.03  # resampling rounds most of the peaks that the device cut off
QUIETEST_DBFS = -85.0  # the last bit of 16 flickers at -98; breath at a metre lies far above

_SWITCH = "look for a switch on it, or raise Capture in alsamixer (F4)"


def find(wanted: str, devices: Sequence[Device]) -> tuple[Finding, Device | None]:
    """Whether the microphone is there, and free or heard by the daemon; the device if it is."""
    try:
        device = resolve(wanted, devices)
    except OsaError as error:
        # PortAudio does not list what cannot be opened, `default` among it
        ours = [device for device in devices if device.held_by == DAEMON]
        if wanted.startswith("usb:") or len(ours) != 1:
            return bad(NAME, str(error)), None
        (device,) = ours
    if device.index is None and device.held_by == DAEMON:
        return good(NAME, f"{device.description}, in use by the running daemon"), device
    if device.index is None:
        return bad(NAME, busy_sentence(wanted, device)), None
    return good(NAME, device.description), device


def find_phone(settings: Settings) -> tuple[Finding, Device | None]:
    """Whether a phone can be the microphone; the phone, which only the daemon can hear."""
    problems = without_page(settings)
    if problems:
        return bad(NAME, problems[0]), None
    phone = Device(PHONE, (PHONE,), "a phone or tablet", index=None, held_by=DAEMON)
    return good(NAME, "a phone; whether one is heard now, the line `level` says"), phone


@dataclass(frozen=True, slots=True)
class Sample:
    """Some seconds of a microphone, put into figures.

    `level_dbfs` without a constant offset, `peak` the largest absolute sample, `offset` the mean,
    both of full scale 1. `is_constant`: all samples are equal; `is_zero`: and they are 0.
    """

    duration_s: float
    level_dbfs: float
    peak: float
    offset: float
    clipped_share: float
    is_constant: bool
    is_zero: bool

    @classmethod
    def of(cls, samples: Samples) -> "Sample":
        """Measure samples of shape (n,), n at least 1."""
        offset = float(samples.mean())
        power = float(np.square(samples - offset, dtype=np.float64).mean())
        size = np.abs(samples)
        return cls(
            duration_s=len(samples) / SAMPLE_RATE_HZ,
            level_dbfs=10 * math.log10(max(power, 1e-12)),
            peak=float(size.max()),
            offset=offset,
            clipped_share=float((size >= FULL_SCALE).mean()),
            is_constant=bool(samples.min() == samples.max()),
            is_zero=not samples.any(),
        )


def listen(source: Source, duration_s: float = LISTEN_S, opening_s: float = OPENING_S) -> Finding:
    """Judge the level of what `source` gives; its end is the caller's.

    Raises:
        DeviceError: no sound comes.
    """
    heard = [first_block(source, opening_s).samples]
    wanted = round(duration_s * SAMPLE_RATE_HZ)
    give_up_s = time.monotonic() + 2 * duration_s
    while sum(map(len, heard)) < wanted and time.monotonic() < give_up_s:
        block = source.read(READ_S)
        if block is not None:
            heard.append(block.samples)
    return judge(Sample.of(np.concatenate(heard)))


def judge(sample: Sample) -> Finding:
    """Say what is wrong with the sound, the worst first."""
    shown = f"{sample.level_dbfs:.0f} dBFS over {sample.duration_s:.0f} s"
    if sample.is_zero:
        return bad(LEVEL, f"digital silence: the microphone is muted: {_SWITCH}.")
    if sample.is_constant:
        return bad(LEVEL, "the same value again and again: it is stuck: plug it in anew.")
    if sample.clipped_share >= CLIPPED_SHARE:
        share = f"{sample.clipped_share:.0%} of the time"
        is_bad = sample.clipped_share >= OVERDRIVEN_SHARE
        say = bad if is_bad else doubtful
        return say(LEVEL, f"{shown}, overdriven {share}: lower Capture in alsamixer (F4).")
    if abs(sample.offset) >= OFFSET:
        return doubtful(
            LEVEL,
            f"{shown}, but its zero lies at {sample.offset:.0%} of full scale: the microphone or "
            "its sound card is faulty; try another port, then another microphone.",
        )
    if sample.level_dbfs < QUIETEST_DBFS:
        return doubtful(LEVEL, f"{shown}: hardly any sound: {_SWITCH}.")
    peak_dbfs = 20 * math.log10(max(sample.peak, 1e-6))
    return good(LEVEL, f"{shown}, peak {peak_dbfs:.0f} dBFS")
