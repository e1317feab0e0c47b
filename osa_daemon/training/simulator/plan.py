"""A sleeper's night: ordinary breathing, its disturbances, and respiratory events."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from osa_daemon.training.simulator import ranges
from osa_daemon.training.simulator.breathing import Breather, Sound, SoundKind
from osa_daemon.training.simulator.events import (
    PlannedEvent,
    approach,
    efforts,
    lay_event,
    recover,
)
from osa_daemon.training.simulator.incidents import incidents
from osa_daemon.training.simulator.material import Scored
from osa_daemon.training.simulator.night import Span
from osa_daemon.training.simulator.sleeper import Sleeper
from osa_daemon.training.simulator.turning import Turn, rustling

_NORMAL_BREATHS = 2  # at least, between two events


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
        _go_on(breather, item.onset_s, absent, approach(rng, sleeper, item))
        if item.onset_s + item.duration_s > breather.t + 6 and breather.t < duration_s - 15:
            events.append(lay_event(breather, item))
    _go_on(breather, duration_s, absent, _steady)
    _extras(breather, events, absent, duration_s)
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
    """Pause for less than an event; some pauses look like one but for their length."""
    rng = breather.rng
    from_s, pause_s = breather.heard_end_s, ranges.SHORT_PAUSE_S.draw(rng)
    _pause(breather, pause_s)
    if pause_s > 6 and rng.random() < ranges.SHORT_EFFORT_SHARE:
        efforts(breather, from_s + 1.5, breather.t)
    recover(breather, ranges.SHORT_RECOVERY_SHARE, scale=float(rng.uniform(0.3, 1.0)))


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


def _extras(
    breather: Breather,
    events: Sequence[PlannedEvent],
    absent: Sequence[Span],
    duration_s: float,
) -> None:
    """Coughs, moves and the like between the events."""
    rng, who = breather.rng, breather.sleeper
    inside = {c for e in events for c in range(e.before, e.after)}
    calm_s = [s.start_s for s in breather.sounds if s.cycle >= 0 and s.cycle not in inside]
    per_h: tuple[tuple[SoundKind, float], ...] = (
        ("cough", who.coughs_per_h),
        ("rustle", who.rustles_per_h),
        ("smack", who.smacks_per_h),
        ("groan", who.groans_per_h),
        ("word", who.words_per_h),
    )
    breather.sounds += incidents(rng, per_h, calm_s, absent, duration_s)
