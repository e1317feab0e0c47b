"""What one row of the fault report is: what is done, and what must come of it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from tests.faults.scene import Scene

Place = Literal["process", "machine"]


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault and its trial.

    `act` brings the fault about in a `Scene`, says there what it saw, and fails by an assertion.
    `machine` needs the installed service under a real systemd; `process` the program alone.
    `is_quick` marks what takes less than half a minute and is tried on every change.
    """

    name: str
    injected: str
    expected: str
    act: Callable[[Scene], None]
    place: Place = "process"
    is_quick: bool = False
    limit_s: float = 300.0


def fault(
    *,
    injected: str,
    expected: str,
    place: Place = "process",
    is_quick: bool = False,
    limit_s: float = 300.0,
) -> Callable[[Callable[[Scene], None]], Fault]:
    """Make a row of a function, which is named after the fault."""

    def make(act: Callable[[Scene], None]) -> Fault:
        name = act.__name__.strip("_").replace("_", " ")
        return Fault(name, injected, expected, act, place, is_quick, limit_s)

    return make
