"""What a stage may be busy with, and for how long: who hangs in one of these is named by it.

Each deadline lies well above what a Pi with a worn card and a starved processor was ever seen to
need, and all of them together with the wait for the guard below systemd's own (`WatchdogSec`),
which is the last resort; those of the start are not under it yet.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Task:
    """A call that may hang by itself: `name` completes "has hung in …"."""

    name: str
    deadline_s: float


Doing = Callable[[Task], AbstractContextManager[None]]

LOADING: Final = Task("loading the models", 300.0)  # 7 MB from a card that is wearing out
OPENING: Final = Task("opening and checking the journal", 300.0)
SETTINGS: Final = Task("reading the settings again", 20.0)
READING: Final = Task("reading sound", 20.0)  # half a second, and a second to kill a child
ENCODING: Final = Task("the encoder", 30.0)  # 20 ms of a PC's core, seconds of a starved Pi's
DETECTING: Final = Task("the detector", 30.0)
SCORING: Final = Task("scoring", 30.0)
STORING: Final = Task("the journal", 45.0)  # a card may stall for half a minute
ENDING: Final = Task("ending", 40.0)


def unwatched(_task: Task) -> AbstractContextManager[None]:
    """Watch nothing: where nobody waits for it, as in a replay."""
    return nullcontext()
