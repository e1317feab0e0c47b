"""Chunks of a device become blocks whose index is time."""

import itertools

import numpy as np
import pytest

from osa_daemon.audio.block import Block, Samples
from osa_daemon.audio.intake import Intake
from osa_daemon.audio.ring import Chunk

RATE_HZ = 48_000
CALLBACK = 4_800


NOISE = np.random.default_rng(3)


def noise(count: int = CALLBACK) -> Samples:
    """Frames that never come again."""
    return NOISE.normal(0, 0.01, count).astype(np.float32)


def chunks(
    count: int, frame: int = 0, begin_s: float = 100.0, samples: Samples | None = None
) -> list[Chunk]:
    """Chunks of 0.1 s in real time from `begin_s` on, of noise or of the same `samples`."""
    return [
        Chunk(
            frame + i * CALLBACK,
            noise() if samples is None else samples,
            round((begin_s + (i + 1) / 10) * 1e9),
        )
        for i in range(count)
    ]


def blocks(intake: Intake) -> list[Block]:
    """Take all blocks."""
    taken = []
    while (block := intake.next_block()) is not None:
        taken.append(block)
    return taken


def test_a_run_without_a_gap() -> None:
    """Blocks follow each other from 0 on, and their time is that of the frames."""
    intake = Intake()
    intake.begin(RATE_HZ)
    taken = [intake.push(chunk) for chunk in chunks(50)]
    assert taken.count(True) == 40
    found = blocks(intake)
    assert found[0].start == 0
    assert all(one.end == other.start for one, other in itertools.pairwise(found))
    assert intake.monotonic_at(0) == pytest.approx(101.0, abs=0.11)
    assert intake.monotonic_at(16_000) == pytest.approx(102.0, abs=0.11)


def test_a_new_stream_is_a_jump_of_the_time_between() -> None:
    """Nothing of the old stream is held back, and the index jumps by what was lost."""
    intake = Intake()
    intake.begin(RATE_HZ)
    for chunk in chunks(50):
        intake.push(chunk)
    intake.begin(16_000)
    for i in range(50):
        stamp_ns = round((110.0 + (i + 1) / 10) * 1e9)
        intake.push(Chunk(i * 1_600, noise(1_600), stamp_ns))
    found = blocks(intake)
    jumps = [other.start - one.end for one, other in itertools.pairwise(found)]
    (jump,) = [jump for jump in jumps if jump]
    before = next(block for block, jump in zip(found, jumps, strict=False) if jump)
    assert before.end == 4 * 16_000
    assert jump / 16_000 == pytest.approx(6.0, abs=0.2)
    assert intake.lost_s == pytest.approx(jump / 16_000, abs=1e-4)
    assert intake.monotonic_at(found[-1].end) == pytest.approx(115.0, abs=0.11)


@pytest.mark.parametrize("value", [0.0, 0.25])
def test_digital_silence_is_a_gap_from_its_first_frame(value: float) -> None:
    """None of it reaches the chain, the index tells how long it was, and time stays true."""
    intake = Intake()
    intake.begin(RATE_HZ)
    still = np.full(CALLBACK, value, dtype=np.float32)
    run = chunks(40)
    run += chunks(70, 40 * CALLBACK, 104.0, still)
    assert [intake.push(chunk) for chunk in run].count(True) == 30
    assert intake.lost_s == pytest.approx(7.0, abs=1e-3)
    for chunk in chunks(20, 110 * CALLBACK, 111.0):
        assert intake.push(chunk)
    found = blocks(intake)
    jumps = [(one.end, other.start) for one, other in itertools.pairwise(found)]
    (jump,) = [(end, start) for end, start in jumps if end != start]
    assert jump[1] - jump[0] == 7 * 16_000
    heard = np.concatenate([block.samples for block in found])
    assert np.abs(heard).max() < 0.1  # not even its edge
    assert intake.monotonic_at(found[-1].end) == pytest.approx(113.0, abs=0.11)


def test_a_rate_that_cannot_be_is_a_gap() -> None:
    """Sound of a device that gives a tenth more than it promised is not taken for sound."""
    intake = Intake()
    intake.begin(RATE_HZ)
    taken = []
    for i in range(600):
        stamp_ns = round((100 + (i + 1) / 11) * 1e9)
        taken.append(intake.push(Chunk(i * CALLBACK, noise(), stamp_ns)))
    assert not any(taken[-100:])
    (fault,) = intake.condition.faults("Mic X")
    assert fault.is_deaf
    assert "gives 52800 frames a second where 48000 are promised (+10.0 %)" in fault.text
    intake.change_device()
    intake.begin(RATE_HZ)
    assert intake.condition.faults("Mic Y") == (), "another device is not to blame"


def test_time_in_which_nobody_listened_is_no_loss() -> None:
    """After a rest the index jumps by it, old sound is gone, and only a true gap counts as lost."""
    intake = Intake()
    intake.begin(RATE_HZ)
    for chunk in chunks(50):
        intake.push(chunk)
    intake.finish()
    intake.rest()
    assert blocks(intake) == []
    intake.begin(RATE_HZ)
    for chunk in chunks(50, begin_s=3700.0):
        intake.push(chunk)
    found = blocks(intake)
    assert found[0].start == pytest.approx((3701 - 101) * 16_000, abs=0.15 * 16_000)
    assert intake.monotonic_at(found[0].start) == pytest.approx(3701.0, abs=0.11)
    assert intake.lost_s == 0
    intake.begin(RATE_HZ)
    for chunk in chunks(50, begin_s=3800.0):
        intake.push(chunk)
    assert intake.lost_s == pytest.approx(96, abs=0.2)
