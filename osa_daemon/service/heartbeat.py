"""Signs of life of the stages: one that hangs is found by its own deadline, and named."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from osa_daemon.service.tasks import Task

STANDSTILL_S = 5.0  # between two looks: beyond it the whole process stood still, no stage alone


@dataclass(frozen=True, slots=True)
class Hang:
    """A stage without a sign of life for `silent_s`, longer than the `deadline_s` of its task."""

    stage: str
    task: str | None
    silent_s: float
    deadline_s: float

    def __str__(self) -> str:
        """One sentence."""
        how = f"has hung in {self.task}" if self.task else "has given no sign of life"
        return (
            f"The stage {self.stage} {how} for {self.silent_s:.0f} s; "
            f"{self.deadline_s:.0f} s are allowed."
        )


class Stage:
    """The signs of life of one thread, given by that thread and judged by another."""

    def __init__(self, name: str, deadline_s: float, now: Callable[[], float]) -> None:
        self._name = name
        self._now = now
        self._lock = threading.Lock()
        self._tasks: list[tuple[str | None, float]] = [(None, deadline_s)]
        self._last_s = now()

    def beat(self) -> None:
        """Note that the stage is alive."""
        with self._lock:
            self._last_s = self._now()

    @contextmanager
    def doing(self, task: Task) -> Iterator[None]:
        """Let the deadline of `task` hold inside; both its beginning and its end are signs."""
        with self._lock:
            self._tasks.append((task.name, task.deadline_s))
            self._last_s = self._now()
        try:
            yield
        finally:
            with self._lock:
                self._tasks.pop()
                self._last_s = self._now()

    @property
    def task(self) -> str | None:
        """What the stage is busy with, if it has said so."""
        with self._lock:
            return self._tasks[-1][0]

    @property
    def silent_s(self) -> float:
        """Seconds since the last sign of life."""
        with self._lock:
            return self._now() - self._last_s

    def hang(self) -> Hang | None:
        """Return that the deadline has passed; None where it has not."""
        with self._lock:
            task, deadline_s = self._tasks[-1]
            silent_s = self._now() - self._last_s
        return Hang(self._name, task, silent_s, deadline_s) if silent_s > deadline_s else None

    def seen(self, moment_s: float) -> None:
        """Note that it was alive then, where that is news."""
        with self._lock:
            self._last_s = max(self._last_s, moment_s)

    def excuse(self, pause_s: float) -> None:
        """Leave out a time in which nothing in this process ran."""
        with self._lock:
            self._last_s = min(self._last_s + pause_s, self._now())


@dataclass(frozen=True, slots=True)
class _Aged:
    """A stage that tells itself for how long it has given no sign of life."""

    stage: Stage
    age_s: Callable[[], float]


class Heartbeats:
    """All stages of the process. `now` is a monotonic clock (s).

    `hangs` is to be called by one thread, every second or so: a longer time between two of its
    looks is one in which the process was stopped or starved, and counts for no stage, but for
    `STANDSTILL_S` of it: however starved the process is, what hangs is found in the end.
    """

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._stages: list[Stage] = []
        self._aged: list[_Aged] = []
        self._looked_s: float | None = None

    def watch(self, name: str, deadline_s: float) -> Stage:
        """Begin to watch a stage: it must beat at least every `deadline_s`."""
        stage = Stage(name, deadline_s, self._now)
        self._stages.append(stage)
        return stage

    def watch_age(self, name: str, deadline_s: float, age_s: Callable[[], float]) -> None:
        """Watch a stage that knows itself for how long it has given no sign of life."""
        self._aged.append(_Aged(self.watch(name, deadline_s), age_s))

    def forget(self, stage: Stage) -> None:
        """Watch it no more: its thread has ended."""
        self._stages = [other for other in self._stages if other is not stage]

    def hangs(self) -> list[Hang]:
        """Return the stages whose deadline has passed."""
        now_s = self._now()
        for aged in self._aged:
            aged.stage.seen(now_s - aged.age_s())
        pause_s = 0.0 if self._looked_s is None else now_s - self._looked_s
        self._looked_s = now_s
        if pause_s > STANDSTILL_S:
            for stage in self._stages:
                stage.excuse(pause_s - STANDSTILL_S)
        return [hang for stage in self._stages if (hang := stage.hang()) is not None]
