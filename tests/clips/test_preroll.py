"""The pre-roll: the last seconds, however the blocks are cut; silence where sound was lost."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from osa_daemon.audio.block import Block
from osa_daemon.clips.preroll import PreRoll

CAPACITY = 40


def numbered(start: int, count: int) -> Block:
    """A block in which every sample tells its index (in steps of 16 bits)."""
    values = (np.arange(start, start + count) + 1) / 32767
    return Block(start, values.astype(np.float32))


@given(
    first=st.integers(0, 1000),
    parts=st.lists(st.tuples(st.integers(0, 70), st.integers(1, 90)), min_size=1, max_size=12),
    want=st.tuples(st.integers(-50, 200), st.integers(0, 100)),
)
def test_it_holds_the_last_samples_and_zeros_for_gaps(
    first: int, parts: list[tuple[int, int]], want: tuple[int, int]
) -> None:
    """Whatever is cut out is what was heard at those indexes, as far back as the capacity goes."""
    roll = PreRoll(CAPACITY)
    heard: dict[int, int] = {}
    end = first
    for gap, count in parts:
        block = numbered(end + gap if heard else first, count)
        roll.push(block)
        heard |= {index: index + 1 for index in range(block.start, block.end)}
        end = block.end
    assert roll.end == end
    assert roll.begin == max(first, end - CAPACITY)
    begin, samples = roll.cut(end - want[0], end - want[0] + want[1])
    assert begin == max(end - want[0], roll.begin)
    count = max(0, min(end - want[0] + want[1], end) - begin)
    assert samples.tolist() == [heard.get(index, 0) for index in range(begin, begin + count)]


def test_what_is_too_loud_is_cut_off() -> None:
    """Samples beyond full scale do not wrap around to the other side."""
    roll = PreRoll(4)
    roll.push(Block(0, np.array([2.0, -2.0, 1.0, -1.0], np.float32)))
    assert roll.cut(0, 4)[1].tolist() == [32767, -32767, 32767, -32767]


def test_clearing_leaves_nothing_in_memory() -> None:
    """The samples are overwritten, and the next block may have any index."""
    roll = PreRoll(8)
    roll.push(numbered(0, 8))
    roll.clear()
    assert not roll._ring.any()
    roll.push(numbered(3, 2))
    begin, samples = roll.cut(0, 100)
    assert (begin, samples.tolist()) == (3, [4, 5])
