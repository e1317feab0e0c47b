"""A judged night: rows of frames, alerts with the time they were raised, truth that counts."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from osa_daemon.evaluation.corpora.nights import read_night
from osa_daemon.evaluation.night import FRAME_RATE_HZ, JudgedNight
from osa_daemon.evaluation.reference import ReferenceNight, truth_of
from osa_daemon.scoring.thresholds import ScoringSettings
from osa_daemon.service.judge import judge, names_of
from osa_daemon.service.models import load_models
from osa_daemon.service.rules import scoring_settings
from osa_daemon.settings.model import Settings


@pytest.fixture(scope="module")
def reference(data: Path) -> ReferenceNight:
    """The short bundled night: 165 s, three events."""
    return read_night(data / "short.ogg")


@pytest.fixture(scope="module")
def rules() -> ScoringSettings:
    """The rules of the default settings."""
    return scoring_settings(Settings(), load_models().detector().metadata)


@pytest.fixture(scope="module")
def night(reference: ReferenceNight, rules: ScoringSettings) -> JudgedNight:
    """It, judged."""
    return judge(reference, load_models(), rules)


def test_every_frame_has_its_row(night: JudgedNight):
    """Five a second, all columns of one length, to the end of the sound."""
    rows = night.rows
    assert rows.audible is not None
    columns = (rows.audible, rows.monitorable, rows.p_audible, rows.p_apnea, rows.p_hypopnea)
    assert {len(column) for column in columns} == {165 * FRAME_RATE_HZ}


def test_delayed_readings_stand_at_the_frame_that_they_tell_of(night: JudgedNight):
    """Inside the longest pause the probability of an apnea is high, 5 s outside of it low."""
    pause = max(night.truth, key=lambda span: span.duration_s)
    onset, end = int(pause.onset_s * FRAME_RATE_HZ), int(pause.end_s * FRAME_RATE_HZ)
    inside = night.rows.p_apnea[onset + 10 : end - 10]
    outside = np.r_[
        night.rows.p_apnea[onset - 40 : onset - 25], night.rows.p_apnea[end + 25 : end + 40]
    ]
    assert inside.mean() > 0.8
    assert outside.mean() < 0.2


def test_the_last_readings_are_there_too(night: JudgedNight):
    """The last event ends 16 s before the end, within the detector's delay: it was read."""
    last = night.truth[-1]
    inside = slice(int(last.onset_s * FRAME_RATE_HZ), int(last.end_s * FRAME_RATE_HZ))
    assert (night.rows.p_apnea + night.rows.p_hypopnea)[inside].mean() > 0.5


def test_an_alert_has_the_time_at_which_it_was_known(night: JudgedNight, rules: ScoringSettings):
    """Not before the pause has lasted `after_s`, and the chain's own delay is part of it."""
    [alert] = [alert for alert in night.alerts if not alert.urgent]
    assert alert.at_s - alert.since_s > rules.alert_after_s
    assert alert.at_s - alert.since_s < rules.alert_after_s + 5


def test_unknown_audible_time_stays_unknown(reference: ReferenceNight, rules: ScoringSettings):
    """Without NAME.audible.csv there is no true mask."""
    unknown = judge(replace(reference, audible=None), load_models(), rules)
    assert unknown.rows.audible is None


def test_facts_say_which_events_count(reference: ReferenceNight):
    """`counts` of NAME.json is believed; without it the audible spans decide."""
    told = [{"onset_s": span.onset_s, "counts": False} for span in reference.events]
    untold = replace(reference, facts={"events": [{"onset_s": 1}, "no row"]})
    assert [span.counts for span in truth_of(untold)] == [True] * 3
    denied = replace(reference, facts={"events": told[:1]})
    assert [span.counts for span in truth_of(denied)] == [False, True, True]


def test_nights_of_one_name_are_told_apart(reference: ReferenceNight):
    """The stem is enough for most; else the file's name, else its path."""
    paths = ("x/a.wav", "x/b.wav", "x/b.ogg", "y/c.wav", "z/c.wav")
    nights = [replace(reference, sound=Path(path)) for path in paths]
    assert names_of(nights) == ["a", "b.wav", "b.ogg", "y/c.wav", "z/c.wav"]
