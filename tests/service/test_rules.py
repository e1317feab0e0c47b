"""The rules of scoring from the settings and the model's calibration."""

from collections.abc import Mapping

import pytest

from osa_daemon.detector.model import Metadata
from osa_daemon.errors import ModelError
from osa_daemon.service.rules import scoring_settings
from osa_daemon.settings.model import Settings


def metadata(thresholds: Mapping[str, Mapping[str, float]]) -> Metadata:
    """A model with these thresholds."""
    return Metadata(75, (1, 2, 3), 384, 12, thresholds, "", {})


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
