"""How a phone's source says how it is, in a time of the test's own."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from osa_daemon.audio.block import Block
from osa_daemon.audio.fault import FaultKind
from osa_daemon.audio.packet import Packet
from osa_daemon.audio.phone import _REMEDIES, PAGE_S, PhoneLink, PhoneSource
from osa_daemon.audio.ring import RingWriter
from osa_daemon.audio.source import SourceState

RATE_HZ = 48_000
SIZE = 4_800
NOISE = np.random.default_rng(2).normal(0, 0.01, 64 * SIZE).astype(np.float32)
RUNNING = {"state": "running", "text": "Hearing through an iPhone.", "device": "iPhone"}
HIDDEN = {"state": "stalled", "text": "The phone stopped: its tab was hidden.", "device": "iPhone"}
NOBODY = {"state": "absent", "text": "No phone is connected.", "device": None}


class Bed:
    """A source whose phone speaks while it `speaks`; `blocks` and `states` are what it gave."""

    def __init__(self) -> None:
        self.now_s = 1_000.0
        self.speaks = False
        self.sound = NOISE
        self.stream = 1
        self.start = 0
        self.blocks: list[Block] = []
        self.states: list[SourceState] = []
        self._next_s = self.now_s + 0.1
        self.link = PhoneLink()
        self._writer = RingWriter(self.link.memory)
        self.source = PhoneSource(self.link, clock=lambda: self.now_s, sleep=self._sleep)

    def run(self, seconds: float) -> None:
        """Listen for so long."""
        until_s = self.now_s + seconds
        while self.now_s < until_s:
            block = self.source.read(0.1)
            self.states.append(self.state)
            if block is not None:
                self.blocks.append(block)

    @property
    def state(self) -> SourceState:
        """How the source is."""
        return self.source.health().state

    @property
    def text(self) -> str:
        """What it says."""
        return self.source.health().text

    def _sleep(self, seconds: float) -> None:
        self.now_s += seconds
        while self._next_s <= self.now_s:
            if self.speaks:
                at = self.start % (len(self.sound) - SIZE + 1)
                packet = Packet(self.stream, RATE_HZ, self.start, self.sound[at : at + SIZE])
                self._writer.write(packet.to_frames(), round(self._next_s * 1e9))
            self.start += SIZE
            self._next_s += 0.1


@pytest.fixture
def bed() -> Iterator[Bed]:
    """A bed."""
    made = Bed()
    yield made
    made.source.close()


def test_a_page_that_never_comes_is_told(bed: Bed) -> None:
    """The source waits for a while, and then says where to look."""
    bed.run(PAGE_S - 1)
    assert bed.state is SourceState.STARTING
    bed.run(2)
    assert bed.state is SourceState.FAILED
    assert "check-config" in bed.text


def test_what_the_page_says_is_the_state(bed: Bed) -> None:
    """Nobody, then sound, then the reason why it stopped, until there is sound again."""
    bed.link.hear(NOBODY)
    bed.run(1)
    assert (bed.state, bed.text) == (SourceState.ABSENT, "No phone is connected.")
    assert bed.source.health().cause == bed.text
    bed.link.hear(RUNNING)
    bed.speaks = True
    bed.run(3)
    assert (bed.state, bed.text) == (SourceState.RUNNING, RUNNING["text"])
    assert bed.source.health().cause is None
    assert bed.source.health().device == "iPhone"
    bed.speaks = False
    bed.link.hear(HIDDEN)
    bed.run(8)
    assert (bed.state, bed.text) == (SourceState.STALLED, HIDDEN["text"])
    bed.link.hear(RUNNING)
    bed.speaks = True
    bed.run(2)
    assert bed.state is SourceState.RUNNING
    (gap_s,) = [
        (b.start - a.end) / 16_000
        for a, b in zip(bed.blocks, bed.blocks[1:], strict=False)
        if b.start != a.end
    ]
    assert gap_s == pytest.approx(8.0, abs=0.15)
    assert bed.source.health().lost_s == pytest.approx(gap_s, abs=1e-3)


def test_a_reason_is_not_overtaken_by_the_sound_before_it(bed: Bed) -> None:
    """What was said before the phone stopped is heard, and then the reason stands."""
    bed.link.hear(RUNNING)
    bed.speaks = True
    bed.run(2)
    bed._sleep(1.0)  # a second waits in the ring, and the reason is there sooner
    bed.speaks = False
    bed.link.hear(HIDDEN)
    bed.states.clear()
    bed.run(0.5)
    assert set(bed.states) == {SourceState.STALLED}
    assert (bed.state, bed.text) == (SourceState.STALLED, HIDDEN["text"])
    assert sum(len(block.samples) for block in bed.blocks) > 1.8 * 16_000


def test_silence_without_a_word_is_told_once(bed: Bed) -> None:
    """After three seconds, in a sentence that does not change each second."""
    bed.link.hear(RUNNING)
    bed.speaks = True
    bed.run(3)
    bed.speaks = False
    bed.run(2.5)
    assert bed.state is SourceState.RUNNING
    bed.run(1)
    text = bed.text
    assert bed.state is SourceState.STALLED
    bed.run(5)
    assert bed.text == text


def test_digital_silence_is_told_with_a_phones_remedy(bed: Bed) -> None:
    """No USB port and no mixer is named to somebody with a phone."""
    bed.link.hear(RUNNING)
    bed.speaks = True
    bed.run(2)
    bed.sound = np.zeros(2 * SIZE, np.float32)
    bed.run(12)
    assert bed.state is SourceState.UNUSABLE
    assert bed.text.startswith("The phone (iPhone) gives digital silence: end the call")
    bed.sound = NOISE
    bed.run(5)
    assert bed.state is SourceState.RUNNING


def test_every_fault_of_the_sound_has_a_phones_remedy() -> None:
    """Save that the computer is too slow, which is no fault of a phone's."""
    assert set(_REMEDIES) == set(FaultKind) - {FaultKind.OVERLOAD}
    assert not any("USB" in text or "alsa" in text for text in _REMEDIES.values())


def test_a_rest_is_no_loss_and_the_phone_is_told(bed: Bed) -> None:
    """While nobody listens no sound is wanted or taken; the index jumps by the time."""
    bed.link.hear(RUNNING)
    bed.speaks = True
    bed.run(3)
    told: list[dict[str, Any]] = []
    bed.link.on_wish = told.append
    for _ in range(20):
        bed.source.rest(0.5)
    assert told == [{"listens": False}]
    bed.link.hear(RUNNING)  # by a new process, which is told as well
    assert told == [{"listens": False}] * 2
    before = bed.blocks[-1].end
    bed.run(3)
    assert told[2:] == [{"listens": True}]
    after = next(block for block in bed.blocks if block.end > before)
    assert (after.start - before) / 16_000 == pytest.approx(11.0, abs=0.2)
    health = bed.source.health()
    assert (health.lost_s, health.overruns, health.faults) == (0.0, 0, ())


def test_a_chain_that_stands_still_loses_what_the_ring_cannot_hold(bed: Bed) -> None:
    """That is an overrun, a gap, and a fault of the computer's."""
    bed.link.hear(RUNNING)
    bed.speaks = True
    bed.run(3)
    bed._sleep(30)
    bed.run(5)
    health = bed.source.health()
    assert health.overruns >= 1
    assert health.lost_s > 8
    assert [fault.kind for fault in health.faults] == [FaultKind.OVERLOAD]


@pytest.mark.parametrize(
    "told",
    [
        {},
        {"state": "x", "text": "y"},
        {"state": "absent"},
        {"state": "absent", "text": 1},
        {"state": "absent", "text": "x", "device": 5},
        {"state": [], "text": "x"},
    ],
)
def test_a_report_that_is_none_is_left_out(bed: Bed, told: dict[str, Any]) -> None:
    """A page's process that lost its senses does no harm."""
    bed.link.hear(told)
    assert bed.link.report() is None


def test_closing_twice_is_fine(bed: Bed) -> None:
    """And nothing is given any more."""
    bed.source.close()
    bed.source.close()
    assert bed.source.read(0.1) is None
