"""Times of a phone come out true, whatever the network does to its packets."""

import random
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from osa_daemon.web.phone_clock import CREEP, STOOD_STILL_S, PhoneClock

FRAME_S = 0.1
LEAST_DELAY_S = 0.004


def arrivals(
    seed: int, minutes: float, drift: float, jitter_s: float, bursts: list[tuple[float, float]]
) -> list[tuple[float, float, float]]:
    """True time, the phone's clock and the arrival of each frame.

    In a burst `(at, lasts)` nothing gets through for so long, and then all at once; frames keep
    their order, as TCP has it.
    """
    chance = random.Random(seed)
    found, earliest_s = [], 0.0
    for i in range(round(minutes * 60 / FRAME_S)):
        true_s = 1_000 + i * FRAME_S
        arrival_s = true_s + LEAST_DELAY_S + jitter_s * chance.random() ** 2
        for at_s, lasts_s in bursts:
            if 1_000 + at_s <= arrival_s < 1_000 + at_s + lasts_s:
                arrival_s = 1_000 + at_s + lasts_s
        earliest_s = arrival_s = max(arrival_s, earliest_s)
        found.append((true_s, 5.0 + (true_s - 1_000) * (1 + drift), arrival_s))
    return found


@settings(max_examples=50)
@given(
    seed=st.integers(0, 10_000),
    drift=st.floats(-200e-6, 200e-6),
    jitter_s=st.floats(0, 0.25),
    bursts=st.lists(st.tuples(st.floats(5, 110), st.floats(0.1, 9)), max_size=4),
)
def test_times_are_true(
    seed: int, drift: float, jitter_s: float, bursts: list[tuple[float, float]]
) -> None:
    """Once a fast packet came, each moment is right within 20 ms, in bursts of seconds too."""
    clock = PhoneClock()
    found = [
        (true_s, clock.moment(phone_s, arrival_s), arrival_s)
        for true_s, phone_s, arrival_s in arrivals(seed, 2, drift, jitter_s, bursts)
    ]
    assert all(one[1] <= other[1] for one, other in pairwise(found))
    assert all(moment_s <= arrival_s + 1e-6 for _, moment_s, arrival_s in found)
    settled = [(moment_s - true_s) for true_s, moment_s, _ in found if true_s > 1_004]
    assert min(settled) > -0.001
    assert max(settled) < 0.020


@pytest.mark.parametrize("drift", [-200e-6, 200e-6])
def test_eight_hours_of_drift_do_no_harm(drift: float) -> None:
    """200 ppm are 5.8 s in a night; the moments stay right within 5 ms of the fastest packet."""
    clock = PhoneClock()
    worst_s = 0.0
    for true_s, phone_s, arrival_s in arrivals(1, 480, drift, 0.1, []):
        moment_s = clock.moment(phone_s, arrival_s)
        if true_s > 1_010:
            worst_s = max(worst_s, abs(moment_s - true_s - LEAST_DELAY_S))
    assert worst_s < 0.005


def test_a_network_that_becomes_slow_is_no_jump() -> None:
    """A delay that stays is crept to, by 0.5 ms a second, and a fast packet puts it right."""
    clock = PhoneClock()
    clock.moment(0.0, 100.0)
    assert clock.moment(10.0, 110.4) == pytest.approx(110.0 + 10 * CREEP)
    assert clock.moment(800.0, 900.4) == pytest.approx(900.4, abs=0.001)
    assert clock.moment(801.0, 901.0) == pytest.approx(901.0)


def test_a_clock_that_stood_still_begins_anew() -> None:
    """Later than anything is kept to be sent: then it is the clock, and time is lost."""
    clock = PhoneClock()
    clock.moment(0.0, 100.0)
    late_s = 101.0 + STOOD_STILL_S + 1
    assert clock.moment(1.0, late_s) == late_s
    assert clock.moment(2.0, late_s + 1) == pytest.approx(late_s + 1)
