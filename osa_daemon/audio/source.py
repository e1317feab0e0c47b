"""What every source of sound promises, and how it says how it is."""

from dataclasses import dataclass
from enum import Enum
from typing import Protocol

from osa_daemon.audio.block import Block
from osa_daemon.audio.fault import Fault


class SourceState(Enum):
    """What a source is doing, in words that end up in the status topic."""

    STARTING = "starting"
    RUNNING = "running"
    ABSENT = "absent"  # no device of that identity
    BUSY = "busy"  # the device exists and somebody else holds it
    STALLED = "stalled"  # open, and no frames arrive
    UNUSABLE = "unusable"  # frames arrive, and no pause could be heard in them
    FAILED = "failed"  # cannot be opened for another reason
    HOPELESS = "hopeless"  # only a new process can help: this one is to end
    ENDED = "ended"  # a file is over


@dataclass(frozen=True, slots=True)
class SourceHealth:
    """How a source is: its state, one sentence for a person, and counters since its start.

    `lost_s` is sound known to be lost (s), `overruns` how often; `rate_hz` is the device's
    measured frame rate, `None` until known. `faults` are what is wrong with sound that arrives.
    `cause` tells apart, where one state has several causes, which of them it is: another one is
    told anew.
    """

    state: SourceState
    text: str
    device: str | None = None
    overruns: int = 0
    lost_s: float = 0.0
    rate_hz: float | None = None
    faults: tuple[Fault, ...] = ()
    cause: str | None = None


class Source(Protocol):
    """A file or a microphone. Used by one thread."""

    def read(self, timeout_s: float) -> Block | None:
        """Return the next block, or `None` if none came within `timeout_s` or the source ended."""
        ...

    def health(self) -> SourceHealth:
        """Return how the source is, without waiting."""
        ...

    def close(self) -> None:
        """Release the device or file, within a deadline. May be called twice."""
        ...
