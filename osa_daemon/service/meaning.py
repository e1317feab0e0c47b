"""What the settings of detection mean: what can be expected of them, as `check-config` tells it."""

from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from osa_daemon.detector.expectation import Expectation
from osa_daemon.detector.model import read_metadata
from osa_daemon.detector.properties import read_properties
from osa_daemon.service.rules import scoring_settings
from osa_daemon.settings.model import Settings

UNKNOWN = "What this model can be expected to find is unknown: it says nothing of it."


@dataclass(frozen=True, slots=True)
class Meaning:
    """What can be expected of thresholds in a night of `night_h` hours.

    `recall`: share of the pauses found that sound can find; `told`: share of the apneas that are
    told while they last.
    """

    event_threshold: float
    in_progress_threshold: float
    night_h: float
    recall: float
    false_events: float
    told: float
    false_alerts: float

    @property
    def sentence(self) -> str:
        """The meaning in words."""
        return (
            f"Detection finds about {self.recall * 100:.0f} of 100 pauses that sound can find; "
            f"{_count(self.false_events)} false events per night of {self.night_h:g} h. "
            f"It tells of about {self.told * 100:.0f} of 100 apneas while they last; "
            f"{_count(self.false_alerts)} false alerts per night. (Simulated nights; thresholds "
            f"{self.event_threshold:g} and {self.in_progress_threshold:g}.)"
        )


def meaning_of(settings: Settings, detector: Path | None = None) -> Meaning | None:
    """Return what the settings mean with the model file `detector` (default: the package's own).

    None where the model does not say. Loads no model: only its metadata is read.

    Raises:
        ConfigError: the model cannot do what the settings ask for.
        ModelError: the model file is missing or damaged.
    """
    path = detector or Path(str(files("osa_daemon") / "models" / "detector.onnx"))
    metadata = read_metadata(read_properties(path), path)
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
    )


def _count(expected: float) -> str:
    """Return a count with as many digits as a simulation can vouch for."""
    if expected < 0.05:
        return "fewer than 0.1"
    return f"about {expected:.1f}" if expected < 9.95 else f"about {expected:.0f}"
