"""What moves a recording's gain inside a night: automatic gain, a noise gate, slow drift."""

from dataclasses import dataclass

import numpy as np

from osa_daemon.training.simulator import ranges
from osa_daemon.training.simulator.levels import POWER_RATE_HZ, Powers

_FLOOR_PERCENTILE = 15  # of the levels of a night: the noise between breaths


@dataclass(frozen=True, slots=True)
class AutomaticGain:
    """Turns down by up to `depth_db` after loud sound, up again with time constant `release_s`."""

    depth_db: float
    release_s: float


@dataclass(frozen=True, slots=True)
class Gate:
    """Attenuates by `depth_db` what is not `threshold_db` over the noise, `hold_s` after it."""

    threshold_db: float
    depth_db: float
    hold_s: float


def automatic_gain(sound_power: Powers, gain: AutomaticGain) -> Powers:
    """Return the factor at each 50 ms: down at once after loud sound, up again exponentially."""
    level_db = 10 * np.log10(sound_power + 1e-20)
    loud = np.clip((level_db - np.median(level_db)) / 20, 1e-6, 1)
    released = np.arange(len(loud)) / (gain.release_s * POWER_RATE_HZ)
    held = np.exp(np.maximum.accumulate(np.log(loud) + released) - released)
    return np.asarray(10 ** (-gain.depth_db * held / 20))


def gate(sound_power: Powers, settings: Gate) -> Powers:
    """Return the factor at each 50 ms; open from one step before a sound: it looks ahead.

    The threshold lies over the quiet of the whole night, so pauses between breaths are
    attenuated as any other: digital quiet does not tell an apnea.
    """
    level_db = 10 * np.log10(sound_power + 1e-20)
    floor_db = float(np.percentile(level_db, _FLOOR_PERCENTILE))
    steps = np.arange(len(level_db))
    loud = np.where(level_db > floor_db + settings.threshold_db, steps, -np.inf)
    since = steps - np.maximum.accumulate(loud)
    # a value belongs to the beginning of its 50 ms: a loud one needs its end as well
    is_open = since <= 1 + round(settings.hold_s * POWER_RATE_HZ)
    return np.asarray(10 ** (np.where(is_open, 0.0, -settings.depth_db) / 20))


def drift(rng: np.random.Generator, steps: int, depth_db: float) -> Powers:
    """Return a factor (steps,) at 50 ms that wanders within ±`depth_db` over minutes."""
    spacing = ranges.GAIN_DRIFT_S.draw(rng) * POWER_RATE_HZ
    knots = rng.uniform(-depth_db, depth_db, int(steps / spacing) + 3)
    wandering_db = np.interp(np.arange(steps) / spacing, np.arange(len(knots)), knots)
    return np.asarray(10 ** (wandering_db / 20))


def moved(sound_power: Powers, gain: AutomaticGain | None, settings: Gate | None) -> Powers:
    """Return the factor of automatic gain and gate together."""
    factor = np.ones(len(sound_power))
    if gain is not None:
        factor *= automatic_gain(sound_power, gain)
    if settings is not None:
        factor *= gate(sound_power * factor**2, settings)
    return factor
