"""A sleeper's night: ordinary breathing, its disturbances, and respiratory events."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from osa_daemon.training.simulator import ranges
from osa_daemon.training.simulator.breathing import Breather, Sound, SoundKind
from osa_daemon.training.simulator.material import Scored
from osa_daemon.training.simulator.night import ScoredType, Span
from osa_daemon.training.simulator.sleeper import Sleeper
from osa_daemon.training.simulator.turning import Turn, rustling

SCORED_TYPES: dict[str, ScoredType] = {
    "obstructive": "obstructive_apnea",
    "central": "central_apnea",
    "mixed": "mixed_apnea",
    "hypopnea": "hypopnea",
}
_SHORTEST_PAUSE_S = 10.3  # a pause is measured from sound to sound: keep clear of 10 s
_NORMAL_BREATHS = 2  # at least, between two events


@dataclass(frozen=True, slots=True)
class PlannedEvent:
    """An event between two breaths: `before` and `after` are cycle numbers."""

    type: ScoredType
    before: int
    after: int


@dataclass(frozen=True, slots=True)
class Plan:
    """All sounds of a sleeper in a night, and the events between them."""

    sounds: tuple[Sound, ...]
    events: tuple[PlannedEvent, ...]


def plan_night(
    rng: np.random.Generator,
    sleeper: Sleeper,
    scored: Sequence[Scored],
    duration_s: float,
    absent: Sequence[Span] = (),
    *,
    turns: Sequence[Turn] = (),
) -> Plan:
    """Lay out breaths and events; nothing while the sleeper is `absent` (onset, duration)."""
    breather = Breather(rng, sleeper, duration_s)
    breather.holds = [(t.start_s, t.held_s) for t in turns if t.held_s]
    events: list[PlannedEvent] = []
    for item in sorted(scored, key=lambda e: e.onset_s):
        if _meets(item, absent):
            continue
        _go_on(breather, item.onset_s, absent, _approach(rng, sleeper, item))
        if item.onset_s + item.duration_s > breather.t + 6 and breather.t < duration_s - 15:
            events.append(_EVENTS[item.type](breather, item))
    _go_on(breather, duration_s, absent, _steady)
    _extras(breather, sleeper, events, absent, duration_s)
    breather.sounds += rustling(rng, turns)
    sounds = [s for s in breather.sounds if s.start_s + s.duration_s < duration_s]
    return Plan(tuple(sorted(sounds, key=lambda s: s.start_s)), tuple(events))


def _meets(item: Scored, absent: Sequence[Span]) -> bool:
    end_s = item.onset_s + item.duration_s
    return any(item.onset_s < s + d + 40 and end_s > s - 20 for s, d in absent)


def _steady(_remaining_s: float) -> float:
    return 0.0


def _go_on(
    breather: Breather, until_s: float, absent: Sequence[Span], shape: Callable[[float], float]
) -> None:
    """Breathe until about `until_s`; `shape` gives the level from the seconds that remain."""
    rng, who = breather.rng, breather.sleeper
    first = breather.cycle
    while breather.t + 0.3 * who.period_s < until_s or breather.cycle - first < _NORMAL_BREATHS:
        gone = next(((s, d) for s, d in absent if s <= breather.t < s + d), None)
        if gone:
            breather.skip_to(gone[0] + gone[1])
            continue
        if _hold(breather):
            continue
        chance = rng.random() * 3600 / who.period_s
        remaining_s = until_s - breather.t
        calm = not breather.pending and remaining_s > 3 * who.period_s
        if calm and chance < who.sighs_per_h:
            breather.breathe(ranges.SIGH_LEVEL_DB.draw(rng), pace=1.3, effort=1.6)
            _short_pause(breather)
        elif calm and chance < who.sighs_per_h + who.short_pauses_per_h:
            breather.breathe()
            _short_pause(breather)
        else:
            breather.breathe(shape(remaining_s))


def _short_pause(breather: Breather) -> None:
    _pause(breather, ranges.SHORT_PAUSE_S.draw(breather.rng))


def _pause(breather: Breather, pause_s: float) -> None:
    breather.skip_to(breather.heard_end_s + pause_s)


def _hold(breather: Breather) -> bool:
    """Hold the breath while turning over; whether the clock went on."""
    due = [h for h in breather.holds if h[0] <= breather.t]
    if not due:
        return False
    breather.holds = [h for h in breather.holds if h[0] > breather.t]
    started_s, held_s = due[-1]
    if not breather.sounds or breather.t - started_s > 2 * breather.sleeper.period_s:
        return False  # an event lay between
    before_s = breather.t
    _pause(breather, held_s)
    return breather.t > before_s


def _approach(rng: np.random.Generator, sleeper: Sleeper, item: Scored) -> Callable[[float], float]:
    """Return how the level changes towards an event: growing snore, or waning."""
    if item.type == "central":
        depth_db, length_s = ranges.WANING_DB.draw(rng), ranges.WANING_S.draw(rng)
        return lambda left_s: -depth_db * float(np.clip(1 - left_s / length_s, 0, 1)) ** 1.5
    growth_db = sleeper.crescendo_db * float(rng.uniform(0, 1.2))
    length_s = ranges.CRESCENDO_S.draw(rng)
    return lambda left_s: growth_db * float(np.clip(1 - left_s / length_s, 0, 1))


def _recover(breather: Breather, share: float, scale: float = 1.0) -> None:
    """Queue loud, quick breaths after an event, the first often a gasp."""
    rng, who = breather.rng, breather.sleeper
    if rng.random() > share:
        return
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
        _efforts(breather, onset_s + 1.5, end_s)
    return _end_apnea(breather, item, end_s, ranges.RECOVERY_SHARE)


def _mixed(breather: Breather, item: Scored) -> PlannedEvent:
    onset_s, end_s = breather.last_end_s, _apnea_end(breather, item)
    if breather.rng.random() < ranges.EFFORT_SHARE:
        silent = ranges.MIXED_CENTRAL_SHARE.draw(breather.rng)
        _efforts(breather, onset_s + silent * (end_s - onset_s), end_s)
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
    _recover(breather, share)
    return PlannedEvent(SCORED_TYPES[item.type], before, breather.cycle)


def _efforts(breather: Breather, start_s: float, end_s: float) -> None:
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
    drop_db = ranges.HYPOPNEA_DROP_DB.draw(rng)
    if rng.random() < ranges.HYPOPNEA_FLAT_SHARE:
        drop_db = ranges.HYPOPNEA_FLAT_DROP_DB.draw(rng)
    drop_db = drop_db if item.drop_db is None else item.drop_db
    growth_db = ranges.HYPOPNEA_CRESCENDO_DB.draw(rng)
    start_s = breather.t
    end_s = max(item.onset_s + item.duration_s, breather.last_end_s + _SHORTEST_PAUSE_S)
    while breather.t + 0.6 * who.period_s < end_s:
        share = (breather.t - start_s) / max(1.0, end_s - start_s)
        snoring_db = (breather.snore_db() or 0.0) * float(drop_db > 0) * 0.5
        level_db = -drop_db - snoring_db + growth_db * (share - 0.5)
        breather.breathe(level_db, pace=float(rng.uniform(0.85, 1.15)), effort=0.4 + 0.4 * share)
    breather.skip_to(breather.last_end_s + 0.3)
    _recover(breather, ranges.RECOVERY_SHARE_HYPOPNEA, scale=0.7)
    return PlannedEvent("hypopnea", before, breather.cycle)


_EVENTS: dict[str, Callable[[Breather, Scored], PlannedEvent]] = {
    "obstructive": _obstructive,
    "central": _central,
    "mixed": _mixed,
    "hypopnea": _hypopnea,
}


def _extras(
    breather: Breather,
    who: Sleeper,
    events: Sequence[PlannedEvent],
    absent: Sequence[Span],
    duration_s: float,
) -> None:
    """Coughs and rustles between the events; moves also as someone leaves or comes back."""
    rng = breather.rng
    hours = duration_s / 3600
    inside = {c for e in events for c in range(e.before, e.after)}
    calm = [s.start_s for s in breather.sounds if s.cycle >= 0 and s.cycle not in inside]
    wanted: tuple[tuple[SoundKind, float, tuple[float, float]], ...] = (
        ("cough", who.coughs_per_h, (0.3, 0.8)),
        ("rustle", who.rustles_per_h, (0.5, 6.0)),
    )
    for kind, per_h, length in wanted:
        for _ in range(int(rng.poisson(per_h * hours)) if calm else 0):
            t = calm[int(rng.integers(len(calm)))] + float(rng.uniform(0, 1))
            breather.add(_noise_of(rng, kind, t, length))
    for start_s, length_s in absent:
        for t in (start_s - 3, start_s + 0.5, start_s + length_s - 6, start_s + length_s - 2):
            if t > 0:
                breather.add(_noise_of(rng, "rustle", t, (1.0, 5.0)))


def _noise_of(
    rng: np.random.Generator, kind: SoundKind, start_s: float, length: tuple[float, float]
) -> Sound:
    level_db = ranges.RUSTLE_LEVEL_DB.draw(rng) + (10.0 if kind == "cough" else 0.0)
    return Sound(start_s, float(rng.uniform(*length)), kind, level_db, 1.0)
