"""What scoring makes of validation nights at every threshold of a grid, counted."""

from collections.abc import Sequence
from dataclasses import astuple, dataclass
from typing import Self

import numpy as np
from joblib import Parallel, delayed
from numpy.typing import NDArray

from osa_daemon.detector.frame import Delayed, Frame
from osa_daemon.evaluation.figures.alerts import Policy, false_among
from osa_daemon.evaluation.figures.matched import QUIET_SNR_DB
from osa_daemon.evaluation.night import Raised
from osa_daemon.features.features import FRAME_RATE_HZ
from osa_daemon.scoring.event import Alert, AlertLevel, Event, Progress
from osa_daemon.scoring.matching import Span, match
from osa_daemon.scoring.scorer import Scorer
from osa_daemon.scoring.thresholds import ScoringSettings, Thresholds
from osa_daemon.training.detector.home import Stratum
from osa_daemon.training.detector.judge import Reading, known_at

# 0.1 … 0.95 and on to 0.99, which settings allow: few false events are asked for up there
GRID = (*(round(0.1 + 0.05 * step, 2) for step in range(18)), 0.96, 0.97, 0.98, 0.99)
LEAST_TOLD_S = 12.0  # shorter ones may be over before the state could turn
RELEASE_SHARE = 0.5  # of the threshold at which a pause in progress began

Spans = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Counts:
    """What one threshold led to, as threshold of events and of pauses in progress alike.

    Decided events: `found` and `missed` of those that count, `false`. Apneas of at least
    `LEAST_TOLD_S` that count: `told` while they lasted (the state was ON) and `untold`.
    `false_on`: runs of ON that touch no scored event; `false_alerts`: alerts that the model card
    counts as false, on the same rule: early ones and those on short events too.
    """

    found: int = 0
    missed: int = 0
    false: int = 0
    told: int = 0
    untold: int = 0
    false_on: int = 0
    false_alerts: int = 0

    def __add__(self, other: Self) -> Self:
        return type(self)(*(a + b for a, b in zip(astuple(self), astuple(other), strict=True)))


@dataclass(frozen=True, slots=True)
class Tally:
    """One night: what it is, how long (h), and its counts at each threshold of `GRID`."""

    stratum: Stratum
    hours: float
    is_quiet: bool
    is_eventless: bool
    counts: tuple[Counts, ...]


def tally(
    readings: Sequence[Reading], jobs: int = 2, audible: float = Thresholds().audible
) -> list[Tally]:
    """Score each night once at each threshold, in `jobs` processes.

    `audible`: the threshold of audibility, the same throughout.
    """
    work = (delayed(_counts)(r.frames, r.rest, r.night.events, audible) for r in readings)
    counts = Parallel(n_jobs=jobs)(work)
    return [_tally(r, of_night) for r, of_night in zip(readings, counts, strict=True)]


def _tally(reading: Reading, counts: tuple[Counts, ...]) -> Tally:
    facts, events = reading.night.facts, reading.night.events
    # nights that were no simulation may know neither kind nor noise
    severity = str(facts.get("severity", "mild" if events else "none"))
    stratum = Stratum(str(facts.get("kind", "events" if events else "quiet")), severity)
    snr_db = facts.get("snr_db")
    return Tally(
        stratum,
        len(reading.frames) / FRAME_RATE_HZ / 3600,
        snr_db is None or float(snr_db) >= QUIET_SNR_DB,
        severity == "none" or not any(counts for *_, counts in events),
        counts,
    )


def _counts(
    frames: Sequence[Frame],
    rest: Sequence[Delayed],
    truth: Sequence[tuple[float, float, str, bool]],
    audible: float,
) -> tuple[Counts, ...]:
    spans = [Span(*event) for event in truth]
    return tuple(_count(frames, rest, spans, _thresholds(at, audible)) for at in GRID)


def _thresholds(at: float, audible: float) -> Thresholds:
    return Thresholds(event=at, in_progress=at, release=at * RELEASE_SHARE, audible=audible)


def _count(
    frames: Sequence[Frame],
    rest: Sequence[Delayed],
    truth: Sequence[Span],
    thresholds: Thresholds,
) -> Counts:
    """Score a night and compare with its truth."""
    settings = ScoringSettings(thresholds)
    scorer = Scorer(settings, str)
    events: list[Event] = []
    raised: list[Raised] = []
    states = np.zeros(len(frames) + 2, np.int8)
    for number, frame in enumerate(frames):
        scored = scorer.push(frame)
        states[number + 1] = scored.progress is Progress.ON
        events += scored.events
        raised += (_raised(frame, alert) for alert in scored.alerts if _is_loud(alert))
    events += scorer.finish(rest).events
    matches = match([Span(e.onset_s, e.duration_s, e.type) for e in events], truth)
    runs = np.flatnonzero(np.diff(states)).reshape(-1, 2) / FRAME_RATE_HZ
    times = np.array([(t.onset_s, t.end_s) for t in truth]).reshape(-1, 2)
    meets = _meet(runs, times)
    asked = np.array([_must_be_told(span) for span in truth], np.bool_)
    told = meets.any(axis=0)
    policy = Policy(settings.alert_after_s, settings.alert_repeat_s)
    return Counts(
        found=len(matches.pairs),
        missed=len(matches.missed),
        false=len(matches.false),
        told=int((told & asked).sum()),
        untold=int((~told & asked).sum()),
        false_on=int((~meets.any(axis=1)).sum()),
        false_alerts=false_among(raised, truth, policy),
    )


def _raised(frame: Frame, alert: Alert) -> Raised:
    urgent = alert.level is AlertLevel.URGENT
    return Raised(known_at(frame.index), alert.since_s, urgent=urgent)


def _is_loud(alert: Alert) -> bool:
    return alert.active and alert.level is not AlertLevel.NOTICE and alert.kind == "apnea"


def _must_be_told(span: Span) -> bool:
    return span.counts and span.type != "hypopnea" and span.duration_s >= LEAST_TOLD_S


def _meet(some: Spans, others: Spans) -> NDArray[np.bool_]:
    """Return which of (n, 2) and (m, 2) spans overlap, (n, m)."""
    return (some[:, None, 0] < others[None, :, 1]) & (some[:, None, 1] > others[None, :, 0])
