"""The envelope rule and the search for its numbers."""

from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("torch")

from osa_daemon.training.detector.baselines.choice import matches_of, point_of
from osa_daemon.training.detector.baselines.envelope import EnvelopeRule, judge, late_level
from osa_daemon.training.detector.baselines.search import search
from osa_daemon.training.detector.corpus import FeatureNight
from tests.training.detector.baselines.nights import night_of

pytestmark = pytest.mark.train

PAUSES = ((120.0, 20.0), (240.0, 32.0), (400.0, 16.0))


def types_of(night: FeatureNight, rule: EnvelopeRule | None = None) -> list[str]:
    """Types of what the rule decides."""
    return [event.span.type for event in judge(night, rule or EnvelopeRule()).decided]


def test_pauses_between_breaths_are_found():
    """Each pause of at least 10 s is one apnea, at its place."""
    judged = judge(night_of(pauses=PAUSES), EnvelopeRule())
    matches = matches_of(judged)
    assert len(matches.pairs) == len(PAUSES)
    assert not matches.false
    assert {event.span.type for event in judged.decided} == {"apnea"}
    assert judged.rows.p_apnea[130 * 5] == 1


def test_steady_breathing_holds_nothing():
    """A night without pauses has no event, and is monitorable after its first breaths."""
    judged = judge(night_of(), EnvelopeRule())
    assert not judged.decided
    assert judged.rows.monitorable[60 * 5 :].all()


def test_faint_breaths_are_a_hypopnea():
    """Breaths 9 dB fainter for 24 s are one hypopnea; without such a rule there is none."""
    night = night_of(faint=((200.0, 24.0),))
    assert types_of(night) == ["hypopnea"]
    assert types_of(night, EnvelopeRule(drop_db=np.inf)) == []


def test_short_pauses_are_no_events():
    """A pause shorter than 10 s is left alone."""
    assert types_of(night_of(pauses=((200.0, 4.0),))) == []


def test_an_empty_room_is_silent():
    """Without breaths around it, silence is no pause and cannot be monitored."""
    judged = judge(night_of(pauses=((0.0, 600.0),)), EnvelopeRule())
    assert not judged.decided
    assert not judged.rows.monitorable.any()


def test_lost_sound_is_no_pause():
    """A gap in the recording does not become an event."""
    night = night_of(pauses=((200.0, 20.0),))
    valid = night.features.valid.copy()
    valid[205 * 5 : 215 * 5] = False
    assert types_of(replace(night, features=replace(night.features, valid=valid))) == []


def test_a_long_pause_is_alerted_once():
    """A pause of more than 30 s raises one alert 30 s after its onset."""
    (alert,) = judge(night_of(pauses=((240.0, 44.0),)), EnvelopeRule()).alerts
    assert alert.at_s == pytest.approx(alert.since_s + 30)


def test_the_late_level_follows_the_breaths():
    """The reference is the level of breaths, also where the night begins."""
    night = night_of()
    level = 10 * night.features.levels[:, 48].astype(float)
    assert late_level(level, EnvelopeRule()) == pytest.approx(20.0)


def test_a_night_shorter_than_the_reference_is_judged():
    """A few seconds of night are enough to be judged."""
    assert judge(night_of(duration_s=6), EnvelopeRule()).decided == ()


def test_the_search_finds_better_numbers_and_repeats():
    """Searched numbers beat those of the start, and the same seed finds the same ones."""
    quiet = [night_of(pauses=PAUSES, seed=k) for k in range(2)]
    nights = [
        replace(n, features=replace(n.features, levels=n.features.levels * 0.16)) for n in quiet
    ]
    before = point_of(0, [judge(night, EnvelopeRule()) for night in nights])
    rule, point = search(nights, tries=60)
    assert point.f1 > before.f1
    assert search(nights, tries=60)[0] == rule
