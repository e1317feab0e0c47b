"""What changes in the room's noise inside a night: machines that start, stop, or blow harder."""

from dataclasses import dataclass

import numpy as np

from osa_daemon.training.simulator import ranges
from osa_daemon.training.simulator.levels import POWER_RATE_HZ, Powers


@dataclass(frozen=True, slots=True)
class Step:
    """For `duration_s` the noise is `rise_db` higher; it takes `ramp_s` to come and to go."""

    onset_s: float
    duration_s: float
    rise_db: float
    ramp_s: float


def draw_steps(rng: np.random.Generator, duration_s: float, *, slow: bool) -> tuple[Step, ...]:
    """Draw the steps of a night, at least one; `slow`: weather and traffic, not a switch."""
    steps: list[Step] = []
    ramps = ranges.NOISE_SWELL_S if slow else ranges.NOISE_RAMP_S
    t = float(rng.uniform(-0.3, 0.7)) * min(duration_s, 600.0)
    while t < duration_s or not steps:
        length_s = ranges.NOISE_STEP_S.draw(rng)
        ramp_s = min(ramps.draw(rng), 0.4 * length_s)
        steps.append(Step(t, length_s, ranges.NOISE_STEP_DB.draw(rng), ramp_s))
        t += length_s + ranges.NOISE_STEADY_S.draw(rng)
    return tuple(steps)


def rise_db(steps: tuple[Step, ...], duration_s: float) -> Powers:
    """Return the rise at each 50 ms, in dB, and at the end."""
    t = np.arange(int(duration_s * POWER_RATE_HZ) + 2) / POWER_RATE_HZ
    rise = np.zeros_like(t)
    for step in steps:
        inside = np.minimum(t - step.onset_s, step.onset_s + step.duration_s - t) / step.ramp_s
        rise += step.rise_db * np.clip(inside, 0, 1)
    return rise
