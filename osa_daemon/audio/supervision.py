"""When a capture process is given up, and when the next one starts."""

from dataclasses import dataclass, field
from random import Random

NO_FRAMES_S = 3.0  # an open stream without frames is dead: PortAudio does not say so
OPENING_S = 8.0  # without a word from the process: it hangs (a Pi needs 2 s to start it)
MUTED_S = 5.0  # of exact zeros: even a quiet room moves the last bit
IDENTITY_S = 5.0  # between looks whether the card behind the stream is still there

FIRST_PAUSE_S = 0.25
LONGEST_PAUSE_S = 2.0  # with start-up and settling, sound is back within 5 s of the device
JITTER = 0.2  # two daemons must not knock in step
PROVEN_S = 10.0  # frames for so long: the next failure is a new one


@dataclass(slots=True)
class Backoff:
    """Pauses before a new attempt: none before the first, then doubling to a bound, for ever."""

    random: Random = field(default_factory=Random)
    failures: int = 0

    def next_pause_s(self) -> float:
        """Count a failure and return how long to wait before the next attempt (s)."""
        self.failures += 1
        if self.failures == 1:
            return 0.0
        # the exponent is bounded, for a device that is away for months
        pause_s: float = min(LONGEST_PAUSE_S, FIRST_PAUSE_S * 2 ** min(self.failures - 2, 10))
        return float(pause_s * self.random.uniform(1 - JITTER, 1 + JITTER))

    def reset(self) -> None:
        """It works: the next failure is retried at once."""
        self.failures = 0
