"""The rules of scoring from the settings and the model's calibration."""

from collections.abc import Mapping
from typing import Any

import pytest

from osa_daemon.detector.model import Metadata
from osa_daemon.errors import ConfigError, ModelError
from osa_daemon.service.rules import scoring_settings
from osa_daemon.settings.model import Settings

CALIBRATION = {
    "night_h": 8.0,
    "events": [
        {"threshold": 0.2, "recall": 0.95, "false_per_night": 9.0},
        {"threshold": 0.4, "recall": 0.9, "false_per_night": 5.0},
        {"threshold": 0.8, "recall": 0.7, "false_per_night": 1.0},
    ],
    "in_progress": [{"threshold": 0.5, "told": 0.9, "false_alerts_per_night": 0.1}],
}


def metadata(
    thresholds: Mapping[str, Mapping[str, float]], calibration: Mapping[str, Any] | None = None
) -> Metadata:
    """A model with these thresholds."""
    return Metadata(75, (1, 2, 3), 384, 12, thresholds, "", {}, calibration or {})


def limited(limit: float, **thresholds: float) -> Settings:
    """Settings with a limit of false events, and thresholds by hand."""
    detection = {"max_false_events_per_night": limit, "thresholds": thresholds}
    return Settings.model_validate({"detection": detection})


def model() -> Metadata:
    """A model that says what its thresholds lead to."""
    return metadata({"balanced": {"event": 0.3}, "high": {"event": 0.25}}, CALIBRATION)


def test_the_sensitivity_chooses_the_thresholds():
    """The setting is `balanced`; a command's own sensitivity passes it."""
    model = metadata({"balanced": {"event": 0.4}, "high": {"event": 0.2}})
    assert scoring_settings(Settings(), model).thresholds.event == 0.4
    assert scoring_settings(Settings(), model, "high").thresholds.event == 0.2


def test_a_sensitivity_that_the_model_lacks_is_one_sentence():
    """It names the sensitivity and those that the model has."""
    with pytest.raises(ModelError, match='"high"; it has some for balanced, low'):
        scoring_settings(Settings(), metadata({"low": {}, "balanced": {}}), "high")
    with pytest.raises(ModelError, match='"balanced"; it has some for none'):
        scoring_settings(Settings(), metadata({}))


def test_an_own_threshold_needs_no_release_of_the_model():
    """A threshold that the model leaves out is the default, and release never above the own one."""
    own = {"detection": {"thresholds": {"in_progress": 0.2}}}
    rules = scoring_settings(Settings.model_validate(own), metadata({"balanced": {}}))
    assert (rules.thresholds.in_progress, rules.thresholds.release) == (0.2, 0.2)


def test_a_limit_of_false_events_sets_the_threshold():
    """It is the lowest that is expected to keep the limit, in place of the sensitivity's."""
    assert scoring_settings(limited(3), model()).thresholds.event == pytest.approx(0.6)
    assert scoring_settings(limited(20), model()).thresholds.event == 0.2


def test_a_threshold_by_hand_passes_the_limit():
    """Who sets a threshold means it."""
    assert scoring_settings(limited(3, event=0.33), model()).thresholds.event == 0.33


def test_a_commands_sensitivity_passes_the_limit():
    """What is asked for on the command line holds for that one command."""
    assert scoring_settings(limited(3), model(), "high").thresholds.event == 0.25


def test_a_limit_out_of_reach_is_one_sentence():
    """It says what can be reached."""
    with pytest.raises(ConfigError, match=r"per_night is 0\.5, but .* 1 in a night .* 0\.8: allow"):
        scoring_settings(limited(0.5), model())


def test_a_limit_needs_a_model_that_knows_its_errors():
    """An older model cannot keep what it does not know."""
    with pytest.raises(ConfigError, match="does not say how often it errs: set it to null"):
        scoring_settings(limited(3), metadata({"balanced": {}}))
