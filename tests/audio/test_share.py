"""A condition that comes and goes."""

from osa_daemon.audio.share import Share


def fed(share: Share, *parts: tuple[float, float]) -> list[bool]:
    """Feed (share, seconds) in steps of 0.1 s; return what was told after each."""
    told = []
    for bad, seconds in parts:
        for _ in range(round(seconds * 10)):
            share.push(bad, 0.1)
            told.append(share.is_on)
    return told


def test_it_is_told_once_it_lasts() -> None:
    """Half of ten seconds in a row: after five of them, and until two have been calm."""
    told = fed(Share(10, 0.5, 2), (0, 20), (1, 8), (0, 5))
    assert told.index(True) == 200 + 49
    assert told[250:280] == [True] * 30
    assert told[280:].index(False) == 19
    assert not any(told[300:])


def test_now_and_then_is_not_told() -> None:
    """A third of the time stays below half."""
    assert not any(fed(Share(10, 0.5, 2), *[(1, 1), (0, 2)] * 20))


def test_it_stays_told_while_it_comes_back() -> None:
    """A loose contact that comes and goes is one fault, not fifty."""
    told = fed(Share(10, 0.5, 2), (1, 6), *[(0, 1), (1, 1)] * 20)
    assert all(told[60:])


def test_memory_does_not_grow() -> None:
    """However short the steps are."""
    share = Share(10, 0.5, 30)
    for _ in range(100_000):
        share.push(1.0, 0.01)
    assert len(share._bad) == 60
    assert share.value == 1.0
