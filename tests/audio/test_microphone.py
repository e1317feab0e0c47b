"""What the microphone makes of its capture processes, in a time of the test's own."""

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from shutil import rmtree

import numpy as np
import pytest

from osa_daemon.audio.backlog import BEHIND_S, PATIENCE_S
from osa_daemon.audio.block import Block, Samples
from osa_daemon.audio.capture import RING_FRAMES, Report
from osa_daemon.audio.devices import Input, join, resolve
from osa_daemon.audio.fault import FaultKind
from osa_daemon.audio.microphone import MicrophoneSource
from osa_daemon.audio.ring import Chunk, RingMemory, RingReader, RingWriter
from osa_daemon.audio.source import SourceHealth, SourceState
from osa_daemon.audio.supervision import LAST_RESORT_S
from osa_daemon.audio.usb import cards
from osa_daemon.errors import DeviceError

RATE_HZ = 48_000
CALLBACK = 4_800
RUNNING = Report(SourceState.RUNNING, "Hearing.", "Mic X", None, RATE_HZ)
ABSENT = Report(SourceState.ABSENT, "It is not there.")
BUSY = Report(SourceState.BUSY, "It is busy.")

RANDOM = np.random.default_rng(6)
NOISE = RANDOM.normal(0, 0.001, 10 * RATE_HZ).astype(np.float32)
Sound = Callable[[float], Samples | None]


def noise(_at_s: float) -> Samples:
    """0.1 s of a quiet room."""
    begin = RANDOM.integers(len(NOISE) - CALLBACK)
    return NOISE[begin : begin + CALLBACK]


def zeros(_at_s: float) -> Samples:
    """0.1 s of a muted microphone."""
    return np.zeros(CALLBACK, np.float32)


class Time:
    """A clock that goes on when somebody waits."""

    def __init__(self) -> None:
        self.now_s = 1_000.0

    def __call__(self) -> float:
        """The time (s)."""
        return self.now_s

    def wait(self, seconds: float) -> None:
        """Let it go on."""
        self.now_s += max(seconds, 1e-3)


class FakeCapture:
    """Stands for a capture process: a real ring, written by the test's clock.

    `reports` are told at once. The device gives `sound` (None: nothing) `pace` times as fast as
    it should. It cannot be killed where `dies` is False.
    """

    pid = 1
    last_words = "Segmentation fault"

    def __init__(
        self,
        time: Time,
        *reports: Report,
        sound: Sound = noise,
        pace: float = 1.0,
        dies: bool = True,
    ) -> None:
        self._time, self._sound, self._step_s, self._dies = time, sound, 0.1 / pace, dies
        self._told = list(reports)
        self._next_s = time() + self._step_s
        self._memory = RingMemory.create(RING_FRAMES)
        self._writer, self._reader = RingWriter(self._memory), RingReader(self._memory)
        self.exit_code: int | None = None

    @property
    def overruns(self) -> int:
        """Laps of the reader."""
        return self._reader.laps

    @property
    def lost_frames(self) -> int:
        """Frames that were overwritten or skipped."""
        return self._reader.lost_frames

    def reports(self, timeout_s: float) -> list[Report]:
        """What was not told yet; else wait."""
        told, self._told = self._told, []
        if not told:
            self._time.wait(timeout_s)
        return told

    def read(self) -> Chunk | None:
        """The next chunk that is due."""
        while self._next_s <= self._time():
            samples = self._sound(self._next_s)
            if samples is not None:
                self._writer.write(samples, round(self._next_s * 1e9))
            self._next_s += self._step_s
        return self._reader.read()

    def skip(self) -> None:
        """Go on with the newest."""
        self._reader.skip()

    def close(self) -> bool:
        """The process is killed."""
        self._memory.close()
        if self._dies:
            self.exit_code = -9
        return self._dies


class Bed:
    """A microphone whose capture processes `make` makes, given the number of those before."""

    def __init__(
        self, make: Callable[[Time, int], FakeCapture], root: Path = Path("/"), device: str = "x"
    ) -> None:
        self.time = Time()
        self.starts_s: list[float] = []
        self.blocks: list[Block] = []
        self.states: list[tuple[float, SourceState]] = []
        self._make = make
        self.source = MicrophoneSource(
            device, clock=self.time, root=root, start=self._start, sleep=self.time.wait
        )

    def _start(self, _device: str, _frames: int) -> FakeCapture:
        self.starts_s.append(self.time() - 1_000)
        return self._make(self.time, len(self.starts_s) - 1)

    def run(self, seconds: float, cost: float = 0.0) -> SourceHealth:
        """Listen for so long; each second of sound costs the chain `cost` seconds."""
        until_s = self.time() + seconds
        while self.time() < until_s and self.source.health().state is not SourceState.HOPELESS:
            block = self.source.read(0.5)
            if block is not None:
                self.blocks.append(block)
                self.time.now_s += cost * len(block.samples) / 16_000
            state = self.source.health().state
            if not self.states or self.states[-1][1] is not state:
                self.states.append((self.time() - 1_000, state))
        return self.source.health()

    @property
    def heard_s(self) -> float:
        """How much sound was handed on."""
        return sum(len(block.samples) for block in self.blocks) / 16_000

    @property
    def late_s(self) -> float:
        """How old the last sound was when it was handed on."""
        at_s = self.source.monotonic_at(self.blocks[-1].end)
        assert at_s is not None
        return self.time() - at_s


def test_a_muted_microphone_is_opened_anew_ever_less_often() -> None:
    """Some give zeros until they are; one that is muted is not helped. Told within 10 s."""
    bed = Bed(lambda time, _: FakeCapture(time, RUNNING, sound=zeros))
    health = bed.run(700)
    assert health.state is SourceState.UNUSABLE
    assert health.faults[0].kind is FaultKind.SILENT
    assert [state for _, state in bed.states] == [SourceState.STARTING, SourceState.UNUSABLE]
    assert bed.states[1][0] < 10
    pauses = np.diff(bed.starts_s)
    assert pauses[0] == pytest.approx(20, abs=1)
    assert all(after > 1.9 * before for before, after in pairwise(pauses))
    assert len(pauses) == 5
    assert bed.blocks == []


def test_zeros_that_opening_anew_cures_are_cured() -> None:
    """Sound is back, and the time between is lost time, not silence."""
    broken_s = 1_060.0

    def make(time: Time, number: int) -> FakeCapture:
        breaks = number == 0
        return FakeCapture(
            time, RUNNING, sound=lambda at_s: zeros(0) if breaks and at_s > broken_s else noise(0)
        )

    bed = Bed(make)
    health = bed.run(120)
    assert health.state is SourceState.RUNNING
    assert len(bed.starts_s) == 2
    assert health.lost_s == pytest.approx(21, abs=1)
    assert bed.heard_s == pytest.approx(120 - 21 - 1, abs=1)
    assert all(np.abs(block.samples).max() > 0 for block in bed.blocks)


@pytest.mark.parametrize("pace", [1.5, 4.0, 500.0])
def test_frames_that_never_come_in_real_time_are_a_fault(pace: float) -> None:
    """A device that gives too many is no microphone; it keeps nobody waiting."""
    bed = Bed(lambda time, _: FakeCapture(time, RUNNING, sound=noise, pace=pace))
    began_s = bed.time()
    bed.source.read(0.5)
    assert bed.time() - began_s < 1
    health = bed.run(40 if pace < 100 else 1)
    if pace < 100:
        assert health.state in (SourceState.STALLED, SourceState.UNUSABLE)
    assert bed.heard_s < 2


def test_capture_that_cannot_be_started_for_minutes_ends_the_daemon() -> None:
    """A new process may have what this one lacks; not before."""

    def make(_time: Time, _number: int) -> FakeCapture:
        raise OSError(12, "Cannot allocate memory")

    bed = Bed(make)
    assert bed.run(LAST_RESORT_S - 5).state is SourceState.FAILED
    health = bed.run(20)
    assert health.state is SourceState.HOPELESS
    assert "Cannot allocate memory" in health.text


def test_capture_that_crashes_for_minutes_ends_the_daemon() -> None:
    """So does one that ends before it has said a word; its last words are told."""

    def make(time: Time, _number: int) -> FakeCapture:
        capture = FakeCapture(time)
        capture.exit_code = -11
        return capture

    health = Bed(make).run(LAST_RESORT_S + 30)
    assert health.state is SourceState.HOPELESS
    assert "Segmentation fault" in health.text


def test_an_unplugged_microphone_ends_nothing() -> None:
    """Not in hours, and not after a crash either."""

    def make(time: Time, number: int) -> FakeCapture:
        capture = FakeCapture(time, *([] if number % 2 else [ABSENT]))
        if number % 2:
            capture.exit_code = -11
        return capture

    bed = Bed(make)
    assert bed.run(2 * 3_600).state is not SourceState.HOPELESS


@pytest.mark.parametrize(
    ("report", "expected"), [(BUSY, SourceState.HOPELESS), (ABSENT, SourceState.ABSENT)]
)
def test_a_process_that_cannot_be_killed(report: Report, expected: SourceState) -> None:
    """It ends the daemon where it keeps the device from us, and only there."""

    def make(time: Time, number: int) -> FakeCapture:
        if number == 0:
            return FakeCapture(time, RUNNING, sound=lambda _: None, dies=False)
        capture = FakeCapture(time, report)
        capture.reports = lambda timeout_s: time.wait(max(timeout_s, 1.0)) or [report]  # type: ignore[method-assign,func-returns-value]
        return capture

    assert Bed(make).run(LAST_RESORT_S + 60).state is expected


def test_a_moment_of_standing_still_loses_nothing() -> None:
    """Fifteen seconds are caught up with from the ring."""
    bed = Bed(lambda time, _: FakeCapture(time, RUNNING))
    bed.run(30)
    bed.time.now_s += 15
    health = bed.run(30, cost=0.05)
    assert health.lost_s == 0
    assert health.faults == ()
    assert bed.late_s < 1


@pytest.mark.parametrize("cost", [1.1, 2.0, 10.0])
def test_a_computer_that_is_too_slow_is_told_and_never_later_than_its_bound(cost: float) -> None:
    """What it cannot hear is lost as a gap; the delay does not grow; it recovers."""
    bed = Bed(lambda time, _: FakeCapture(time, RUNNING))
    bed.run(30)
    latest_s = 0.0
    for _ in range(40):
        health = bed.run(5, cost=cost)
        latest_s = max(latest_s, bed.late_s)
    assert latest_s < BEHIND_S + PATIENCE_S + 2 * cost
    (fault,) = health.faults
    assert fault.kind is FaultKind.OVERLOAD
    assert "does not keep up" in fault.text
    assert fault.is_deaf == (cost > 1.5)
    gaps_s = [(b.start - a.end) / 16_000 for a, b in pairwise(bed.blocks) if b.start != a.end]
    assert sum(gaps_s) == pytest.approx(health.lost_s, abs=2 * PATIENCE_S)  # one is not over yet
    assert len(bed.starts_s) == 1  # nothing is wrong with the capture
    assert min(gaps_s) > 1  # whole stretches are heard between, not splinters
    health = bed.run(250)
    assert (health.state, health.faults) == (SourceState.RUNNING, ())
    assert bed.late_s < 1


def test_a_microphone_that_moves_to_another_port_is_heard_within_five_seconds(
    tmp_path: Path, add_card: Callable[..., None]
) -> None:
    """By its product; with another card number and PortAudio index, on another port."""

    def make(time: Time, number: int) -> FakeCapture:
        there = cards(tmp_path)
        inputs = [Input(9 - c.number, f"Mic (hw:{c.number},0)", 48_000.0) for c in there]
        devices = join(inputs, there, None, lambda *_: None, lambda *_: False)
        try:
            device = resolve("usb:0d8c:0014", devices)
        except DeviceError as error:
            absent = FakeCapture(time, Report(SourceState.ABSENT, str(error)))
            absent.exit_code = 0  # a real one looks again each second
            return absent
        return FakeCapture(time, Report(SourceState.RUNNING, "", "Mic", device.card, RATE_HZ))

    add_card(1, "Device", usb_port="1-1.2")
    bed = Bed(make, tmp_path, "usb:0d8c:0014")
    bed.run(20)
    before_s = bed.heard_s
    rmtree(tmp_path / "sys")
    health = bed.run(60)
    assert health.state is SourceState.ABSENT
    assert "not there" in health.text
    assert bed.heard_s - before_s < 6  # frames that came though the card was gone
    add_card(3, "Device_1", usb_port="1-1.4")
    left_s = bed.heard_s
    assert bed.run(5).state is SourceState.RUNNING
    assert bed.heard_s > left_s
    assert bed.source.health().lost_s == pytest.approx(60, abs=7)
