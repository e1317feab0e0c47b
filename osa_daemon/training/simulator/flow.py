"""A stretch of real airflow cut into breaths, with respiratory events laid into it."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from osa_daemon.training.simulator import ranges
from osa_daemon.training.simulator.events import SCORED_TYPES, PlannedEvent
from osa_daemon.training.simulator.material import Airflow, Scored
from osa_daemon.training.simulator.night import Span

_LEAST_PEAK = 0.12  # of the median breath: below it a swing of flow makes no breath
_LEAST_RUN_S = 0.4
_LEAST_FLOW = 0.07  # of the median breath: below it air stands still
_LEAST_RATE, _MOST_RATE = 8.0, 28.0  # breaths a minute of a usable stretch
_PAUSE_S = 10.0

Curve = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Breaths:
    """Airflow in units of the median inspiratory peak, and its breaths.

    `flow` (n,) at `rate_hz`; row k of `spans` is breath k: start and end of inspiration, end of
    expiration, in seconds.
    """

    rate_hz: float
    flow: Curve
    spans: NDArray[np.float64]


def draw_stretch(rng: np.random.Generator, trace: Airflow, duration_s: float) -> Breaths:
    """Return the most regular of a few stretches drawn from a trace, of fewer a wilder one."""
    count = int(duration_s * trace.rate_hz)
    best: tuple[float, Breaths] | None = None
    for _ in range(int(rng.integers(2, 9))):
        start = int(rng.integers(max(1, len(trace.flow) - count)))
        breaths = cut(trace.flow[start : start + count], trace.rate_hz)
        worth = regularity(breaths, duration_s)
        if best is None or worth > best[0]:
            best = worth, breaths
    assert best is not None
    return best[1]


def cut(flow: NDArray[np.float32], rate_hz: float) -> Breaths:
    """Cut flow (inspiration positive) into breaths, without the time in which air stands still."""
    smooth = np.convolve(flow.astype(np.float64), np.ones(3) / 3, mode="same")
    edges = np.flatnonzero(np.diff(smooth > 0)) + 1
    runs = [(a, b) for a, b in pairwise(edges.tolist()) if smooth[a:b].mean() > 0]
    peaks = np.array([smooth[a:b].max() for a, b in runs] or [1.0])
    unit = float(np.median(peaks[peaks >= np.percentile(peaks, 40)])) if len(peaks) > 1 else 1.0
    spans = []
    for number, (a, b) in enumerate(runs):
        if peaks[number] < _LEAST_PEAK * unit or (b - a) / rate_hz < _LEAST_RUN_S:
            continue
        summit = a + int(np.argmax(smooth[a:b]))
        still = np.flatnonzero(smooth[a:summit] < _LEAST_FLOW * unit)
        start = a + int(still[-1]) if len(still) else a
        following = edges[edges > b]
        end = min(int(following[0]) if len(following) else len(smooth), b + int(4 * rate_hz))
        moving = np.flatnonzero(-smooth[b:end] > _LEAST_FLOW * unit)
        end = b + int(moving[-1]) + 1 if len(moving) else b
        spans.append((start / rate_hz, b / rate_hz, end / rate_hz))
    return Breaths(rate_hz, smooth / max(unit, 1e-9), np.array(spans).reshape(-1, 3))


def lay_events(
    rng: np.random.Generator,
    breaths: Breaths,
    scored: Sequence[Scored],
    absent: Sequence[Span],
    own: Sequence[PlannedEvent] = (),
) -> tuple[Curve, list[PlannedEvent], list[Span]]:
    """Return a gain over the flow, the events by breath number, and the obstructed spans.

    `own`: events that the flow holds already; they are kept as they are.
    """
    spans, rate_hz = breaths.spans, breaths.rate_hz
    curve = np.ones(len(breaths.flow))
    events = [e for e in own if not _away(_as_scored(breaths, e), absent)]
    obstructed = [
        (float(spans[e.before, 2]), float(spans[e.after, 0] - spans[e.before, 2]))
        for e in events
        if e.type in ("obstructive_apnea", "mixed_apnea")
    ]
    free = 2
    for item in scored:
        first = int(np.searchsorted(spans[:, 0], item.onset_s))
        if not free <= first < len(spans) or _away(item, absent):
            continue
        wanted_s = spans[first - 1, 2] + item.duration_s
        after = int(np.argmin(np.abs(spans[:, 0] - wanted_s)))
        if not first < after < len(spans) - 1:
            continue
        onset_s, end_s = spans[first - 1, 2], spans[after, 0]
        if end_s - onset_s < _PAUSE_S + 0.3 or end_s - onset_s > item.duration_s + 8:
            continue
        inside = slice(int(onset_s * rate_hz), int(end_s * rate_hz))
        curve[inside] = _depth(rng, item.type)
        if item.type == "hypopnea" and rng.random() < ranges.HYPOPNEA_SLOW_SHARE:
            entering = slice(inside.start, int(spans[first, 2] * rate_hz))
            curve[entering] = np.sqrt(curve[entering])  # half of the fall in the first breath
        _around(rng, curve, breaths, item.type, between=(first, after))
        events.append(PlannedEvent(SCORED_TYPES[item.type], first - 1, after))
        if item.type in ("obstructive", "mixed"):
            obstructed.append((onset_s, end_s - onset_s))
        free = after + 2
    return curve, sorted(events, key=lambda e: e.before), obstructed


def _as_scored(breaths: Breaths, event: PlannedEvent) -> Scored:
    onset_s, end_s = float(breaths.spans[event.before, 2]), float(breaths.spans[event.after, 0])
    return Scored(onset_s, end_s - onset_s, event.type)


def _depth(rng: np.random.Generator, kind: str) -> float:
    if kind == "hypopnea":
        return ranges.HYPOPNEA_FLOW.draw(rng)
    return ranges.APNEA_FLOW.draw(rng)


def _around(
    rng: np.random.Generator,
    curve: Curve,
    breaths: Breaths,
    kind: str,
    *,
    between: tuple[int, int],
) -> None:
    """Larger breaths after an event; waning before and waxing after a central one."""
    first, after = between
    rate_hz, spans = breaths.rate_hz, breaths.spans
    count = int(ranges.RECOVERY_BREATHS.draw(rng))
    peak = ranges.RECOVERY_FLOW.draw(rng) if rng.random() < ranges.RECOVERY_SHARE else 1.0
    for step in range(count):
        forward = min(after + step, len(spans) - 1)
        ahead = slice(int(spans[forward, 0] * rate_hz), int(spans[forward, 2] * rate_hz))
        curve[ahead] = 1 + (peak - 1) * (1 - step / count)
        if kind == "central":
            curve[ahead] = 0.4 + 0.7 * step / count
            back = max(0, first - 1 - step)
            behind = slice(int(spans[back, 0] * rate_hz), int(spans[back, 2] * rate_hz))
            curve[behind] *= 0.4 + 0.6 * step / count


def _away(item: Scored, absent: Sequence[Span]) -> bool:
    end_s = item.onset_s + item.duration_s
    return any(item.onset_s < s + d + 30 and end_s > s - 20 for s, d in absent)


def regularity(breaths: Breaths, duration_s: float) -> float:
    """Return how fit a stretch is: 0 at best, below -100 for no breathing at all."""
    spans = breaths.spans
    rate = 60 * len(spans) / duration_s
    if not _LEAST_RATE <= rate <= _MOST_RATE:
        return -100.0 - abs(rate - 15)
    pauses = int(np.sum(spans[1:, 0] - spans[:-1, 2] >= 0.9 * _PAUSE_S))
    return -float(np.std(np.diff(spans[:, 0]))) - 5.0 * pauses
