"""Alerts: whether an apnea that passes the threshold is alerted, how late, and what is false."""

from bisect import bisect_left
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from osa_daemon.evaluation.bootstrap import Floats, interval, quantile, weights_of
from osa_daemon.evaluation.figures.matched import MatchedNight, hours_of, is_apnea, people_of
from osa_daemon.evaluation.night import JudgedNight, Raised
from osa_daemon.scoring.matching import Span

EARLY_S = 2.0  # an alert earlier than this before it is due is false
LATE_S = 10.0  # after the end of the apnea it may still be told: breath is heard within 5 s of it
WITHIN_S = 8.0
CLEAR_S = 2.0  # an apnea that passes the threshold by this much is past every doubt


@dataclass(frozen=True, slots=True)
class Policy:
    """When an alert is due (s of pause), and how long (s) the policy holds the next one back."""

    after_s: float = 30.0
    repeat_s: float = 600.0


@dataclass(frozen=True, slots=True)
class Due:
    """An apnea that passes the threshold: when its alert is due, and what came of it.

    `delay_s`: of its alert against `due_s`, inf where none came; `held_back`: by the policy.
    """

    apnea: Span
    due_s: float
    delay_s: float
    held_back: bool


def dues_of(night: JudgedNight, policy: Policy) -> list[Due]:
    """Return the true counted apneas of a night that are longer than `after_s`."""
    alerts = sorted(night.alerts, key=lambda alert: alert.at_s)
    times = [alert.at_s for alert in alerts]
    dues = []
    for span in night.truth:
        if not (span.counts and is_apnea(span) and span.duration_s > policy.after_s):
            continue
        due_s = span.onset_s + policy.after_s
        at = bisect_left(times, due_s - EARLY_S)
        answered = at < len(times) and times[at] <= span.end_s + LATE_S
        # what was told too early of this very apnea does not excuse it
        before = [a.at_s for a in alerts[:at] if (a.since_s + a.at_s) / 2 < span.onset_s]
        held_back = bool(before) and due_s - before[-1] < policy.repeat_s
        delay_s = times[at] - due_s if answered else np.inf
        dues.append(Due(span, due_s, delay_s, held_back))
    return dues


def _meets(alert: Raised, span: Span) -> bool:
    """Return whether most of what the alert tells of is inside the span."""
    both = min(alert.at_s, span.end_s) - max(alert.since_s, span.onset_s)
    return both > (alert.at_s - alert.since_s) / 2


def verdicts_of(night: JudgedNight, policy: Policy) -> list[str]:
    """Return for each alert of a night what it is, as `verdicts` says it."""
    return verdicts(night.alerts, night.truth, policy)


def verdicts(raised: Sequence[Raised], truth: Sequence[Span], policy: Policy) -> list[str]:
    """Return for each alert, in order of time, what it is beside the scored events.

    `right`: on an apnea that passes the threshold; `again`: on the same one (urgent after alert);
    `uncounted`: on a scored event that sound cannot find; false ones are `early` (more than 2 s
    before it is due), `other event` (a hypopnea, or an apnea that stays below the threshold) and
    `no event`.
    """
    found: list[str] = []
    answered: set[int] = set()
    for alert in sorted(raised, key=lambda one: one.at_s):
        verdict, span = _verdict(alert, truth, policy)
        if verdict == "right":
            verdict = "again" if id(span) in answered else "right"
            answered.add(id(span))
        found.append(verdict)
    return found


def _verdict(alert: Raised, truth: Sequence[Span], policy: Policy) -> tuple[str, Span | None]:
    for span in truth:
        due_s = span.onset_s + policy.after_s
        passes = span.counts and is_apnea(span) and span.duration_s > policy.after_s
        if passes and due_s - EARLY_S <= alert.at_s <= span.end_s + LATE_S:
            return "right", span
    met = [span for span in truth if _meets(alert, span)]
    if any(not span.counts for span in met):
        return "uncounted", None
    long = [s for s in met if is_apnea(s) and s.duration_s > policy.after_s]
    if long:
        return "early", long[0]
    return ("other event" if met else "no event"), None


FALSE = ("early", "other event", "no event")


def false_alerts(night: JudgedNight, policy: Policy | None = None) -> int:
    """Return how many alerts of a night are false."""
    return false_among(night.alerts, night.truth, policy or Policy())


def false_among(raised: Sequence[Raised], truth: Sequence[Span], policy: Policy) -> int:
    """Return how many alerts are false beside the scored events."""
    return sum(verdict in FALSE for verdict in verdicts(raised, truth, policy))


def alert_figures(nights: Sequence[MatchedNight], policy: Policy) -> dict[str, Any]:
    """Return delay (s after onset + `after_s`), share alerted, and what the alerts were.

    An apnea without its alert has an endless delay: it counts in median and percentile, which
    are None where they are endless. Repeats that the policy holds back are left out.
    """
    every = [(due, at) for at, one in enumerate(nights) for due in dues_of(one.night, policy)]
    told = [(due, at) for due, at in every if not due.held_back]
    kinds = Counter(v for one in nights for v in verdicts_of(one.night, policy))
    false = sum(kinds[name] for name in FALSE)
    hours = hours_of(nights)
    drawn = weights_of(people_of(nights)) if nights else np.ones((1, 0))
    return {
        "after_s": policy.after_s,
        "repeat_s": policy.repeat_s,
        "nights": len(nights),
        "hours": hours,
        "apneas": len(every),
        "held_back": len(every) - len(told),
        **_delay_figures([due for due, _ in told], drawn[:, [at for _, at in told]], policy),
        "alerts": {name: kinds[name] for name in sorted(kinds)},
        "false": false,
        "false_per_8h": false / hours * 8 if hours else None,
    }


def _delay_figures(dues: Sequence[Due], weights: Floats, policy: Policy) -> dict[str, Any]:
    delays = np.array([due.delay_s for due in dues], np.float64)
    came = np.isfinite(delays)
    clear = [due for due in dues if due.apnea.duration_s >= policy.after_s + CLEAR_S]
    return {
        "due": len(dues),
        "alerted": int(came.sum()),
        "share_alerted": float(came.mean()) if len(dues) else None,
        "share_within_8_s": float((delays <= WITHIN_S).mean()) if len(dues) else None,
        "clear": len(clear),
        "clear_alerted": sum(bool(np.isfinite(due.delay_s)) for due in clear),
        "median_s": _finite(quantile(delays, 0.5)),
        "median_s_95": _finite_pair(quantile(delays, 0.5, weights)),
        "percentile_95_s": _finite(quantile(delays, 0.95)),
        "percentile_95_s_95": _finite_pair(quantile(delays, 0.95, weights)),
        "of_alerted": {
            "median_s": _finite(quantile(delays[came], 0.5)),
            "percentile_95_s": _finite(quantile(delays[came], 0.95)),
        },
        "delays_s": [float(delay) for delay in np.sort(delays[came])],
    }


def _finite(value: Floats) -> float | None:
    return float(value[0]) if np.isfinite(value[0]) else None


def _finite_pair(values: Floats) -> list[float | None] | None:
    pair = interval(values)
    return None if pair is None else [v if np.isfinite(v) else None for v in pair]
