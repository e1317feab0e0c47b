"""How many frames a second a device really gives, against what it promised.

Arrival times are delayed by a busy machine, never early: the least *lateness* (arrival less the
frame's count by the promised rate) of a window is free of that, and its slope from one window to
the next is the deviation. A single loss is one step; a wrong rate is a step in each window.
"""

WINDOW_S = 10.0
LEAST_SPAN_S = 5.0  # between the moments compared: 50 ms of delay in both are 1 % of it
OFF_RATE = 0.015  # told: durations are wrong by as much; quartz is within 0.0005
WELL = 0.0075  # and no more told
UNUSABLE = 0.075  # sound is lost in every window, or pitch and durations are those of another


class RateWatch:
    """Measures one microphone, over any number of streams.

    `deviation` is the relative deviation of the last window, None until known. `is_off`: it has
    been `OFF_RATE` or more, to the same side, in two windows in a row; `is_unusable`: at least
    `UNUSABLE` in both.
    """

    def __init__(self) -> None:
        self.deviation: float | None = None
        self.is_off = self.is_unusable = False
        self.begin(1)

    def begin(self, nominal_rate_hz: float) -> None:
        """A new stream begins; what was found of the last one holds until it is found otherwise."""
        self.nominal_rate_hz = nominal_rate_hz
        self._window_end_s: float | None = None
        self._least: tuple[float, float] | None = None  # lateness and arrival (s)
        self._before: tuple[float, float] | None = None  # of the window before
        self._last = 0.0

    def push(self, arrival_s: float, end: int) -> None:
        """Take that the frames before index `end` had arrived at `arrival_s` (monotonic)."""
        late = (arrival_s - end / self.nominal_rate_hz, arrival_s)
        if self._window_end_s is None or self._least is None:
            self._window_end_s, self._least = arrival_s + WINDOW_S, late
            return
        if arrival_s < self._window_end_s:
            self._least = min(self._least, late)
            return
        self._compare(self._before, self._least)
        self._before, self._least = self._least, late
        self._window_end_s = arrival_s + WINDOW_S

    def _compare(self, before: tuple[float, float] | None, now: tuple[float, float]) -> None:
        if before is None or now[1] - before[1] < LEAST_SPAN_S:
            return
        found = -(now[0] - before[0]) / (now[1] - before[1])
        last, self._last, self.deviation = self._last, found, found
        lasting = min(abs(found), abs(last)) if found * last > 0 else 0.0
        if lasting >= OFF_RATE:
            self.is_off = True
        elif abs(found) < WELL:
            self.is_off = False
        self.is_unusable = self.is_off and (self.is_unusable or lasting >= UNUSABLE)
