"""The rules that scoring goes by, from the user's settings and the model's calibration."""

from osa_daemon.detector.model import Metadata
from osa_daemon.errors import ModelError
from osa_daemon.scoring.thresholds import ScoringSettings, Thresholds
from osa_daemon.settings.model import Settings


def scoring_settings(
    settings: Settings, metadata: Metadata, sensitivity: str | None = None
) -> ScoringSettings:
    """Return the rules; `sensitivity` overrides the setting.

    Raises:
        ModelError: the model has no thresholds for that sensitivity, or unusable ones.
    """
    sensitivity = sensitivity or settings.detection.sensitivity
    if sensitivity not in metadata.thresholds:
        raise ModelError(
            f'The model has no thresholds for the sensitivity "{sensitivity}"; it has some for '
            f"{', '.join(sorted(metadata.thresholds)) or 'none'}: install the model again."
        )
    thresholds = dict(metadata.thresholds[sensitivity])
    own = settings.detection.thresholds
    if own.event is not None:
        thresholds["event"] = own.event
    if own.in_progress is not None:
        thresholds["in_progress"] = own.in_progress
        release = thresholds.get("release", Thresholds().release)
        thresholds["release"] = min(release, own.in_progress)
    alerts = settings.alerts
    return ScoringSettings(
        thresholds=Thresholds.of(thresholds),
        alerts=alerts.enabled,
        notice_s=alerts.notice_s,
        alert_after_s=alerts.after_s,
        urgent_s=alerts.urgent_s,
        alert_repeat_s=alerts.repeat_minutes * 60,
    )
