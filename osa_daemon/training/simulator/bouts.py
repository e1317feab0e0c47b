"""Bouts of snoring: minutes each, swelling and fading over several breaths."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from osa_daemon.training.simulator import ranges

_LEAST = 0.25  # of the full height, at the edges of a bout
_DEPTH_SD_DB = 2.5  # one bout is louder than another


@dataclass(frozen=True, slots=True)
class Bout:
    """Snoring from `start_s` to `end_s`, `depth_db` over the sleeper's usual snore."""

    start_s: float
    end_s: float
    ramp_s: float
    depth_db: float

    def height_db(self, t: float, full_db: float) -> float:
        """Return a snore's height over a breath at `t`, a full one being `full_db`."""
        ramp = min(1.0, (t - self.start_s) / self.ramp_s, (self.end_s - t) / self.ramp_s + 0.2)
        return full_db * (_LEAST + (1 - _LEAST) * ramp) + self.depth_db


def draw_bouts(rng: np.random.Generator, duration_s: float) -> list[Bout]:
    """Draw the bouts of a night."""
    t = -float(rng.uniform(0, 300))
    bouts = []
    while t < duration_s:
        end_s = t + ranges.SNORE_BOUT_S.draw(rng)
        ramp_s = ranges.SNORE_RAMP_S.draw(rng)
        bouts.append(Bout(t, end_s, ramp_s, float(rng.normal(0, _DEPTH_SD_DB))))
        t = end_s + ranges.QUIET_BOUT_S.draw(rng)
    return bouts


def snore_height_db(bouts: Sequence[Bout], t: float, full_db: float) -> float | None:
    """Return a snore's height over a breath at `t`, None between bouts."""
    inside = (bout for bout in bouts if bout.start_s <= t < bout.end_s)
    bout = next(inside, None)
    return None if bout is None else bout.height_db(t, full_db)
