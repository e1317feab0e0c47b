"""When sound was recorded, of which only the sender's clock and the arrival are known.

A network delays and never hastens. Arrival (our clock) less the sender's clock is therefore the
offset of the two clocks plus a delay, and its least value is the offset but for the delay of the
fastest packet: some milliseconds in a home's Wi-Fi. The offset is not constant, because the clocks
drift apart (quartz: up to 200 ppm between two bad ones); so the least value found may creep up by
`CREEP`, and falls at once where a packet was faster. A burst that comes seconds late changes
nothing.

With a fast packet each T seconds the result is late by the least delay, and wrong by `CREEP` times
T at most: 5 ms for 10 s. Where nothing arrives sooner than 0.4 s late any more, moments are as much
late after 14 minutes: by then nobody can tell a slow network from clocks that drift.
"""

from typing import Final

CREEP: Final = 500e-6  # more than two clocks drift; time servers turn one by as much
STOOD_STILL_S: Final = 30.0  # later than anything is kept to be sent: the sender's clock stood


class PhoneClock:
    """Maps one clock of a phone, in order, to CLOCK_MONOTONIC; all in seconds.

    What it gives never goes back, and is never later than the arrival.
    """

    def __init__(self) -> None:
        self._offset_s: float | None = None
        self._clock_s = 0.0

    def moment(self, clock_s: float, arrival_s: float) -> float:
        """Return when it was `clock_s` on the phone, of which we heard at `arrival_s`."""
        found_s = arrival_s - clock_s
        if self._offset_s is None:
            self._offset_s = found_s
        else:
            crept_s = self._offset_s + CREEP * (clock_s - self._clock_s)
            is_late = found_s - crept_s > STOOD_STILL_S
            self._offset_s = found_s if is_late else min(found_s, crept_s)
        self._clock_s = clock_s
        return clock_s + self._offset_s
