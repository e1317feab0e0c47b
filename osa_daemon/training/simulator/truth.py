"""The truth of a night, computed from what was rendered: events, audible time, labels."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from osa_daemon.training.simulator.breathing import BREATH_KINDS
from osa_daemon.training.simulator.events import PlannedEvent
from osa_daemon.training.simulator.levels import POWER_RATE_HZ, Powers, decibels, sounding_power
from osa_daemon.training.simulator.night import LABEL_RATE_HZ, Labels, Mask, Span, TrueEvent
from osa_daemon.training.simulator.render import Heard

AUDIBLE_WINDOW_S = 30.0
AUDIBLE_OVER_NOISE_DB = 3.0
SHORTEST_EVENT_S = 10.0
ALMOST_S = 9.3  # a pause that is too near to 10 s to learn from
NO_BREATH_DB = 99.0
_FAINT_DB = 12.0  # below the louder phase: no border of an event that noise hides


@dataclass(frozen=True, slots=True)
class Cycles:
    """One row a breath, by cycle number: `start_s` and `end_s` of its sounds, NaN for none.

    A sound counts where it exceeds the noise; of a breath that nowhere does, the louder phase
    counts.

    `first_s` and `last_s` are the same whatever the noise: only a phase that is much fainter than
    the other does not count. `level_db` of the louder phase; `clear` where it exceeds the noise by
    3 dB; `hidden` where no phase exceeds it.
    """

    start_s: NDArray[np.float64]
    end_s: NDArray[np.float64]
    first_s: NDArray[np.float64]
    last_s: NDArray[np.float64]
    level_db: NDArray[np.float64]
    clear: NDArray[np.bool_]
    hidden: NDArray[np.bool_]


def measure(heard: Sequence[Heard], sleeper: Powers, other: Powers) -> Cycles:
    """Measure every breath against everything else; powers are of 50 ms in 0.3-4 kHz."""
    breaths = [h for h in heard if h.kind in BREATH_KINDS]
    count = max((h.cycle for h in breaths), default=-1) + 1
    level = np.full(count, -np.inf)
    margin = np.full(count, -np.inf)
    measured = []
    for item in breaths:
        own_db, noise_db = _levels(item, sleeper, other)
        measured.append((item, own_db, own_db - noise_db))
        level[item.cycle] = max(level[item.cycle], own_db)
        margin[item.cycle] = max(margin[item.cycle], own_db - noise_db)
    start, end, first, last = np.full((4, count), np.nan)
    for item, own_db, over_db in measured:
        k = item.cycle
        strong = own_db >= level[k] - _FAINT_DB
        if strong:
            first[k], last[k] = np.fmin(first[k], item.start_s), np.fmax(last[k], item.end_s)
        if strong if margin[k] < 0 else over_db >= 0:
            start[k], end[k] = np.fmin(start[k], item.start_s), np.fmax(end[k], item.end_s)
    clear, hidden = margin >= AUDIBLE_OVER_NOISE_DB, margin < 0
    return Cycles(start, end, first, last, level, clear, hidden)


def true_events(
    planned: Sequence[PlannedEvent],
    cycles: Cycles,
    gaps: Sequence[Span],
    duration_s: float,
    absent: Sequence[Span] = (),
) -> tuple[tuple[TrueEvent, ...], tuple[Span, ...]]:
    """Return the events with their rendered borders, and spans of which nobody can say.

    Nobody planned the pauses of 10 s and more that a trace of flow holds by itself, nor those of
    somebody who is heard for a moment of each breath: they are central apneas. Not to be said:
    what was planned and lasts less than 10 s, and what nearly lasts that. Where noise hides a
    breath nothing pauses, nor does anybody while `absent`.
    """
    usual = _usual(planned, cycles)
    events, short = [], []
    for plan in planned:
        onset_s, end_s = _borders(plan, cycles, duration_s)
        if end_s - onset_s < SHORTEST_EVENT_S:
            short.append((onset_s, max(0.0, end_s - onset_s)))
            continue
        covered = any(s < end_s and s + d > onset_s - 5 for s, d in gaps)
        audible = not covered and _audible_before(cycles, onset_s)
        drop_db = NO_BREATH_DB
        if plan.type == "hypopnea":
            drop_db = _drop(plan, cycles, usual, onset_s)
        events.append(TrueEvent(onset_s, end_s - onset_s, plan.type, drop_db, audible))
    taken = [(e.onset_s, e.duration_s) for e in events] + short + [*gaps, *absent]
    for onset_s, length_s in _silences(cycles.first_s, cycles.last_s, taken):
        if length_s >= SHORTEST_EVENT_S:
            audible = _audible_before(cycles, onset_s)
            events.append(TrueEvent(onset_s, length_s, "central_apnea", NO_BREATH_DB, audible))
    taken = [(e.onset_s, e.duration_s) for e in events] + [*gaps, *absent]
    heard = ~cycles.hidden
    seeming = _silences(cycles.start_s[heard], cycles.end_s[heard], taken)
    short += [span for span in seeming if span[1] < SHORTEST_EVENT_S]
    return tuple(sorted(events, key=lambda e: e.onset_s)), tuple(short)


def faint_level(cycles: Cycles, planned: Sequence[PlannedEvent]) -> float:
    """Return the level (dB) that one in five breaths outside events is below; nan for none."""
    levels = cycles.level_db[_usual(planned, cycles) & np.isfinite(cycles.level_db)]
    return float(np.percentile(levels, 20)) if len(levels) else float("nan")


def audible_frames(
    cycles: Cycles, events: Sequence[TrueEvent], gaps: Sequence[Span], frames: int
) -> Mask:
    """Return 1 where, in the 30 s around, at least half the breaths exceed the noise by 3 dB.

    An event inherits the time before it; a gap is never audible.
    """
    there = ~np.isnan(cycles.start_s)
    starts, clear = cycles.start_s[there], cycles.clear[there]
    t = (np.arange(frames) + 0.5) / LABEL_RATE_HZ
    first = np.searchsorted(starts, t - AUDIBLE_WINDOW_S / 2)
    last = np.searchsorted(starts, t + AUDIBLE_WINDOW_S / 2)
    total = np.concatenate([[0], np.cumsum(clear)])
    good = total[last] - total[first]
    audible = ((last - first >= 2) & (2 * good >= last - first)).astype(np.uint8)
    for event in events:
        audible[_frames(event.onset_s, event.end_s, frames)] = event.audible
    for start_s, length_s in gaps:
        audible[_frames(start_s, start_s + length_s, frames)] = 0
    return audible


def label(
    heard: Sequence[Heard],
    events: Sequence[TrueEvent],
    short: Sequence[Span],
    audible: Mask,
    powers: tuple[Powers, Powers],
) -> Labels:
    """Return the labels at 5 Hz; `powers` of the sleeper and of everything else."""
    frames = len(audible)
    marks = {name: np.zeros(frames, np.uint8) for name in ("breath", "snore", "gasp")}
    clear = _clear_frames(powers, frames)
    for item in heard:
        if item.kind not in BREATH_KINDS:
            continue
        where = _frames(item.start_s, item.end_s, frames)
        marks["breath"][where] |= clear[where]
        if item.kind in marks:
            marks[item.kind][where] |= clear[where]
    apnea, hypopnea, ignore = (np.zeros(frames, np.uint8) for _ in range(3))
    for event in events:
        where = _frames(event.onset_s, event.end_s, frames)
        target = hypopnea if event.type == "hypopnea" else apnea
        (target if event.counts else ignore)[where] = 1
        if event.counts and _covered(event, powers):
            target[where], ignore[where] = 0, 1
    for start_s, length_s in short:
        ignore[_frames(start_s, start_s + length_s, frames)] = 1
    ignore &= (1 - apnea) & (1 - hypopnea)
    return Labels(
        breath=marks["breath"] & (1 - apnea),
        audible=audible,
        apnea=apnea,
        hypopnea=hypopnea,
        snore=marks["snore"],
        gasp=marks["gasp"],
        ignore=ignore,
    )


def spans(mask: Mask) -> tuple[Span, ...]:
    """Return the runs of ones as (onset_s, duration_s)."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], mask, [0]])))
    return tuple(
        (int(a) / LABEL_RATE_HZ, int(b - a) / LABEL_RATE_HZ)
        for a, b in zip(edges[::2], edges[1::2], strict=True)
    )


def _levels(item: Heard, sleeper: Powers, other: Powers) -> tuple[float, float]:
    first = int(item.start_s * POWER_RATE_HZ)
    last = max(first + 1, int(np.ceil(item.end_s * POWER_RATE_HZ)))
    own = sounding_power(sleeper[first:last])
    noise = float(np.mean(other[first:last])) if first < len(other) else 0.0
    return decibels(own), decibels(noise)


def _usual(planned: Sequence[PlannedEvent], cycles: Cycles) -> NDArray[np.bool_]:
    inside = {c for e in planned if e.type == "hypopnea" for c in range(e.before + 1, e.after)}
    return np.array([c not in inside for c in range(len(cycles.level_db))], dtype=bool)


def _silences(
    starts: NDArray[np.float64], ends: NDArray[np.float64], taken: Sequence[Span]
) -> list[Span]:
    """Return the times of `ALMOST_S` and more between two breaths that meet nothing `taken`."""
    there = ~np.isnan(starts)
    last, following = np.maximum.accumulate(ends[there])[:-1], starts[there][1:]
    found = np.flatnonzero(following - last >= ALMOST_S)
    spans = [(float(last[k]), float(following[k] - last[k])) for k in found]
    return [
        (s, d) for s, d in spans if not any(s < at + length and at < s + d for at, length in taken)
    ]


def _borders(plan: PlannedEvent, cycles: Cycles, duration_s: float) -> tuple[float, float]:
    before = cycles.end_s[max(0, plan.before - 3) : plan.before + 1]
    after = cycles.start_s[plan.after : plan.after + 3]
    onset_s = float(np.nanmax(before)) if np.any(~np.isnan(before)) else 0.0
    end_s = float(np.nanmin(after)) if np.any(~np.isnan(after)) else duration_s
    return onset_s, end_s


def _audible_before(cycles: Cycles, onset_s: float) -> bool:
    for reach_s in (AUDIBLE_WINDOW_S, 2 * AUDIBLE_WINDOW_S):
        near = (cycles.start_s >= onset_s - reach_s) & (cycles.start_s < onset_s)
        if near.sum() >= 2:
            return bool(2 * cycles.clear[near].sum() >= near.sum())
    return False


def _drop(plan: PlannedEvent, cycles: Cycles, usual: NDArray[np.bool_], onset_s: float) -> float:
    inside = cycles.level_db[plan.before + 1 : plan.after]
    near = (cycles.start_s >= onset_s - 60) & (cycles.start_s < onset_s)
    before = near & usual if np.any(near & usual) else near
    if not len(inside) or not np.any(before):
        return NO_BREATH_DB if not len(inside) else 0.0
    return float(np.median(cycles.level_db[before]) - np.median(inside))


def _frames(start_s: float, end_s: float, frames: int) -> slice:
    """Return the frames of which at least half lies inside."""
    first = int(np.floor(start_s * LABEL_RATE_HZ + 0.5))
    last = int(np.floor(end_s * LABEL_RATE_HZ + 0.5))
    return slice(min(max(0, first), frames), min(max(0, last), frames))


def _clear_frames(powers: tuple[Powers, Powers], frames: int) -> Mask:
    step = POWER_RATE_HZ // LABEL_RATE_HZ
    own, noise = (p[: frames * step].reshape(frames, step).mean(axis=1) for p in powers)
    return np.asarray(own >= noise, dtype=np.uint8)


def _covered(event: TrueEvent, powers: tuple[Powers, Powers]) -> bool:
    """Whether other sound hides more than half of the event: breath could go on under it."""
    own, noise = powers
    first, last = (int(t * POWER_RATE_HZ) for t in (event.onset_s, event.end_s))
    before = own[max(0, first - 30 * POWER_RATE_HZ) : first]
    return bool(np.mean(noise[first:last] > sounding_power(before)) > 0.5)
