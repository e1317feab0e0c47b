"""The rules that scoring goes by, from the user's settings and the model's calibration."""

import math
from collections.abc import Collection
from dataclasses import replace
from datetime import time

from osa_daemon.detector.expectation import Expectation, release_of
from osa_daemon.detector.model import Metadata
from osa_daemon.errors import ModelError
from osa_daemon.scoring.thresholds import ScoringSettings, Thresholds
from osa_daemon.settings.load import Loaded
from osa_daemon.settings.model import Settings

_LIMIT = "detection.max_false_events_per_night"
_SENSITIVITY = "detection.sensitivity"
_EVENT = "detection.thresholds.event"
_IN_PROGRESS = "detection.thresholds.in_progress"


def scoring_settings(
    settings: Settings, metadata: Metadata, sensitivity: str | None = None
) -> ScoringSettings:
    """Return the rules; `sensitivity` overrides the settings' operating point.

    A limit that the model cannot keep is kept as nearly as it can: `shortfall` tells of it.

    Raises:
        ModelError: the model has no thresholds for that sensitivity, or unusable ones, or a
            calibration that cannot be read.
    """
    alerts = settings.alerts
    return ScoringSettings(
        thresholds=_thresholds(settings, metadata, sensitivity),
        alerts=alerts.enabled,
        notice_s=alerts.notice_s,
        alert_after_s=alerts.after_s,
        urgent_s=alerts.urgent_s,
        alert_repeat_s=alerts.repeat_minutes * 60,
    )


def _thresholds(settings: Settings, metadata: Metadata, sensitivity: str | None) -> Thresholds:
    """Resolve: set by hand before a command's sensitivity before the limit before the setting.

    With `in_progress` set by hand goes the `release` that its expectation was measured with.
    """
    chosen = sensitivity or settings.detection.sensitivity
    if chosen not in metadata.thresholds:
        raise ModelError(
            f'The model has no thresholds for the sensitivity "{chosen}"; it has some for '
            f"{', '.join(sorted(metadata.thresholds)) or 'none'}: install the model again."
        )
    thresholds = dict(metadata.thresholds[chosen])
    own = settings.detection.thresholds
    limit = None if sensitivity else _limit_in_force(settings)
    expectation = None if limit is None else Expectation.of(metadata.calibration)
    if own.event is not None:
        thresholds["event"] = own.event
    elif limit is not None and expectation is not None:
        thresholds["event"] = _nearest(limit, expectation)
    if own.in_progress is not None:
        thresholds["in_progress"] = own.in_progress
        thresholds["release"] = release_of(own.in_progress, metadata.calibration)
    return Thresholds.of(thresholds)


def _limit_in_force(settings: Settings) -> float | None:
    """Return the limit of false events; None where there is none or a threshold passes it."""
    detection = settings.detection
    if detection.thresholds.event is not None:
        return None
    return detection.max_false_events_per_night


def _nearest(limit: float, expectation: Expectation) -> float:
    """Return the lowest threshold with no more false events, or else with the fewest there are."""
    curve = expectation.false_events
    threshold = curve.lowest_within(max(limit, curve.values[-1]))
    return curve.thresholds[-1] if threshold is None else threshold


def shortfall(settings: Settings, metadata: Metadata, sensitivity: str | None = None) -> str | None:
    """Return the sentence on a limit in force that the model cannot keep; None where it can.

    `sensitivity` as of `scoring_settings`: with one, the limit is not in force.
    """
    limit = None if sensitivity else _limit_in_force(settings)
    if limit is None:
        return None
    expectation = Expectation.of(metadata.calibration)
    if expectation is None:
        return (
            f"{_LIMIT} is {limit:g}, but this model does not say how often it errs, so that "
            f"{_SENSITIVITY} sets the threshold of events: set the limit to null, or install a "
            "newer model."
        )
    curve = expectation.false_events
    if curve.lowest_within(limit) is not None:
        return None
    least = math.ceil(round(curve.values[-1] * 10, 6)) / 10  # what is told can be set
    return (
        f"{_LIMIT} is {limit:g}, but this model can be expected to keep to {least:g} at best, so "
        f"that its threshold of events is {_nearest(limit, expectation):g}: allow {least:g} or "
        "more, or set the limit to null."
    )


def with_shortfall(loaded: Loaded, metadata: Metadata) -> Loaded:
    """Return `loaded` with the shortfall, if there is one, first among its warnings."""
    told = shortfall(loaded.settings, metadata)
    return loaded if told is None else replace(loaded, warnings=(told, *loaded.warnings))


def precedence(settings: Settings, given: Collection[str]) -> str | None:
    """Return the sentence on which of several settings of detection wins; None without several.

    `given`: dotted keys that a file or an override sets; `sensitivity` always has a value.
    """
    detection = settings.detection
    by_hand, limit = detection.thresholds, detection.max_false_events_per_night
    chosen = [_SENSITIVITY] * (_SENSITIVITY in given)
    events = [_EVENT] * (by_hand.event is not None) + [_LIMIT] * (limit is not None) + chosen
    told = [_IN_PROGRESS] * (by_hand.in_progress is not None) + chosen
    if len(events) < 2 and len(told) < 2:
        return None
    return f"Events go by {_ranked(events)}; pauses in progress and alerts go by {_ranked(told)}."


def never_loud(settings: Settings) -> str | None:
    """Return the sentence on quiet hours that leave no time for an alert that is not urgent.

    None where there is such a time, or no quiet hours.
    """
    alerts = settings.alerts
    quiet, active, listens = alerts.quiet_span(), alerts.active_span(), settings.monitoring.span()
    if quiet is None:
        return None
    minutes = (time(minute // 60, minute % 60) for minute in range(24 * 60))
    for minute in minutes:
        is_open = (active is None or minute in active) and (listens is None or minute in listens)
        if is_open and minute not in quiet:
            return None
    return (
        f"alerts.quiet_hours ({alerts.quiet_hours}) cover all of the time in which alerts could be "
        "raised: a pause raises none before it is urgent. They are not the hours of sleep."
    )


def _ranked(keys: list[str]) -> str:
    """Return which setting is in force, and which others, given too, have no say in it."""
    first, *others = keys or [_SENSITIVITY]
    return f"{first} (not by {' or '.join(others)})" if others else first
