"""Untreated, scored airflow: its own events, at the breaths between which they lie."""

from collections.abc import Sequence

import numpy as np

from osa_daemon.training.simulator.events import SCORED_TYPES, PlannedEvent
from osa_daemon.training.simulator.flow import Breaths, cut, regularity
from osa_daemon.training.simulator.material import Airflow, Scored

_TRIES = 8
_LEAD_S = 20.0
_REACH_S = 6.0  # how far the flow's fall may lie from the scored border
_PAUSE_S = 10.0
_LEAST_REGULAR = -20.0  # below it the trace is no breathing


def draw_own_stretch(
    rng: np.random.Generator, trace: Airflow, duration_s: float
) -> tuple[Breaths, list[Scored]]:
    """Return of a few stretches the one that holds most of the trace's events, and those."""
    count = int(duration_s * trace.rate_hz)
    latest_s = max(1.0, (len(trace.flow) - count) / trace.rate_hz)
    best: tuple[float, Breaths, list[Scored]] | None = None
    for _ in range(_TRIES):
        anchor = trace.events[int(rng.integers(len(trace.events)))]
        first_s = anchor.onset_s - rng.uniform(_LEAD_S, max(_LEAD_S + 1, duration_s - 60))
        first = int(np.clip(first_s, 0, latest_s) * trace.rate_hz)
        breaths = cut(trace.flow[first : first + count], trace.rate_hz)
        inside = [
            Scored(e.onset_s - first / trace.rate_hz, e.duration_s, e.type)
            for e in trace.events
            if _LEAD_S <= e.onset_s - first / trace.rate_hz <= duration_s - 30
        ]
        worth = len(inside) + 5 * min(0.0, regularity(breaths, duration_s) - _LEAST_REGULAR)
        if best is None or worth > best[0]:
            best = worth, breaths, inside
    assert best is not None
    return best[1], best[2]


def own_events(breaths: Breaths, scored: Sequence[Scored]) -> list[PlannedEvent]:
    """Return each event between two breaths: an apnea where the flow stands still near it."""
    starts, ends = breaths.spans[:, 0], breaths.spans[:, 2]
    events: list[PlannedEvent] = []
    for item in sorted(scored, key=lambda e: e.onset_s):
        end_s = item.onset_s + item.duration_s
        before = int(np.searchsorted(ends, item.onset_s + 1.0)) - 1
        after = int(np.searchsorted(starts, end_s - 1.0))
        if item.type != "hypopnea":
            before, after = _still(breaths, item, (before, after))
        clear = not events or before >= events[-1].after
        if clear and 0 <= before < after < len(starts):
            events.append(PlannedEvent(SCORED_TYPES[item.type], before, after))
    return events


def _still(breaths: Breaths, item: Scored, scored: tuple[int, int]) -> tuple[int, int]:
    """Return the breaths round the longest pause near an apnea, or as scored if it is short."""
    starts, ends = breaths.spans[:, 0], breaths.spans[:, 2]
    end_s = item.onset_s + item.duration_s
    near = np.flatnonzero((ends[:-1] >= item.onset_s - _REACH_S) & (starts[1:] <= end_s + _REACH_S))
    if not len(near):
        return scored
    longest = int(near[np.argmax(starts[near + 1] - ends[near])])
    if starts[longest + 1] - ends[longest] < _PAUSE_S:
        return scored
    return longest, longest + 1
