"""How many frames a second a device really gives."""

import numpy as np
import pytest

from osa_daemon.audio.rate import RateWatch

NOMINAL_HZ = 48_000


def watched(
    ratio: float, seconds: float, *, delay_s: float = 0.05, lost_at_s: float | None = None
) -> RateWatch:
    """Watch a device at `ratio` of its rate; each chunk of 0.1 s is delayed by up to `delay_s`."""
    watch = RateWatch()
    watch.begin(NOMINAL_HZ)
    delays = np.random.default_rng(4).uniform(0, delay_s, round(seconds * 10 * ratio))
    for i, delay in enumerate(delays):
        arrival_s = (i + 1) / 10 / ratio
        if lost_at_s is not None and arrival_s > lost_at_s:
            arrival_s += 3.0
        watch.push(arrival_s + delay, (i + 1) * 4_800)
    return watch


@pytest.mark.parametrize("ratio", [0.75, 0.97, 1.03, 1.3])
def test_a_wrong_rate_is_measured_within_thirty_seconds(ratio: float) -> None:
    """With its figure; beyond 7.5 % the sound is no more of use."""
    watch = watched(ratio, 31)
    assert watch.is_off
    assert watch.deviation == pytest.approx(ratio - 1, abs=0.005)
    assert watch.is_unusable == (abs(ratio - 1) > 0.075)


@pytest.mark.parametrize("ratio", [0.999, 1.0, 1.001])
def test_quartz_and_a_busy_machine_are_well(ratio: float) -> None:
    """A drift of 0.1 % and delays of a tenth of a second are nothing to tell."""
    watch = watched(ratio, 300, delay_s=0.1)
    assert not watch.is_off
    assert watch.deviation == pytest.approx(ratio - 1, abs=0.003)


def test_one_loss_is_not_a_wrong_rate() -> None:
    """A server that stood still for 3 s gave fewer frames once."""
    for lost_at_s in (25, 29, 31, 35):
        assert not watched(1.0, 60, lost_at_s=lost_at_s).is_off


def test_it_is_over_when_the_rate_is_right() -> None:
    """Over a new stream too, once that is measured; not before."""
    watch = watched(0.9, 40)
    watch.begin(NOMINAL_HZ)
    assert watch.is_unusable
    for i in range(310):
        watch.push(1000 + (i + 1) / 10, (i + 1) * 4_800)
    assert not watch.is_off
    assert not watch.is_unusable
