"""What the main thread does while the others work: it looks after them and feeds the watchdog."""

import faulthandler
import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from queue import Queue
from typing import TypeVar

from osa_daemon.errors import EXIT_BUG, EXIT_OK
from osa_daemon.service import notify
from osa_daemon.service.deaths import Deaths
from osa_daemon.service.guard import Guard
from osa_daemon.service.heartbeat import Heartbeats
from osa_daemon.service.signals import Signals
from osa_daemon.service.tasks import Task

Result = TypeVar("Result")

LOOP_S = 0.2
MAIN_DEADLINE_S = 40.0  # below systemd's own, so that the stacks come with a name
START_MOST_S = 600.0  # in which a start may ask for more time; then systemd ends it
EXTEND_EVERY_S = 5.0
EXTEND_S = 30.0


class Vigil:
    """Signals, stages, their guard and the deaths of threads, for one run of the daemon.

    Used by the main thread. It is a stage itself, which each `pulse` shows to be alive.
    """

    def __init__(self, signals: Signals | None = None) -> None:
        self.signals = signals or Signals.install()
        self.beats = Heartbeats(time.monotonic)
        self.deaths = Deaths()
        self._main = self.beats.watch("main thread", MAIN_DEADLINE_S)
        self._guard: Guard | None = None
        self._alive_every_s = notify.alive_every_s()
        self._fed_s = self._extended_s = float("-inf")
        self._began_s = time.monotonic()

    def begin(self) -> None:
        """Begin to look; once more does nothing."""
        if self._guard is None:
            faulthandler.enable()
            self.deaths.install()
            self._main.beat()
            self._guard = Guard(self.beats)
            self._guard.start()

    def end(self) -> None:
        """Look no more."""
        if self._guard is not None:
            self._guard.stop()
            self._guard = None

    @property
    def must_end(self) -> bool:
        """Whether a signal asked for the end, or a thread has died."""
        return self.signals.stop or self.deaths.first is not None

    @property
    def exit_code(self) -> int:
        """What the process is to end with, as far as threads are concerned."""
        return EXIT_OK if self.deaths.first is None else EXIT_BUG

    def pulse(self, *, starts: bool) -> None:
        """Show that the main thread is alive; `starts`: systemd still waits for `READY=1`."""
        self._main.beat()
        now_s = time.monotonic()
        is_watched = self._guard is not None and self._guard.is_watching
        if is_watched and now_s - self._fed_s >= self._alive_every_s:
            self._fed_s = now_s
            notify.alive()
        is_early = now_s - self._began_s < START_MOST_S
        if starts and is_early and now_s - self._extended_s >= EXTEND_EVERY_S:
            self._extended_s = now_s
            notify.extend_timeout(EXTEND_S)

    def attend(self, task: Task, work: Callable[[], Result]) -> Result | None:
        """Let `work` be done in a thread, and look after it; None where the end was asked for.

        What it raises is raised here. A thread that is not waited for is left behind.
        """
        done: Queue[Result] = Queue(1)
        failed: Queue[BaseException] = Queue(1)

        def run() -> None:
            try:
                done.put(work())
            except BaseException as error:  # noqa: BLE001  # raised again by the main thread
                failed.put(error)

        stage = self.beats.watch("start", task.deadline_s)
        notify.status(f"Starting: {task.name}")
        thread = threading.Thread(target=run, name="osa-start", daemon=True)
        with stage.doing(task):
            thread.start()
            while thread.is_alive() and not self.must_end:
                thread.join(LOOP_S)
                self.pulse(starts=True)
        self.beats.forget(stage)
        if not failed.empty():
            raise failed.get()
        return None if self.must_end else done.get()

    def ending(self, task: Task) -> AbstractContextManager[None]:
        """Watch over the end itself, which `task` bounds."""
        return self._main.doing(task)
