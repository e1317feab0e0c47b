"""Which frames of a device are sound of their time, and where time was lost.

Frames carry the monotonic time at which they arrived. A device gives no word when it loses
sound, and after a stall it may deliver the missed time in a burst, mostly of zeros. What can
be trusted is arithmetic: frames cannot arrive before their time, and a stream that runs later
than before, and stays later, has lost as much.

*Lateness* of a frame is its arrival less its count by the device's rate; its minimum over a
window is free of scheduling delays. Between windows it creeps with the drift of the device's
clock and steps where sound was lost. Up to `LOSS_S / WINDOW_S` (7.5 %) is drift.
"""

from collections import deque
from dataclasses import dataclass

from osa_daemon.audio.ring import Chunk

NS_PER_S = 1_000_000_000

WINDOW_S = 2.0  # 20 reads: the earliest of them was not kept waiting
LOSS_S = 0.15  # more than one read of 0.1 s; a shorter loss shifts time less than one frame
EXCESS_S = 0.3  # sound that arrives so much early is backlog
STALL_S = 1.0  # without frames: longer than any read was delayed on a loaded machine (0.15 s)
SETTLE_S = 1.0  # frames are taken after they have come in real time for so long
SETTLE_EXCESS_S = 0.25  # within that time, two reads and some jitter
RATE_SPAN_S = 60.0  # shortest span for a measured rate: a sound server's 15 ms are 0.025 %


@dataclass(frozen=True, slots=True)
class Verdict:
    """What to do with a chunk: drop it, or take it after a gap of `gap_s` (0: none)."""

    is_sound: bool
    gap_s: float = 0.0


DROP = Verdict(is_sound=False)


class Timeline:
    """Judges the chunks of one microphone, over any number of streams, in order.

    `end_s` is the monotonic time at which the last accepted frame was recorded; `rate_hz` the
    device's measured rate (frames per monotonic second), `None` until known; `dropped_s` how
    much late sound was not taken.
    """

    def __init__(self) -> None:
        self.end_s: float | None = None
        self.rate_hz: float | None = None
        self.dropped_s = 0.0
        self.begin(1)

    def begin(self, nominal_rate_hz: float) -> None:
        """A new stream begins: its frames count from 0."""
        self._nominal_hz = nominal_rate_hz
        self._next_frame = 0
        self._last_arrival_s: float | None = None
        self._settle()

    def judge(self, chunk: Chunk) -> Verdict:
        """Say whether `chunk` is sound of its time, and how much time was lost before it."""
        arrival_s = chunk.stamp_ns / NS_PER_S
        duration_s = len(chunk.samples) / self._nominal_hz
        late_s = arrival_s - chunk.end / self._nominal_hz
        skipped_s = (chunk.start - self._next_frame) / self._nominal_hz
        self._next_frame = chunk.end
        last_s, self._last_arrival_s = self._last_arrival_s, arrival_s
        is_stalled = last_s is not None and arrival_s - last_s - skipped_s > STALL_S + duration_s
        if is_stalled or (self._is_settled and late_s < self._late_s - EXCESS_S):
            self._settle()
        if not self._is_settled:
            return self._judge_unsettled(arrival_s, duration_s, late_s)
        gap_s = skipped_s + self._new_loss(arrival_s, late_s, chunk.end)
        self.end_s = chunk.end / self._nominal_hz + self._late_s
        return Verdict(is_sound=True, gap_s=gap_s)

    def _settle(self) -> None:
        self._is_settled = False
        self._recent: deque[tuple[float, float, float]] = deque()
        self._settling_since_s: float | None = None

    def _judge_unsettled(self, arrival_s: float, duration_s: float, late_s: float) -> Verdict:
        if self._settling_since_s is None:
            self._settling_since_s = arrival_s
        self._recent.append((arrival_s, duration_s, late_s))
        while self._recent[0][0] <= arrival_s - SETTLE_S:
            self._recent.popleft()
        came_s = sum(duration for _, duration, _ in self._recent)
        if arrival_s - self._settling_since_s < SETTLE_S or came_s > SETTLE_S + SETTLE_EXCESS_S:
            self.dropped_s += duration_s
            return DROP
        self._is_settled = True
        self._begin_run(arrival_s, min(late for _, _, late in self._recent))
        end_s = self._next_frame / self._nominal_hz + self._late_s
        gap_s = 0.0 if self.end_s is None else max(0.0, end_s - duration_s - self.end_s)
        self.end_s = end_s
        return Verdict(is_sound=True, gap_s=gap_s)

    def _begin_run(self, arrival_s: float, late_s: float) -> None:
        self._late_s = late_s
        self._window_end_s = arrival_s + WINDOW_S
        self._earliest = (late_s, arrival_s, self._next_frame)
        self._rate_anchor: tuple[float, int] | None = None

    def _new_loss(self, arrival_s: float, late_s: float, end: int) -> float:
        """Close the window if it is over; return the time lost, by its earliest frame (s)."""
        if arrival_s < self._window_end_s:
            self._earliest = min(self._earliest, (late_s, arrival_s, end))
            return 0.0
        found_s, found_arrival_s, found_end = self._earliest
        step_s = found_s - self._late_s
        self._late_s = found_s
        self._window_end_s = arrival_s + WINDOW_S
        self._earliest = (late_s, arrival_s, end)
        if step_s > LOSS_S:
            self._rate_anchor = None
            return step_s
        self._measure_rate(found_arrival_s, found_end)
        return 0.0

    def _measure_rate(self, arrival_s: float, end: int) -> None:
        if self._rate_anchor is None:
            self._rate_anchor = (arrival_s, end)
        since_s, since_frame = self._rate_anchor
        if arrival_s - since_s >= RATE_SPAN_S:
            self.rate_hz = (end - since_frame) / (arrival_s - since_s)
