"""Chunks of a device become blocks whose index is time."""

import itertools

import numpy as np
import pytest

from osa_daemon.audio.block import Block
from osa_daemon.audio.intake import Intake
from osa_daemon.audio.ring import Chunk

RATE_HZ = 48_000
CALLBACK = 4_800


def chunks(count: int, frame: int = 0, begin_s: float = 100.0, level: float = 0.1) -> list[Chunk]:
    """Chunks of 0.1 s in real time from `begin_s` on."""
    samples = np.full(CALLBACK, level, dtype=np.float32)
    return [
        Chunk(frame + i * CALLBACK, samples, round((begin_s + (i + 1) / 10) * 1e9))
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
        intake.push(Chunk(i * 1_600, np.ones(1_600, dtype=np.float32), stamp_ns))
    found = blocks(intake)
    jumps = [other.start - one.end for one, other in itertools.pairwise(found)]
    (jump,) = [jump for jump in jumps if jump]
    before = next(block for block, jump in zip(found, jumps, strict=False) if jump)
    assert before.end == 4 * 16_000
    assert jump / 16_000 == pytest.approx(6.0, abs=0.2)
    assert intake.lost_s == pytest.approx(jump / 16_000, abs=1e-4)
    assert intake.monotonic_at(found[-1].end) == pytest.approx(115.0, abs=0.11)


def test_digital_silence_is_timed() -> None:
    """Exact zeros are counted in seconds, until a sample differs."""
    intake = Intake()
    intake.begin(RATE_HZ)
    for chunk in chunks(60, level=0.0):
        intake.push(chunk)
    assert intake.zeros_s == pytest.approx(5.0, abs=0.11)
    intake.push(chunks(1, 60 * CALLBACK, 106.0)[0])
    assert intake.zeros_s == 0


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
