"""The rules of scoring from the settings and the model's calibration."""

import re
from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from osa_daemon.detector.model import Metadata
from osa_daemon.errors import ModelError
from osa_daemon.service.replay import rules_of
from osa_daemon.service.rules import never_loud, precedence, scoring_settings, shortfall
from osa_daemon.settings.model import Settings

CALIBRATION: dict[str, Any] = {
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


@pytest.mark.parametrize(("share", "release"), [({}, 0.35), ({"release_share": 0.8}, 0.56)])
def test_release_follows_an_own_threshold(share: dict[str, float], release: float):
    """It is what the expectation was measured with, not what the sensitivity has: it may rise."""
    own = Settings.model_validate({"detection": {"thresholds": {"in_progress": 0.7}}})
    of_model = metadata({"balanced": {"in_progress": 0.4, "release": 0.2}}, CALIBRATION | share)
    rules = scoring_settings(own, of_model)
    assert (rules.thresholds.in_progress, rules.thresholds.release) == (0.7, release)


def test_an_own_threshold_needs_no_release_of_the_model():
    """An older model has neither a release nor a share: half the threshold stands."""
    own = Settings.model_validate({"detection": {"thresholds": {"in_progress": 0.2}}})
    rules = scoring_settings(own, metadata({"balanced": {}}))
    assert (rules.thresholds.in_progress, rules.thresholds.release) == (0.2, 0.1)


def test_without_an_own_threshold_release_is_the_sensitivitys():
    """Both come from the same set."""
    of_model = metadata({"balanced": {"in_progress": 0.4, "release": 0.3}}, CALIBRATION)
    assert scoring_settings(Settings(), of_model).thresholds.release == 0.3


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


def test_a_limit_out_of_reach_is_kept_as_nearly_as_can_be():
    """A night is not lost over it: the threshold with the fewest false events is taken."""
    assert scoring_settings(limited(0.5), model()).thresholds.event == 0.8


def test_the_lowest_of_the_calmest_thresholds_is_taken():
    """What a higher one would only miss is not given up."""
    flat = {"threshold": 0.9, "recall": 0.1, "false_per_night": 1.0}
    calibration = CALIBRATION | {"events": [*CALIBRATION["events"], flat]}
    calm = metadata({"balanced": {}}, calibration)
    assert scoring_settings(limited(0.5), calm).thresholds.event == 0.8


def test_a_limit_out_of_reach_is_one_sentence():
    """It says what was asked, what is reached, with which threshold, and what to do."""
    told = shortfall(limited(0.5), model())
    assert told is not None
    assert re.search(r"is 0\.5, but .* to 1 at best, .* is 0\.8: allow 1 or more, or .* null", told)


@pytest.mark.parametrize("limit", [1.0, 3.0, 50.0])
def test_a_limit_within_reach_is_no_shortfall(limit: float):
    """What the model can keep needs no words."""
    assert shortfall(limited(limit), model()) is None


def test_what_is_told_to_allow_can_be_kept():
    """It is rounded to the safe side: who follows the sentence is not told another."""
    events = [{"threshold": 0.9, "recall": 0.9, "false_per_night": 1.23}]
    rough = metadata({"balanced": {}}, CALIBRATION | {"events": events})
    told = shortfall(limited(0.5), rough)
    assert told is not None
    assert "allow 1.3 or more" in told
    assert shortfall(limited(1.3), rough) is None


def test_a_limit_that_is_not_in_force_falls_short_of_nothing():
    """A threshold by hand and a command's sensitivity pass it."""
    assert shortfall(limited(0.5, event=0.3), model()) is None
    assert shortfall(limited(0.5), model(), "high") is None


def test_a_limit_needs_a_model_that_knows_its_errors():
    """An older model cannot keep what it does not know: the sensitivity stands, and it is told."""
    older = metadata({"balanced": {"event": 0.3}})
    assert scoring_settings(limited(3), older).thresholds.event == 0.3
    told = shortfall(limited(3), older)
    assert told is not None
    assert "does not say how often it errs" in told


@pytest.mark.parametrize(("sensitivity", "sentences"), [(None, 1), ("high", 0)])
def test_a_recording_is_heard_all_the_same(
    sensitivity: str | None, sentences: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    """`replay` and `evaluate` tell of a limit out of reach, unless a sensitivity passes it."""
    config = tmp_path / "config.yaml"
    config.write_text("detection: {max_false_events_per_night: 0.5}")
    args: Any = SimpleNamespace(config=config, sensitivity=sensitivity)
    models: Any = SimpleNamespace(detector=lambda: SimpleNamespace(metadata=model()))
    assert rules_of(args, models).thresholds.event == (0.25 if sensitivity else 0.8)
    assert capsys.readouterr().err.count("allow 1 or more") == sentences


def test_settings_that_pass_over_each_other_are_told():
    """A threshold by hand before the limit before the sensitivity; alerts know no limit."""
    chosen = {"detection.sensitivity"}
    assert precedence(limited(3, event=0.4), chosen) == (
        "Events go by detection.thresholds.event (not by detection.max_false_events_per_night or "
        "detection.sensitivity); pauses in progress and alerts go by detection.sensitivity."
    )
    assert precedence(limited(3), chosen) == (
        "Events go by detection.max_false_events_per_night (not by detection.sensitivity); pauses "
        "in progress and alerts go by detection.sensitivity."
    )
    by_hand = Settings.model_validate({"detection": {"thresholds": {"in_progress": 0.4}}})
    assert precedence(by_hand, chosen) == (
        "Events go by detection.sensitivity; pauses in progress and alerts go by "
        "detection.thresholds.in_progress (not by detection.sensitivity)."
    )


@pytest.mark.parametrize("settings", [Settings(), limited(3), limited(3, in_progress=0.4)])
def test_one_setting_passes_over_nothing(settings: Settings):
    """A sensitivity that nobody chose needs no note."""
    assert precedence(settings, set()) is None


@pytest.mark.parametrize(
    ("alerts", "monitoring", "is_told"),
    [
        ({}, {}, False),
        ({"quiet_hours": "22:00-06:00"}, {}, False),
        ({"quiet_hours": "22:00-06:00"}, {"hours": "22:00-06:00"}, True),
        ({"quiet_hours": "22:00-06:00"}, {"hours": "21:59-06:00"}, False),
        ({"quiet_hours": "22:00-06:00", "active_hours": "23:00-05:00"}, {}, True),
        (
            {"quiet_hours": "22:00-06:00", "active_hours": "20:00-08:00"},
            {"hours": "23:00-06:00"},
            True,
        ),
    ],
)
def test_quiet_hours_that_leave_nothing_are_told(
    alerts: dict[str, str], monitoring: dict[str, str], *, is_told: bool
) -> None:
    """Who takes them for the hours of sleep would never hear an ordinary alert."""
    settings = Settings.model_validate({"alerts": alerts, "monitoring": monitoring})
    assert (never_loud(settings) is not None) is is_told
