"""What the settings of detection mean, as `check-config` tells it."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from osa_daemon.detector.model import METADATA_KEY, Metadata, write_metadata
from osa_daemon.service.meaning import Meaning, meaning_of, metadata_of
from osa_daemon.settings.model import Settings

CALIBRATION: dict[str, Any] = {
    "night_h": 8.0,
    "events": [
        {"threshold": 0.4, "recall": 0.94, "false_per_night": 3.0},
        {"threshold": 0.8, "recall": 0.84, "false_per_night": 1.0},
    ],
    "in_progress": [
        {"threshold": 0.5, "told": 0.9, "false_alerts_per_night": 0.4},
        {"threshold": 0.9, "told": 0.7, "false_alerts_per_night": 0.0},
    ],
}
BOUNDED = {
    "night_h": 8.0,
    "events": [row | {"false_per_night_upper_95": 4.04} for row in CALIBRATION["events"]],
    "in_progress": [
        row | {"false_alerts_per_night_upper_95": 0.9986} for row in CALIBRATION["in_progress"]
    ],
}


def field(number: int, content: bytes) -> bytes:
    """A field of bytes as protobuf writes it."""
    length, size = bytearray(), len(content)
    while size >= 0x80:
        length.append(size & 0x7F | 0x80)
        size >>= 7
    return bytes([number << 3 | 2, *length, size]) + content


@pytest.fixture
def detector(tmp_path: Path) -> Path:
    """A model file that holds metadata and no network."""
    thresholds = {"balanced": {"event": 0.6, "in_progress": 0.7, "release": 0.35}}
    metadata = Metadata(75, (1, 2, 3), 384, 12, thresholds, "", {}, CALIBRATION)
    entries = write_metadata(metadata).items()
    content = b"".join(field(14, field(1, k.encode()) + field(2, v.encode())) for k, v in entries)
    path = tmp_path / "detector.onnx"
    path.write_bytes(content)
    return path


def detection(**values: object) -> Settings:
    """Settings of detection."""
    return Settings.model_validate({"detection": values})


def test_the_thresholds_in_force_are_rated(detector: Path):
    """Those of the sensitivity, here between measured ones."""
    meaning = meaning_of(Settings(), metadata_of(detector))
    assert meaning is not None
    assert (meaning.event_threshold, meaning.in_progress_threshold) == (0.6, 0.7)
    assert (meaning.recall, meaning.false_events) == pytest.approx((0.89, 2.0))
    assert (meaning.told, meaning.false_alerts) == pytest.approx((0.8, 0.2))


def test_thresholds_by_hand_are_rated(detector: Path):
    """What the user sets is what is told of."""
    meaning = meaning_of(detection(thresholds={"event": 0.8}), metadata_of(detector))
    assert meaning is not None
    assert (meaning.recall, meaning.false_events) == pytest.approx((0.84, 1.0))


def test_a_limit_is_told_as_what_it_leads_to(detector: Path):
    """The expected false events are the limit, where it binds."""
    meaning = meaning_of(detection(max_false_events_per_night=1.5), metadata_of(detector))
    assert meaning is not None
    assert meaning.false_events == pytest.approx(1.5, abs=0.01)


def test_a_limit_out_of_reach_is_told_as_what_it_leads_to(detector: Path):
    """Not the limit is expected, but the least that the model can do."""
    meaning = meaning_of(detection(max_false_events_per_night=0.2), metadata_of(detector))
    assert meaning is not None
    assert (meaning.event_threshold, meaning.false_events) == (0.8, 1.0)


def test_below_what_was_measured_it_is_at_least_so(detector: Path):
    """More is found and more is false than at the lowest threshold that was measured."""
    by_hand = detection(thresholds={"event": 0.05, "in_progress": 0.6})
    meaning = meaning_of(by_hand, metadata_of(detector))
    assert meaning is not None
    assert "finds at least 94 of 100" in meaning.sentence
    assert "at least 3.0 false events" in meaning.sentence
    assert "about 85 of 100 apneas show as a pause in progress" in meaning.sentence
    assert meaning.sentence.endswith(
        "The threshold 0.05 of events is below what was measured, which is 0.4 to 0.8."
    )


def test_above_what_was_measured_it_is_at_most_so(detector: Path):
    """Less is told and less is false than at the highest threshold that was measured."""
    meaning = meaning_of(detection(thresholds={"in_progress": 0.95}), metadata_of(detector))
    assert meaning is not None
    assert "at most 70 of 100 apneas show as a pause" in meaning.sentence
    assert "Alerts: about 0 false ones per night" in meaning.sentence
    assert meaning.sentence.endswith(
        "The threshold 0.95 of pauses in progress is above what was measured, which is 0.5 to 0.9."
    )


def test_what_was_measured_needs_no_words(detector: Path):
    """The ends of the range belong to it."""
    by_hand = detection(thresholds={"event": 0.4, "in_progress": 0.9})
    meaning = meaning_of(by_hand, metadata_of(detector))
    assert meaning is not None
    assert "was measured" not in meaning.sentence
    assert "at least" not in meaning.sentence


def test_the_meaning_is_told_in_words():
    """Found of 100, false in a night, both for events and for what is told at once."""
    sentence = Meaning(0.6, 0.7, 8.0, 0.888, 2.04, 0.8, 0.01).sentence
    assert "about 89 of 100 pauses and clear reductions that sound can find" in sentence
    assert "; about 2.0 false events per night of 8 h." in sentence
    assert "about 80 of 100 apneas show as a pause in progress." in sentence
    assert "Alerts: about 0 false ones per night." in sentence


def test_alerts_are_told_as_they_are_set(detector: Path):
    """Switched off there are none; at another length the measured ones are of another length."""
    settings = Settings.model_validate({"alerts": {"enabled": False}})
    meaning = meaning_of(settings, metadata_of(detector))
    assert meaning is not None
    assert "Alerts are switched off (alerts.enabled)." in meaning.sentence
    assert "false ones" not in meaning.sentence
    settings = Settings.model_validate({"alerts": {"after_s": 45}})
    meaning = meaning_of(settings, metadata_of(detector))
    assert meaning is not None
    assert "per night, measured for alerts after 30 s." in meaning.sentence


def test_many_false_events_are_told_without_decimals():
    """A simulation cannot vouch for them."""
    assert "about 12 false events" in Meaning(0.6, 0.7, 8.0, 0.9, 12.4, 0.8, 0.1).sentence


def test_what_is_false_is_told_with_its_bound(detector: Path):
    """No false alert in few nights promises none: how many there may be is told, rounded up."""
    bounded = replace(metadata_of(detector), calibration=BOUNDED)
    meaning = meaning_of(detection(thresholds={"in_progress": 0.9}), bounded)
    assert meaning is not None
    assert (
        "about 2.0 false events per night of 8 h, on average at most 4.1 (95 %). Wh"
        in meaning.sentence
    )
    assert "Alerts: about 0 false ones per night, on average at most 1 (95 %). (Mea" in (
        meaning.sentence
    )


def test_nothing_bounds_what_was_not_measured(detector: Path):
    """A lower threshold than was measured may err more; a higher one errs no more."""
    bounded = replace(metadata_of(detector), calibration=BOUNDED)
    meaning = meaning_of(detection(thresholds={"event": 0.05, "in_progress": 0.95}), bounded)
    assert meaning is not None
    assert "at least 3.0 false events per night of 8 h. While" in meaning.sentence
    assert "about 0 false ones per night, on average at most 1 (95 %)." in meaning.sentence


def test_a_model_without_bounds_tells_none(detector: Path):
    """An older one is read all the same."""
    meaning = meaning_of(Settings(), metadata_of(detector))
    assert meaning is not None
    assert "95 %" not in meaning.sentence


def test_many_are_bounded_without_decimals():
    """As what is expected is; it is rounded up."""
    sentence = Meaning(0.6, 0.7, 8.0, 0.9, 12.4, 0.8, 0.1, false_events_upper=17.2).sentence
    assert "about 12 false events per night of 8 h, on average at most 18 (95 %)." in sentence


def test_an_older_model_means_nothing_known(detector: Path):
    """Its file is read, and says nothing."""
    name = METADATA_KEY.encode()
    older = {"classes": ["audible", "breath", "apnea", "hypopnea", "snore", "gasp"]}
    older |= {"delay_frames": 75, "state_shape": [1, 2, 3], "encoder_width": 1, "level_width": 1}
    older |= {"thresholds": {"balanced": {}}, "encoder_sha256": "", "about": {}}
    detector.write_bytes(field(14, field(1, name) + field(2, json.dumps(older).encode())))
    assert meaning_of(Settings(), metadata_of(detector)) is None
