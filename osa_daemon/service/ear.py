"""What the bedside hears with: the source, whose microphone is closed while nobody listens."""

import time
from collections.abc import Callable
from typing import Final

from osa_daemon.audio.block import Block
from osa_daemon.audio.source import Source

CLOSE_AFTER_S: Final = (
    10.0  # opening takes seconds: somebody who is up for a moment changes nothing
)


class Ear:
    """Reads the source, or lets it rest. A source without `rest`, as a file is, plays on unheard.

    `clock` is monotonic (s). Used by the chain's thread.
    """

    def __init__(self, source: Source, clock: Callable[[], float] = time.monotonic) -> None:
        self._source = source
        self._rest: Callable[[float], None] | None = getattr(source, "rest", None)
        self._clock = clock
        self._is_open = False
        self._rests_since_s: float | None = None

    def next_block(self, timeout_s: float, *, rests: bool) -> Block | None:
        """Return the next block; None if none came within `timeout_s`, or the microphone rests.

        `rests`: nobody is to listen now. What is read then is for nobody.
        """
        if not rests:
            self._is_open, self._rests_since_s = True, None
            return self._source.read(timeout_s)
        now_s = self._clock()
        if self._rests_since_s is None:
            self._rests_since_s = now_s
        if self._rest is None or (self._is_open and now_s - self._rests_since_s < CLOSE_AFTER_S):
            return self._source.read(timeout_s)
        self._is_open = False
        self._rest(timeout_s)
        return None
