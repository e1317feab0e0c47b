"""CPU time of the chain's thread, split among the rooms whose doors it passes."""

import time
from collections.abc import Callable
from typing import Any

Function = Callable[..., Any]


def wrap(owner: type, name: str, wrapper: Callable[[Function], Function]) -> None:
    """Put `wrapper` around the method `name` of a class, for this process."""
    setattr(owner, name, wrapper(getattr(owner, name)))


class Stopwatch:
    """Adds up the CPU time between going in and coming out of functions, for one thread.

    A stage that calls another is not charged for it, so that `spent_s` (stage → s) adds up to no
    more than what the thread used.
    """

    def __init__(self, clock: Callable[[], float] = time.thread_time) -> None:
        self._clock = clock
        self._inner_s: list[float] = []  # for each function under way: what its callees used
        self.spent_s: dict[str, float] = {}

    def timed(self, function: Function, stage: str) -> Function:
        """Return `function`, its time charged to `stage`."""
        self.spent_s.setdefault(stage, 0.0)

        def call(*args: Any, **kwargs: Any) -> Any:
            began_s = self._clock()
            self._inner_s.append(0.0)
            try:
                return function(*args, **kwargs)
            finally:
                whole_s = self._clock() - began_s
                self.spent_s[stage] += whole_s - self._inner_s.pop()
                if self._inner_s:
                    self._inner_s[-1] += whole_s

        return call
