"""From a phone's frames to blocks: a gap in the count is a gap, a late packet is not."""

import random
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from osa_daemon.audio.block import Block
from osa_daemon.audio.phone import PhoneLink, PhoneSource
from osa_daemon.audio.ring import RingWriter
from osa_daemon.audio.source import SourceState
from osa_daemon.web.phone_stream import PhoneStream
from osa_daemon.web.phone_wire import Frame, Hello

RATE_HZ = 16_000  # sound passes unchanged, so that each sample is known again
SIZE = 1_600
SETTLE_S = 1.5  # sound at most that is not taken at the beginning of a stream
LEAST_DELAY_S = 0.004
RUNNING = {"state": "running", "text": "Hearing.", "device": "iPhone"}


@dataclass
class Night:
    """A phone, a network and a source in a time of their own; `now_s` is CLOCK_MONOTONIC."""

    drift: float = 0.0
    jitter_s: float = 0.0
    seed: int = 0
    now_s: float = 1_000.0
    frames: int = 0
    sequence: int = 0
    held_until_s: float = 0.0
    waiting: list[tuple[float, Frame]] = field(default_factory=list)
    blocks: list[Block] = field(default_factory=list)
    drops: bool = False

    def __post_init__(self) -> None:
        self._chance = random.Random(self.seed)
        self._noise = np.random.default_rng(self.seed).integers(-3000, 3000, 1 << 20, np.int16)
        self.link = PhoneLink()
        self._writer = RingWriter(self.link.memory)
        self.source = PhoneSource(self.link, clock=lambda: self.now_s, sleep=self._sleep)
        self.begin()

    def begin(self) -> None:
        """A new stream: another page, or the same one loaded again."""
        self._begin_s, self.frames, self.sequence = self.now_s, 0, 0
        name = f"{self._chance.getrandbits(64):016x}"
        self._stream = PhoneStream(Hello(name, RATE_HZ, ()), self._chance.getrandbits(60))
        self.link.hear(RUNNING)

    def recorded_s(self, frame_end: int) -> float:
        """When the sample before this index was recorded, by the phone's own pace."""
        return self._begin_s + frame_end / RATE_HZ / (1 + self.drift)

    def run(self, seconds: float) -> None:
        """Let it be heard for so long."""
        until_s = self.now_s + seconds
        while self.now_s < until_s:
            block = self.source.read(0.2)
            if block is not None:
                self.blocks.append(block)

    def hold(self, seconds: float) -> None:
        """Nothing gets through for so long; what waited comes at once then."""
        self.held_until_s = self.now_s + seconds
        self.run(seconds + 0.5)

    def lose(self, seconds: float) -> float:
        """The page drops so much sound; return how much exactly (s)."""
        before = self.frames
        self.drops = True
        self.run(seconds)
        self.drops = False
        return (self.frames - before) * SIZE / RATE_HZ

    def sent(self, first: int, count: int) -> np.ndarray:
        """Samples of the phone by their index."""
        return self._noise[np.arange(first, first + count) % len(self._noise)] / np.float32(32768)

    def place_of(self, block: Block) -> int:
        """Index of its first sample by the phone's count, among its first frames."""
        return next(
            first
            for first in range(0, 100 * SIZE, SIZE)
            if np.array_equal(block.samples, self.sent(first, len(block.samples)))
        )

    def _sleep(self, seconds: float) -> None:
        self.now_s += seconds
        while self.recorded_s((self.frames + 1) * SIZE) <= self.now_s:
            self._make()
        while self.waiting and self.waiting[0][0] <= self.now_s:
            arrival_s, frame = self.waiting.pop(0)
            stamped = self._stream.take(frame, round(arrival_s * 1e9))
            self._writer.write(stamped.packet.to_frames(), stamped.stamp_ns)

    def _make(self) -> None:
        start = self.frames * SIZE
        self.frames += 1
        self.sequence += 1
        if self.drops:
            return
        made_s = self.recorded_s(start + SIZE)
        arrival_s = made_s + LEAST_DELAY_S + self.jitter_s * self._chance.random() ** 2
        earliest_s = self.waiting[-1][0] if self.waiting else 0.0
        arrival_s = max(arrival_s, self.held_until_s, earliest_s)
        clock_s = 50.0 + (made_s - 1_000) * (1 + self.drift)
        samples = self._noise[np.arange(start, start + SIZE) % len(self._noise)]
        self.waiting.append((arrival_s, Frame(self.sequence, start, clock_s, samples)))

    def gaps_s(self) -> list[float]:
        """The jumps between blocks (s)."""
        return [(b.start - a.end) / 16_000 for a, b in pairwise(self.blocks) if b.start != a.end]

    def heard_s(self) -> float:
        """How much sound there was (s)."""
        return sum(len(block.samples) for block in self.blocks) / 16_000


STEPS = st.one_of(
    st.tuples(st.just("run"), st.floats(0.5, 3)),
    st.tuples(st.just("hold"), st.floats(0.1, 9)),
    st.tuples(st.just("lose"), st.floats(0.3, 20)),
)


@settings(max_examples=12)
@given(
    steps=st.lists(STEPS, max_size=4),
    drift=st.floats(-200e-6, 200e-6),
    jitter_s=st.floats(0, 0.2),
    seed=st.integers(0, 1_000),
)
def test_gaps_are_those_of_the_count_and_times_are_true(
    steps: list[tuple[str, float]], drift: float, jitter_s: float, seed: int
) -> None:
    """Jitter, bursts and drift lose nothing; what the page dropped is a gap of its length."""
    night = Night(drift=drift, jitter_s=jitter_s, seed=seed)
    night.run(4)
    lost_s = []
    for kind, seconds in steps:
        if kind == "lose":
            lost_s.append(night.lose(seconds))
            night.run(1)  # two losses without sound between them would be one gap
        else:
            (night.hold if kind == "hold" else night.run)(seconds)
    night.run(3)
    assert night.gaps_s() == pytest.approx(lost_s, abs=1e-4)
    assert night.source.health().lost_s == pytest.approx(sum(lost_s), abs=1e-3)
    assert night.source.health().state is SourceState.RUNNING
    first = night.place_of(night.blocks[0])
    assert first <= SETTLE_S * RATE_HZ
    for block in night.blocks:
        assert np.array_equal(block.samples, night.sent(first + block.start, len(block.samples)))
    end = night.blocks[-1].end
    moment_s = night.source.monotonic_at(end)
    assert moment_s is not None
    true_s = night.recorded_s(first + end)
    assert moment_s - true_s == pytest.approx(LEAST_DELAY_S, abs=0.025)


def test_a_burst_after_nine_seconds_is_heard_whole() -> None:
    """The daemon says that no sound comes, and then takes all of it, in its place."""
    night = Night()
    night.run(5)
    night.held_until_s = night.now_s + 9
    night.run(4)
    health = night.source.health()
    assert health.state is SourceState.STALLED
    assert "sends no sound" in health.text
    night.run(7)
    assert night.source.health().state is SourceState.RUNNING
    assert night.source.health().text == "Hearing."
    assert night.gaps_s() == []
    assert 16 - SETTLE_S < night.heard_s() < 16


@pytest.mark.parametrize("drift", [-200e-6, 200e-6])
def test_drift_needs_no_resampling(drift: float) -> None:
    """The index goes by the phone's clock, 48 ms off after four minutes; times are true still.

    A pause of 60 s becomes 12 ms too long or too short, where the detector's step is 200 ms. The
    drift itself is measured.
    """
    night = Night(drift=drift, jitter_s=0.02)
    night.run(240)
    first = night.place_of(night.blocks[0])
    end = night.blocks[-1].end
    for index in (end - 30 * RATE_HZ, end):  # what is decided late is dated back
        moment_s = night.source.monotonic_at(index)
        assert moment_s is not None
        assert moment_s - night.recorded_s(first + index) == pytest.approx(0.0, abs=0.015)
    assert night.gaps_s() == []
    rate_hz = night.source.health().rate_hz
    assert rate_hz is not None
    assert rate_hz / RATE_HZ - 1 == pytest.approx(drift, abs=60e-6)
