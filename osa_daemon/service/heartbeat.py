"""Heartbeats of the stages: a stage that hangs is found by its own deadline."""

import threading
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(slots=True)
class _Stage:
    deadline_s: float
    last_s: float


class Heartbeats:
    """Keeps when each stage last showed that it is alive. Safe to use from any thread.

    `now` is a monotonic clock (s).
    """

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._lock = threading.Lock()
        self._stages: dict[str, _Stage] = {}

    def watch(self, stage: str, deadline_s: float) -> None:
        """Begin to watch `stage`: it must beat at least every `deadline_s`."""
        with self._lock:
            self._stages[stage] = _Stage(deadline_s, self._now())

    def beat(self, stage: str) -> None:
        """Note that `stage` is alive."""
        with self._lock:
            self._stages[stage].last_s = self._now()

    def overdue(self) -> list[str]:
        """Return the stages that have not been heard of within their deadline."""
        now = self._now()
        with self._lock:
            return [n for n, s in self._stages.items() if now - s.last_s > s.deadline_s]
