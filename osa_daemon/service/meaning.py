"""What the settings of detection mean: what can be expected of them, as `check-config` tells it."""

import math
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from osa_daemon.detector.expectation import Curve, Expectation
from osa_daemon.detector.model import Metadata, read_metadata
from osa_daemon.detector.properties import read_properties
from osa_daemon.scoring.thresholds import ScoringSettings
from osa_daemon.service.rules import scoring_settings
from osa_daemon.settings.model import Settings

UNKNOWN = "What this model can be expected to find is unknown: it says nothing of it."
MEASURED_AFTER_S = ScoringSettings().alert_after_s  # what the calibration was measured with
_BOUNDS = {"below": "at least", "within": "about", "above": "at most"}


@dataclass(frozen=True, slots=True)
class Meaning:
    """What can be expected of thresholds in a night of `night_h` hours.

    `recall`: share of the pauses found that sound can find; `told`: share of the apneas that are
    told while they last. `event_measured`, `in_progress_measured`: lowest and highest threshold
    that were measured. What is expected of one below is the least, of one above the most.
    `..._upper`: what is false at most, one-sided 95 %; None where an older model does not say.
    `alert_after_s`: length of a pause at which an alert is raised; None where none are.
    """

    event_threshold: float
    in_progress_threshold: float
    night_h: float
    recall: float
    false_events: float
    told: float
    false_alerts: float
    event_measured: tuple[float, float] = (0.0, 1.0)
    in_progress_measured: tuple[float, float] = (0.0, 1.0)
    false_events_upper: float | None = None
    false_alerts_upper: float | None = None
    alert_after_s: float | None = MEASURED_AFTER_S

    @property
    def sentence(self) -> str:
        """The meaning in words."""
        event = _side(self.event_threshold, self.event_measured)
        told = _side(self.in_progress_threshold, self.in_progress_measured)
        words = (
            f"Detection finds {_BOUNDS[event]} {self.recall * 100:.0f} of 100 pauses and clear "
            f"reductions that sound can find; {_count(self.false_events, event)} false events per "
            f"night of {self.night_h:g} h{_at_most(self.false_events_upper, event)}. "
            f"While they last, {_BOUNDS[told]} {self.told * 100:.0f} of 100 apneas show as a pause "
            f"in progress. {self._alerts(told)} "
            f"(Measured on simulated validation nights; the README's figures are of test nights, "
            f"and say how many long pauses are alerted. "
            f"Thresholds {self.event_threshold:g} and {self.in_progress_threshold:g}.)"
        )
        return words + "".join(
            f" The threshold {threshold:g} of {what} is {side} what was measured, which is "
            f"{measured[0]:g} to {measured[1]:g}."
            for what, threshold, side, measured in (
                ("events", self.event_threshold, event, self.event_measured),
                ("pauses in progress", self.in_progress_threshold, told, self.in_progress_measured),
            )
            if side != "within"
        )

    def _alerts(self, told: str) -> str:
        """The sentence on alerts."""
        if self.alert_after_s is None:
            return "Alerts are switched off (alerts.enabled)."
        other = self.alert_after_s != MEASURED_AFTER_S
        of = f", measured for alerts after {MEASURED_AFTER_S:g} s" if other else ""
        return (
            f"Alerts: {_count(self.false_alerts, told)} false ones per night"
            f"{_at_most(self.false_alerts_upper, told)}{of}."
        )


def metadata_of(detector: Path | None = None) -> Metadata:
    """Return what the model file `detector` (default: the package's own) says; loads no model.

    Raises:
        ModelError: the model file is missing or damaged.
    """
    path = detector or Path(str(files("osa_daemon") / "models" / "detector.onnx"))
    return read_metadata(read_properties(path), path)


def meaning_of(settings: Settings, metadata: Metadata) -> Meaning | None:
    """Return what the settings mean with a model; None where the model does not say.

    Raises:
        ModelError: what the model says cannot be used.
    """
    thresholds = scoring_settings(settings, metadata).thresholds
    expectation = Expectation.of(metadata.calibration)
    if expectation is None:
        return None
    return Meaning(
        event_threshold=thresholds.event,
        in_progress_threshold=thresholds.in_progress,
        night_h=expectation.night_h,
        recall=expectation.recall.at(thresholds.event),
        false_events=expectation.false_events.at(thresholds.event),
        told=expectation.told.at(thresholds.in_progress),
        false_alerts=expectation.false_alerts.at(thresholds.in_progress),
        event_measured=expectation.false_events.measured,
        in_progress_measured=expectation.told.measured,
        false_events_upper=_at(expectation.false_events_upper, thresholds.event),
        false_alerts_upper=_at(expectation.false_alerts_upper, thresholds.in_progress),
        alert_after_s=settings.alerts.after_s if settings.alerts.enabled else None,
    )


def _at(curve: Curve | None, threshold: float) -> float | None:
    return None if curve is None else curve.at(threshold)


def _side(threshold: float, measured: tuple[float, float]) -> str:
    lowest, highest = measured
    if threshold < lowest:
        return "below"
    return "above" if threshold > highest else "within"


def _count(expected: float, side: str) -> str:
    """Return a count with as many digits as a simulation can vouch for."""
    if expected < 0.05 and side != "below":
        return "about 0"
    words = f"{expected:.1f}" if expected < 9.95 else f"{expected:.0f}"
    return f"about {words} or fewer" if side == "above" else f"{_BOUNDS[side]} {words}"


def _at_most(upper: float | None, side: str) -> str:
    """Return the words on a bound, rounded up; none below what was measured: nothing bounds it."""
    if upper is None or side == "below":
        return ""
    up = math.ceil(round(upper * 10, 6)) / 10
    return f", on average at most {up if up < 10 else math.ceil(up):g} (95 %)"
