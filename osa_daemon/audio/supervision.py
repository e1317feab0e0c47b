"""When a capture process is given up, when the next one starts, and when not even that helps."""

from dataclasses import dataclass, field
from random import Random

NO_FRAMES_S = 3.0  # an open stream without frames is dead: PortAudio does not say so
OPENING_S = 8.0  # without a word from the process: it hangs (a Pi needs 2 s to start it)
FAULTS_S = 0.5  # between looks at what is wrong with the sound
USELESS_S = 10.0  # frames arrive and none is sound of its time: told, where no fault says why
REOPEN_S = 20.0  # and opened anew: some USB microphones give zeros until then
LONGEST_REOPEN_S = 600.0  # a muted microphone is not helped by that, so it is tried ever less
IDENTITY_S = 5.0  # between looks whether the card behind the stream is still there

FIRST_PAUSE_S = 0.25
LONGEST_PAUSE_S = 2.0  # with start-up and settling, sound is back within 5 s of the device
JITTER = 0.2  # two daemons must not knock in step
PROVEN_S = 10.0  # frames for so long: the next failure is a new one
LAST_RESORT_S = 180.0  # capture processes cannot be started or killed: a new daemon may


@dataclass(slots=True)
class LastResort:
    """Whether this process should end, so that another takes its place; times are monotonic (s).

    Only for what a restart can help: never because a device or a sound server is away.
    """

    since_s: float | None = None

    def fail(self, now_s: float) -> None:
        """A capture process could not be started, or not be killed."""
        if self.since_s is None:
            self.since_s = now_s

    def work(self) -> None:
        """A capture process answers."""
        self.since_s = None

    def is_due(self, now_s: float) -> bool:
        """Say whether nothing has worked for too long."""
        return self.since_s is not None and now_s - self.since_s >= LAST_RESORT_S


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
