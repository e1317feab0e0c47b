"""The truth of a night, from sounds laid by hand: what is a pause, and what only seems so."""

import numpy as np
import pytest

from osa_daemon.training.simulator.levels import POWER_RATE_HZ, Powers
from osa_daemon.training.simulator.render import Heard
from osa_daemon.training.simulator.truth import ALMOST_S, label, measure, true_events

DURATION_S = 120.0
LOUD, FAINT, QUIETEST = 1.0, 0.01, 1e-6  # powers: 0, -20, -60 dB


def breaths(starts_s: list[float], power: float = LOUD) -> list[tuple[float, float]]:
    """Breaths of a second each, as (start, power)."""
    return [(start_s, power) for start_s in starts_s]


def night(
    laid: list[tuple[float, float]], noise: float = QUIETEST
) -> tuple[tuple[Heard, ...], Powers, Powers]:
    """Return what is heard of breaths of one second, and the powers of sleeper and noise."""
    frames = int(DURATION_S * POWER_RATE_HZ)
    own = np.full(frames, 1e-9)
    heard = []
    for cycle, (start_s, power) in enumerate(laid):
        own[int(start_s * POWER_RATE_HZ) : int((start_s + 1) * POWER_RATE_HZ)] = power
        heard.append(Heard(start_s, start_s + 1.0, "inhale", 0.0, cycle))
    return tuple(heard), own, np.full(frames, noise)


STEADY = [4.0 * k + 1 for k in range(10)]  # the last begins at 37 s and ends at 38 s


def test_a_pause_that_nobody_planned_is_a_central_apnea() -> None:
    """Ten seconds and more from sound to sound count, whoever laid them."""
    heard, own, noise = night(breaths([*STEADY, 50.0, 54.0, 58.0]))
    events, short = true_events((), measure(heard, own, noise), (), DURATION_S)
    (event,) = events
    assert (event.onset_s, event.end_s) == pytest.approx((38.0, 50.0), abs=0.1)
    assert event.type == "central_apnea"
    assert event.counts
    assert short == ()


def test_a_pause_that_is_nearly_long_enough_is_neither() -> None:
    """Between ALMOST_S and ten seconds nothing is told, and nothing learned."""
    heard, own, noise = night(breaths([*STEADY, 38 + ALMOST_S + 0.2, 52.0, 56.0]))
    events, short = true_events((), measure(heard, own, noise), (), DURATION_S)
    assert events == ()
    ((onset_s, length_s),) = short
    assert onset_s == pytest.approx(38.0, abs=0.1)
    assert length_s < 10


def test_a_breath_that_noise_hides_makes_no_event() -> None:
    """The sleeper breathed on: who hears a pause there is wrong, and is taught so."""
    laid = [*breaths(STEADY), (44.0, FAINT), *breaths([50.0, 54.0, 58.0])]
    heard, own, noise = night(laid, noise=0.1)
    events, short = true_events((), measure(heard, own, noise), (), DURATION_S)
    assert events == ()
    assert short == ()
    frames = int(DURATION_S * 5)
    labels = label(heard, events, short, np.ones(frames, np.uint8), (own, noise))
    assert not np.any(labels.ignore | labels.apnea)


def test_a_bed_that_is_empty_holds_no_pause() -> None:
    """Nobody pauses while nobody is there, nor while sound is lost."""
    heard, own, noise = night(breaths([*STEADY, 60.0, 64.0]))
    cycles = measure(heard, own, noise)
    assert true_events((), cycles, (), DURATION_S, absent=((37.5, 20.0),))[0] == ()
    assert true_events((), cycles, ((45.0, 2.0),), DURATION_S)[0] == ()
