"""The guard: a thread that ends the process where a stage hangs, the main thread among them.

Three lines, each for what the one before cannot see: this thread, while Python runs at all; the
interpreter's own timer in C (`faulthandler.dump_traceback_later`), where a call keeps the
interpreter's lock; systemd's watchdog, where the process itself is stopped.
"""

import faulthandler
import logging
import os
import threading
import time
from collections.abc import Callable, Sequence
from typing import NoReturn

from osa_daemon.errors import EXIT_STALLED
from osa_daemon.service import notify
from osa_daemon.service.heartbeat import Hang, Heartbeats

LOOK_S = 1.0
ARM_EVERY_S = 10.0  # the timer in C is a thread of its own, made anew each time
LAST_RESORT_S = 50.0  # without a look of the guard; below WatchdogSec
FAREWELL_S = 3.0  # the log may be what hangs
LEAVING_S = 10.0  # for the interpreter to end

_log = logging.getLogger(__name__)


class Guard:
    """Looks at the stages every `look_s`; `end` is given those that hang."""

    def __init__(
        self,
        beats: Heartbeats,
        end: Callable[[Sequence[Hang]], None] | None = None,
        look_s: float = LOOK_S,
    ) -> None:
        self._beats = beats
        self._end = end or abandon
        self._look_s = look_s
        self._looked_s = self._armed_s = float("-inf")
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="osa-guard", daemon=True)

    def start(self) -> None:
        """Begin to look."""
        self._look()
        self._thread.start()

    def stop(self) -> None:
        """Look no more."""
        self._stop.set()
        self._thread.join(LOOK_S)
        faulthandler.cancel_dump_traceback_later()

    @property
    def is_watching(self) -> bool:
        """Whether the guard itself is alive."""
        return time.monotonic() - self._looked_s < ARM_EVERY_S

    def _run(self) -> None:
        while not self._stop.wait(self._look_s):
            self._look()

    def _look(self) -> None:
        now_s = self._looked_s = time.monotonic()
        if now_s - self._armed_s >= ARM_EVERY_S:
            self._armed_s = now_s
            faulthandler.dump_traceback_later(LAST_RESORT_S, exit=True)
        hangs = self._beats.hangs()
        if hangs:
            self._end(hangs)


def abandon(hangs: Sequence[Hang]) -> NoReturn:
    """Nothing can free what hangs: name it, dump all stacks, end; the last will says offline."""
    _end_within(FAREWELL_S, EXIT_STALLED)
    for hang in hangs:
        _log.critical("%s The process ends, to be started anew; the stacks follow.", hang)
    faulthandler.dump_traceback(all_threads=True)
    notify.status(str(hangs[0]))
    os._exit(EXIT_STALLED)


def leave_at_once(code: int) -> NoReturn:
    """End without waiting for threads: one that is in C when the interpreter ends may crash it."""
    _end_within(FAREWELL_S, code)
    logging.shutdown()
    os._exit(code)


def watch_the_end() -> None:
    """Let the process not hang while its interpreter ends: nobody else looks any more."""
    faulthandler.dump_traceback_later(LEAVING_S, exit=True)


def _end_within(seconds: float, code: int) -> None:
    timer = threading.Timer(seconds, os._exit, (code,))
    timer.daemon = True
    timer.start()
