"""A real microphone, read in a thread of its own as the chain does."""

import threading
import time
from collections.abc import Callable
from typing import Any

from osa_daemon.audio.block import Block
from osa_daemon.audio.microphone import MicrophoneSource
from osa_daemon.audio.source import SourceHealth, SourceState

DEADLINE_S = 30.0  # generous: what must be quick is asserted apart


class Listener:
    """Reads a microphone in a thread of its own, as the chain does."""

    def __init__(self, device: str) -> None:
        self.source = MicrophoneSource(device)
        self.blocks: list[Block] = []
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._listen)
        self._thread.start()

    def _listen(self) -> None:
        while not self._is_over.is_set():
            block = self.source.read(0.1)
            if block is not None:
                self.blocks.append(block)

    def wait(self, condition: Callable[[], Any], what: str) -> None:
        """Wait until `condition` holds."""
        give_up = time.monotonic() + DEADLINE_S
        while not condition():
            assert time.monotonic() < give_up, f"{what}: {self.health}"
            time.sleep(0.02)

    def wait_for(self, state: SourceState) -> None:
        """Wait until health says so."""
        self.wait(lambda: self.health.state is state, state.value)

    def wait_for_sound(self, seconds: float) -> int:
        """Wait until so much more sound has come; return the number of blocks there were."""
        before = len(self.blocks)
        self.wait(
            lambda: sum(len(b.samples) for b in self.blocks[before:]) > seconds * 16e3, "sound"
        )
        return before

    @property
    def health(self) -> SourceHealth:
        """How the microphone is."""
        return self.source.health()

    def gaps_s(self) -> list[float]:
        """Jumps of the index, in order."""
        pairs = zip(self.blocks, self.blocks[1:], strict=False)
        return [
            (after.start - before.end) / 16_000
            for before, after in pairs
            if after.start != before.end
        ]

    def close(self) -> None:
        """End the thread, then the microphone."""
        self._is_over.set()
        self._thread.join()
        self.source.close()
