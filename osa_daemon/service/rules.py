"""The rules that scoring goes by, from the user's settings and the model's calibration."""

from osa_daemon.detector.expectation import Expectation
from osa_daemon.detector.model import Metadata
from osa_daemon.errors import ConfigError, ModelError
from osa_daemon.scoring.thresholds import ScoringSettings, Thresholds
from osa_daemon.settings.model import Settings

_LIMIT = "detection.max_false_events_per_night"


def scoring_settings(
    settings: Settings, metadata: Metadata, sensitivity: str | None = None
) -> ScoringSettings:
    """Return the rules; `sensitivity` overrides the settings' operating point.

    Raises:
        ConfigError: the model cannot keep `detection.max_false_events_per_night`, or does not
            say how often it errs.
        ModelError: the model has no thresholds for that sensitivity, or unusable ones.
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
    """Resolve: set by hand before a command's sensitivity before the limit before the setting."""
    chosen = sensitivity or settings.detection.sensitivity
    if chosen not in metadata.thresholds:
        raise ModelError(
            f'The model has no thresholds for the sensitivity "{chosen}"; it has some for '
            f"{', '.join(sorted(metadata.thresholds)) or 'none'}: install the model again."
        )
    thresholds = dict(metadata.thresholds[chosen])
    own = settings.detection.thresholds
    limit = settings.detection.max_false_events_per_night
    if own.event is not None:
        thresholds["event"] = own.event
    elif limit is not None and sensitivity is None:
        thresholds["event"] = _event_threshold(limit, metadata)
    if own.in_progress is not None:
        thresholds["in_progress"] = own.in_progress
        release = thresholds.get("release", Thresholds().release)
        thresholds["release"] = min(release, own.in_progress)
    return Thresholds.of(thresholds)


def _event_threshold(limit: float, metadata: Metadata) -> float:
    """Return the lowest threshold at which no more false events are expected in a night."""
    expectation = Expectation.of(metadata.calibration)
    if expectation is None:
        raise ConfigError(
            f"{_LIMIT} is {limit:g}, but this model does not say how often it errs: "
            "set it to null, or install a newer model."
        )
    threshold = expectation.false_events.lowest_within(limit)
    if threshold is None:
        least = expectation.false_events.values[-1]
        raise ConfigError(
            f"{_LIMIT} is {limit:g}, but this model is expected to make {least:.2g} in a night "
            f"even at its highest threshold, {expectation.false_events.thresholds[-1]:g}: "
            "allow more, or set it to null."
        )
    return threshold
