"""What a run of the beds came to, and the lines that tell it."""

import os
import platform
from collections.abc import Iterator
from dataclasses import dataclass
from math import isfinite
from pathlib import Path
from statistics import median, quantiles


@dataclass(frozen=True, slots=True)
class Steady:
    """The broker while nothing happens to it: `cpu_share` of one core."""

    messages_per_s: float
    cpu_share: float
    memory_mb: float


@dataclass(frozen=True, slots=True)
class Figures:
    """One run, times in seconds.

    `start_s`: from the first bed online to the last. `back_s`: from the killed broker's return
    until every bed was online. `latencies_s`: from sending an event to its PUBACK. `answers_s`:
    from a birth of Home Assistant to each bed's announcement.
    """

    beds: int
    speed: float
    seconds: float
    steady: Steady
    start_s: float
    back_s: float
    latencies_s: tuple[float, ...]
    events: int
    lost: int
    duplicates: int
    unacknowledged: int
    answers_s: tuple[float, ...]

    @property
    def is_good(self) -> bool:
        """Whether every event arrived and every bed came back and answered."""
        is_back = isfinite(self.back_s) and len(self.answers_s) == self.beds
        return is_back and self.lost == 0 and self.unacknowledged == 0 and self.events > 0

    def lines(self) -> Iterator[str]:
        """What a person reads."""
        pace = "in true time" if self.speed == 1 else f"{self.speed:g} times as fast"
        yield f"{self.beds} beds, what a night sends {pace}, {self.seconds:.0f} s, {machine()}"
        yield f"messages: {self.steady.messages_per_s:.0f} a second"
        yield (
            f"mosquitto: {self.steady.cpu_share:.1%} of a core, "
            f"{self.steady.memory_mb:.0f} MB of memory"
        )
        if len(self.latencies_s) > 1:
            worst_s = quantiles(self.latencies_s, n=100)[98]
            yield (
                f"PUBACK of an event: median {1000 * median(self.latencies_s):.1f} ms, 99th "
                f"percentile {1000 * worst_s:.1f} ms ({len(self.latencies_s)} events)"
            )
        yield f"at the start: from the first bed online to the last {self.start_s:.1f} s"
        yield f"broker killed and started again: all online {self.back_s:.1f} s after it was back"
        if self.answers_s:
            yield (
                f"birth of Home Assistant: {len(self.answers_s)} beds answered, the first after "
                f"{self.answers_s[0]:.1f} s, the last after {self.answers_s[-1]:.1f} s"
            )
        yield (
            f"events: {self.events} sent, {self.lost} lost, {self.duplicates} more than once, "
            f"{self.unacknowledged} not acknowledged"
        )


def machine() -> str:
    """Kind, cores and load of this machine."""
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    kind = f"{platform.machine()}, {names[0]}" if names else platform.machine()
    return f"{kind}, {os.cpu_count()} cores, load average {os.getloadavg()[0]:.1f}"
