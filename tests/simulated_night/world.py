"""Simulated time, and what is due in it: the only clock of a simulated night."""

import heapq
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count

from osa_daemon.clock import Clock

TURN_S = 0.25  # while the daemon waits, its other threads have their turn so often
BOOTED_S = 1_000.0  # what the monotonic clock shows when the night begins


class Killed(BaseException):
    """The daemon is killed here (-9): nothing that it would still do happens."""


@dataclass
class World:
    """Time since the night began, due actions in order, and when the daemon is killed.

    `began_utc_s` is the true time (s since 1970) of the beginning; `wall_error_s` how far the
    wall clock is off now. `turn` is called whenever time has passed: other threads have theirs.
    """

    began_utc_s: float
    now_s: float = 0.0
    wall_error_s: float = 0.0
    turn: Callable[[], None] = lambda: None
    on_kill: Callable[[], None] = lambda: None
    trace: list[str] = field(default_factory=list)
    _due: list[tuple[float, int, Callable[[], None]]] = field(default_factory=list)
    _numbers: "count[int]" = field(default_factory=count)
    _touches_left: int | None = None
    _is_dead: bool = False

    def clock(self) -> Clock:
        """Return the port that the daemon is given."""
        return Clock(self._monotonic_s, self._wall_s, self.sleep)

    def wall_s_at(self, moment_s: float) -> float:
        """Return what the wall clock, as it is set now, calls that moment (s since 1970)."""
        return self.began_utc_s + moment_s + self.wall_error_s

    def at(self, moment_s: float, action: Callable[[], None]) -> None:
        """Do something then."""
        heapq.heappush(self._due, (moment_s, next(self._numbers), action))

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        end_s = self.now_s + seconds
        while self.now_s < end_s:
            self.advance_to(min(self.now_s + TURN_S, end_s))

    def advance_to(self, moment_s: float) -> None:
        """Let time pass until then, with everything that is due on the way."""
        while self._due and self._due[0][0] <= moment_s:
            due_s, _, action = heapq.heappop(self._due)
            self.now_s = max(self.now_s, due_s)
            action()
        self.now_s = max(self.now_s, moment_s)
        self.turn()

    def touch(self) -> None:
        """The daemon uses one of its ports: here it may be killed."""
        if self._is_dead:
            raise Killed
        if self._touches_left is None:
            return
        self._touches_left -= 1
        if self._touches_left <= 0:
            self._touches_left, self._is_dead = None, True
            self.note("killed")
            self.on_kill()
            raise Killed

    def kill_after(self, touches: int) -> None:
        """Kill the daemon when it uses a port for the so-many-th time from now on."""
        self._touches_left = touches

    def revive(self) -> None:
        """A new daemon is started."""
        self._is_dead, self._touches_left = False, None

    def note(self, line: str) -> None:
        """Write a line of the night's trace."""
        self.trace.append(f"{self.now_s:.2f} {line}")

    def _monotonic_s(self) -> float:
        self.touch()
        return BOOTED_S + self.now_s

    def _wall_s(self) -> float:
        return self.wall_s_at(self.now_s)
