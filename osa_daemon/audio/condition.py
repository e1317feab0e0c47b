"""How well a microphone hears, judged while its sound arrives: what is wrong, and the remedy.

Reasons for the limits are measurements with `scripts/hearing_faults`: what a fault does to the
events of the bundled night, and how often recordings without it would be told of it.
"""

from typing import Final

import numpy as np

from osa_daemon.audio.block import Samples
from osa_daemon.audio.fault import Fault, FaultKind
from osa_daemon.audio.frozen import Frozen, FrozenMeter
from osa_daemon.audio.hum import HumMeter
from osa_daemon.audio.rate import RateWatch
from osa_daemon.audio.ring import Chunk
from osa_daemon.audio.share import Share

NS_PER_S = 1_000_000_000

RAIL: Final = 0.999  # of the greatest peak: what is cut off stays there
LEAST_RAIL: Final = 0.1  # quieter sound has few steps, many of them its greatest
FORGET_RAIL: Final = 0.995  # with each chunk of 0.1 s: half of it in 14 s
CLIPPED: Final = 0.1  # of samples: 30 dB too much (0.03 over the night) does no harm, 40 dB all
OFFSET: Final = 0.1  # of full scale: no microphone that is well has it; up to 0.3 does no harm
HUM_DB: Final = 8.0  # over all else half of the time: most pauses are missed from here on
STUCK: Final = {
    Frozen.CONSTANT: "one value",
    Frozen.REPEATING: "the same sound again and again",
    Frozen.GARBLED: "no numbers",
}


class Condition:
    """Follows one microphone, over any number of streams; memory is bounded.

    What is withheld from the chain (`hears` says so) is lost time; what is only told is in
    `faults` alone.
    """

    def __init__(self) -> None:
        self.rate = RateWatch()
        self._why = Frozen.SILENT
        self._rate_hz = 1.0
        self._frozen = FrozenMeter(1)
        self._hum = HumMeter()
        self._rail = 0.0
        self._is_frozen = Share(window_s=10, on=0.5, calm_s=3)  # a breath through a gate is shorter
        self._clips = Share(window_s=10, on=CLIPPED, calm_s=15, off=CLIPPED / 4)
        self._is_offset = Share(window_s=10, on=0.9, calm_s=5, off=0.1)
        self._hums = Share(window_s=30, on=0.5, calm_s=20, off=0.2)
        self._offset = 0.0

    def begin(self, rate_hz: float) -> None:
        """A new stream begins, at the nominal rate `rate_hz`."""
        self._rate_hz = rate_hz
        self._frozen = FrozenMeter(rate_hz)
        self._hum.clear()
        self.rate.begin(rate_hz)

    def arrive(self, chunk: Chunk) -> None:
        """Note that a chunk arrived, whether or not it is sound of its time."""
        self.rate.push(chunk.stamp_ns / NS_PER_S, chunk.end)

    def hears(self, samples: Samples) -> bool:
        """Judge sound of its time, at the device's rate, shape (n,): is it any use?"""
        if not len(samples):
            return True
        duration_s = len(samples) / self._rate_hz
        why = self._frozen.judge(samples)
        self._is_frozen.push(float(why is not None), duration_s)
        if why is not None:
            self._why = why
            return False
        self._look_at_peaks(samples, duration_s)
        return not self.rate.is_unusable

    def listen(self, samples: Samples) -> None:
        """Judge sound at 16 kHz, shape (n,), that goes to the chain."""
        if self._hum.push(samples) and self._hum.dominance_db is not None:
            self._hums.push(float(self._hum.dominance_db >= HUM_DB), 2.0)

    def skip(self) -> None:
        """There is a gap here."""
        self._hum.clear()

    def faults(self, device: str) -> tuple[Fault, ...]:
        """Return what is wrong with the sound of `device`, the worst first."""
        return tuple(
            fault
            for fault in (self._frozen_fault(device), self._rate_fault(device))
            if fault is not None
        ) + tuple(
            Fault(kind, text)
            for kind, share, text in (
                (FaultKind.CLIPPED, self._clips, self._clipped_text(device)),
                (FaultKind.HUM, self._hums, self._hum_text(device)),
                (FaultKind.OFFSET, self._is_offset, self._offset_text(device)),
            )
            if share.is_on
        )

    def _look_at_peaks(self, samples: Samples, duration_s: float) -> None:
        high, low = float(samples.max()), float(samples.min())
        self._rail = max(high, -low, self._rail * FORGET_RAIL)
        share = 0.0
        if self._rail >= LEAST_RAIL and max(high, -low) >= RAIL * self._rail:
            share = float(np.count_nonzero(np.abs(samples) >= RAIL * self._rail)) / len(samples)
        self._clips.push(share, duration_s)
        self._offset = float(samples.mean())
        self._is_offset.push(float(abs(self._offset) >= OFFSET), duration_s)

    def _frozen_fault(self, device: str) -> Fault | None:
        if not self._is_frozen.is_on:
            return None
        if self._why is Frozen.SILENT:
            return Fault(
                FaultKind.SILENT,
                f"{device} gives digital silence: unmute it (a button on it, or `alsamixer`), "
                "switch its noise gate off, or plug it in anew.",
                is_deaf=True,
            )
        return Fault(
            FaultKind.STUCK,
            f"{device} is stuck, it gives {STUCK[self._why]}: plug it in anew; if that does not "
            "help, use another USB port or microphone.",
            is_deaf=True,
        )

    def _rate_fault(self, device: str) -> Fault | None:
        watch = self.rate
        if not watch.is_off or watch.deviation is None:
            return None
        promised_hz = watch.nominal_rate_hz
        text = (
            f"{device} gives {promised_hz * (1 + watch.deviation):.0f} frames a second where "
            f"{promised_hz:.0f} are promised ({100 * watch.deviation:+.1f} %), so durations are "
            "wrong by as much: use another USB port, without a hub, or another microphone."
        )
        return Fault(FaultKind.RATE, text, is_deaf=watch.is_unusable)

    def _clipped_text(self, device: str) -> str:
        return f"{device} is overdriven ({100 * self._clips.value:.0f} % clipped): lower its gain."

    def _offset_text(self, device: str) -> str:
        return (
            f"{device} has a constant offset of {100 * self._offset:.0f} % of full scale: its "
            "plug or its electronics are faulty; use another one."
        )

    def _hum_text(self, device: str) -> str:
        return (
            f"{device} hums at {self._hum.mains_hz} Hz, louder than breathing: keep its cable away "
            "from power supplies, and use another supply or a USB cable with a ferrite."
        )
