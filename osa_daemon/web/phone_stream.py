"""One run of a phone's counter, over any number of connections: checked, and put on our time."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from osa_daemon.audio.packet import Packet
from osa_daemon.web.phone_clock import PhoneClock
from osa_daemon.web.phone_wire import LONGEST_S, Frame, Hello, WireError

AHEAD_S: Final = 30.0  # sound that is kept on the way, and may come at once
FASTER: Final = 1.1  # than time passes; quartz is within 1.0002

NS_PER_S: Final = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Stamped:
    """A packet and when its last frame was recorded (CLOCK_MONOTONIC, ns)."""

    packet: Packet
    stamp_ns: int


class PhoneStream:
    """Takes the frames of one stream in order.

    Args:
        hello: how the phone began it.
        number: what it is called in the ring; no other stream is.
    """

    def __init__(self, hello: Hello, number: int) -> None:
        self.name = hello.stream
        self.rate_hz = hello.rate_hz
        self.sequence = -1  # of the last frame taken
        self._number = number
        self._clock = PhoneClock()
        self._clock_s = 0.0
        self._end = 0
        self._began: tuple[float, int] | None = None  # arrival (s) and start of the first frame

    def take(self, frame: Frame, arrival_ns: int) -> Stamped:
        """Return what goes into the ring; WireError where the frame cannot be true."""
        arrival_s = arrival_ns / NS_PER_S
        self._check(frame, arrival_s)
        self.sequence, self._end, self._clock_s = frame.sequence, frame.end, frame.clock_s
        moment_s = self._clock.moment(frame.clock_s, arrival_s)
        samples = frame.samples.astype(np.float32) / np.float32(32_768)
        packet = Packet(self._number, self.rate_hz, frame.start, samples)
        return Stamped(packet, round(moment_s * NS_PER_S))

    def _check(self, frame: Frame, arrival_s: float) -> None:
        duration_s = len(frame.samples) / self.rate_hz
        if duration_s > LONGEST_S:
            raise WireError(f"A frame lasts {duration_s:.2f} s; {LONGEST_S} s are allowed.")
        if frame.sequence <= self.sequence:
            raise WireError(f"Frame {frame.sequence} came after frame {self.sequence}.")
        if frame.start < self._end:
            raise WireError(f"A frame begins at {frame.start}, but the last ended at {self._end}.")
        if frame.clock_s < self._clock_s:
            raise WireError(f"The phone's clock went back, from {self._clock_s} s.")
        if self._began is None:
            self._began = (arrival_s, frame.start)
        since_s, since = self._began
        passed_s = arrival_s - since_s
        if (frame.end - since) / self.rate_hz > FASTER * passed_s + AHEAD_S:
            raise WireError(
                f"The phone has counted {(frame.end - since) / self.rate_hz:.0f} s of sound in "
                f"{passed_s:.0f} s."
            )
