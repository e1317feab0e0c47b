"""How long may be waited for another process that holds the journal."""

import contextlib
import sqlite3
from collections.abc import Callable, Iterator
from typing import Final

from osa_daemon.errors import StorageError
from osa_daemon.journal.database import BUSY_TIMEOUT_S, is_busy

AGAIN_S: Final = 30.0  # the sound kept in memory is 21 s: it must outlast the waiting


class Patience:
    """Waits for a lock `BUSY_TIMEOUT_S` once, and in the next `AGAIN_S` not at all.

    The chain writes several times for one event: waiting each time would cost it sound.
    """

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._again_s: float | None = None

    @contextlib.contextmanager
    def ration(self, db: sqlite3.Connection) -> Iterator[None]:
        """Let what is done inside wait, where it may."""
        if self._again_s is not None and self._monotonic() >= self._again_s:
            self._again_s = None
            db.execute(f"PRAGMA busy_timeout = {round(1000 * BUSY_TIMEOUT_S)}")
        try:
            yield
        except StorageError as error:
            if self._again_s is None and is_busy(error.__cause__):
                self._again_s = self._monotonic() + AGAIN_S
                db.execute("PRAGMA busy_timeout = 0")
            raise
