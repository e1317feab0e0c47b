"""The microphone is closed while nobody is to listen, and open again when somebody is."""

import numpy as np

from osa_daemon.audio.block import Block
from osa_daemon.service.ear import CLOSE_AFTER_S, Ear


class Microphone:
    """A source that notes what it is asked, under a clock of its own: a second a call."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.now_s = 0.0

    def read(self, timeout_s: float) -> Block | None:
        """A block."""
        return self._called("read")

    def rest(self, wait_s: float) -> None:
        """Closed."""
        self._called("rest")

    def _called(self, name: str) -> Block:
        self.calls.append(name)
        self.now_s += 1.0
        return Block(0, np.zeros(1, np.float32))


class File(Microphone):
    """A source that cannot be closed."""

    rest = None  # type: ignore[assignment]


def listen(source: Microphone, *parts: tuple[bool, int]) -> list[str]:
    """What the source was asked for in parts of (rests, how often)."""
    ear = Ear(source, lambda: source.now_s)  # type: ignore[arg-type]
    for rests, count in parts:
        for _ in range(count):
            block = ear.next_block(0.5, rests=rests)
            assert (block is None) == (source.calls[-1] == "rest")
    return source.calls


def test_it_is_closed_after_a_while_and_opened_at_once() -> None:
    """A moment's rest closes nothing; a longer one does, until somebody is to listen again."""
    wait = int(CLOSE_AFTER_S)
    calls = listen(Microphone(), (False, 3), (True, wait - 1), (False, 1), (True, wait + 3))
    assert calls == ["read"] * (3 + wait - 1 + 1 + wait) + ["rest"] * 3
    calls = listen(Microphone(), (False, 1), (True, wait + 2), (False, 2), (True, 1))
    assert calls == ["read"] * (1 + wait) + ["rest"] * 2 + ["read"] * 3


def test_it_is_not_opened_before_somebody_is_to_listen() -> None:
    """A daemon that starts at noon, for the night, opens no microphone."""
    assert listen(Microphone(), (True, 5)) == ["rest"] * 5


def test_a_file_plays_on() -> None:
    """Time passes in it, whether or not anybody listens."""
    assert listen(File(), (False, 1), (True, 30)) == ["read"] * 31
