"""Respiratory events as a sleeper breathes them: what comes before, inside, and after."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from osa_daemon.training.simulator import ranges
from osa_daemon.training.simulator.breathing import Breather, Manner, Sound
from osa_daemon.training.simulator.incidents import arousal
from osa_daemon.training.simulator.material import Scored
from osa_daemon.training.simulator.night import ScoredType
from osa_daemon.training.simulator.sleeper import Sleeper

SCORED_TYPES: dict[str, ScoredType] = {
    "obstructive": "obstructive_apnea",
    "central": "central_apnea",
    "mixed": "mixed_apnea",
    "hypopnea": "hypopnea",
}
_SHORTEST_PAUSE_S = 10.3  # a pause is measured from sound to sound: keep clear of 10 s


@dataclass(frozen=True, slots=True)
class PlannedEvent:
    """An event between two breaths: `before` and `after` are cycle numbers."""

    type: ScoredType
    before: int
    after: int


def lay_event(breather: Breather, item: Scored) -> PlannedEvent:
    """Lay an event that begins with the breath that just ended."""
    return _EVENTS[item.type](breather, item)


def approach(rng: np.random.Generator, sleeper: Sleeper, item: Scored) -> Callable[[float], float]:
    """Return how the level changes towards an event: growing snore, or waning."""
    if item.type == "central":
        depth_db, length_s = ranges.WANING_DB.draw(rng), ranges.WANING_S.draw(rng)
        return lambda left_s: -depth_db * float(np.clip(1 - left_s / length_s, 0, 1)) ** 1.5
    growth_db = sleeper.crescendo_db * float(rng.uniform(0, 1.2))
    length_s = ranges.CRESCENDO_S.draw(rng)
    return lambda left_s: growth_db * float(np.clip(1 - left_s / length_s, 0, 1))


def recover(breather: Breather, share: float, scale: float = 1.0) -> None:
    """Queue loud, quick breaths after an event, the first often a gasp."""
    rng, who = breather.rng, breather.sleeper
    if rng.random() > share:
        return
    for sound in arousal(rng, breather.t):
        breather.add(sound)
    count = int(ranges.RECOVERY_BREATHS.draw(rng))
    gasp = bool(rng.random() < who.gasp_share)
    pace = ranges.RECOVERY_PACE.draw(rng)
    peak_db = who.recovery_db * scale
    breather.pending = [
        (peak_db * (1 - k / (count + 1)), pace, gasp and k == 0) for k in range(count)
    ]


def _apnea_end(breather: Breather, item: Scored) -> float:
    return max(item.onset_s + item.duration_s, breather.last_end_s + _SHORTEST_PAUSE_S)


def _obstructive(breather: Breather, item: Scored) -> PlannedEvent:
    onset_s, end_s = breather.last_end_s, _apnea_end(breather, item)
    if breather.rng.random() < ranges.EFFORT_SHARE:
        efforts(breather, onset_s + 1.5, end_s)
    return _end_apnea(breather, item, end_s, ranges.RECOVERY_SHARE)


def _mixed(breather: Breather, item: Scored) -> PlannedEvent:
    onset_s, end_s = breather.last_end_s, _apnea_end(breather, item)
    if breather.rng.random() < ranges.EFFORT_SHARE:
        silent = ranges.MIXED_CENTRAL_SHARE.draw(breather.rng)
        efforts(breather, onset_s + silent * (end_s - onset_s), end_s)
    return _end_apnea(breather, item, end_s, ranges.RECOVERY_SHARE)


def _central(breather: Breather, item: Scored) -> PlannedEvent:
    rng = breather.rng
    event = _end_apnea(breather, item, _apnea_end(breather, item), 0.0)
    depth_db, count = ranges.WANING_DB.draw(rng), int(rng.integers(3, 7))
    # waxing: back to normal, and a little over it
    levels = np.linspace(-depth_db, 2.0, count)
    breather.pending = [(float(level), 1.0, False) for level in levels]
    return event


def _end_apnea(breather: Breather, item: Scored, end_s: float, share: float) -> PlannedEvent:
    before = breather.cycle - 1
    breather.t = end_s  # the clock had run on to the next breath: it starts anew
    breather.pending = []
    recover(breather, share)
    return PlannedEvent(SCORED_TYPES[item.type], before, breather.cycle)


def efforts(breather: Breather, start_s: float, end_s: float) -> None:
    """Blocked efforts: short clicks and snorts that grow towards the end."""
    rng = breather.rng
    period_s = ranges.EFFORT_PERIOD_S.draw(rng)
    t = start_s + float(rng.uniform(0, period_s))
    while t < end_s - 1.0:
        if rng.random() < 0.8:
            level_db = breather.sleeper.effort_db + float(rng.normal(0, 3))
            level_db += 4 * (t - start_s) / max(1.0, end_s - start_s)
            length_s = float(rng.uniform(0.1, 0.4))
            breather.add(Sound(t, length_s, "effort", level_db, float(rng.uniform(0.3, 1))))
        t += period_s * float(rng.uniform(0.8, 1.25))


def _hypopnea(breather: Breather, item: Scored) -> PlannedEvent:
    rng, who = breather.rng, breather.sleeper
    before = breather.cycle - 1
    breather.pending = []
    drop_db = _hypopnea_drop(rng) if item.drop_db is None else item.drop_db
    growth_db = ranges.HYPOPNEA_CRESCENDO_DB.draw(rng)
    entering = int(rng.integers(1, 4)) if rng.random() < ranges.HYPOPNEA_SLOW_SHARE else 1
    manner = _hypopnea_manner(rng) if drop_db > 0 else Manner()
    start_s = breather.t
    end_s = max(item.onset_s + item.duration_s, breather.last_end_s + _SHORTEST_PAUSE_S)
    while breather.t + 0.6 * who.period_s < end_s:
        share = (breather.t - start_s) / max(1.0, end_s - start_s)
        here = min(1.0, (breather.cycle - before) / entering)
        snoring_db = (breather.snore_db() or 0.0) * float(drop_db > 0)
        # a snore that stops leaves a breath behind, which is fainter by the snore's height
        level_db = -drop_db - 0.5 * snoring_db
        if manner.muted:
            level_db = min(0.0, snoring_db - drop_db)
        level_db = here * level_db + growth_db * (share - 0.5)
        pace = float(rng.uniform(0.85, 1.15))
        breather.breathe(level_db, pace=pace, effort=0.4 + 0.4 * share, manner=manner)
    breather.skip_to(breather.last_end_s + 0.3)
    recover(breather, ranges.RECOVERY_SHARE_HYPOPNEA, scale=0.7)
    return PlannedEvent("hypopnea", before, breather.cycle)


def _hypopnea_drop(rng: np.random.Generator) -> float:
    if rng.random() < ranges.HYPOPNEA_FLAT_SHARE:
        return ranges.HYPOPNEA_FLAT_DROP_DB.draw(rng)
    return ranges.HYPOPNEA_DROP_DB.draw(rng)


def _hypopnea_manner(rng: np.random.Generator) -> Manner:
    """Return how the reduced flow sounds: thinner, duller, or against a narrow throat."""
    limited = float(rng.uniform(0.3, 1.0)) if rng.random() < ranges.FLOW_LIMITED_SHARE else 0.0
    tint = float(rng.uniform(-0.4, 0.5))
    return Manner(tint, limited, muted=bool(rng.random() < ranges.HYPOPNEA_MUTED_SHARE))


_EVENTS: dict[str, Callable[[Breather, Scored], PlannedEvent]] = {
    "obstructive": _obstructive,
    "central": _central,
    "mixed": _mixed,
    "hypopnea": _hypopnea,
}
