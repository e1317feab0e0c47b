"""When the next attempt comes."""

from random import Random

from osa_daemon.audio.supervision import (
    FIRST_PAUSE_S,
    JITTER,
    LAST_RESORT_S,
    LONGEST_PAUSE_S,
    Backoff,
    LastResort,
)


def test_the_first_failure_is_retried_at_once() -> None:
    """Also after things went well for a while."""
    backoff = Backoff(Random(1))
    assert backoff.next_pause_s() == 0
    backoff.next_pause_s()
    backoff.reset()
    assert backoff.next_pause_s() == 0


def test_pauses_grow_to_a_bound_for_ever() -> None:
    """After a thousand failures the next attempt is still two seconds away."""
    backoff = Backoff(Random(1))
    pauses = [backoff.next_pause_s() for _ in range(1000)]
    assert FIRST_PAUSE_S * (1 - JITTER) <= pauses[1] <= FIRST_PAUSE_S * (1 + JITTER)
    assert all(pause <= LONGEST_PAUSE_S * (1 + JITTER) for pause in pauses)
    assert min(pauses[10:]) >= LONGEST_PAUSE_S * (1 - JITTER)
    assert len(set(pauses[10:])) > 900


def test_the_last_resort_is_for_what_lasts() -> None:
    """Counted from the first failure on; one answer, and it begins anew."""
    last = LastResort()
    assert not last.is_due(1e9)
    last.fail(100)
    last.fail(200)
    assert not last.is_due(100 + LAST_RESORT_S - 1)
    assert last.is_due(100 + LAST_RESORT_S)
    last.work()
    assert not last.is_due(1e9)
