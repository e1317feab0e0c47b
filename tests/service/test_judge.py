"""A judged night: rows of frames, alerts with the time they were raised, truth that counts."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from osa_daemon.audio.block import Block
from osa_daemon.audio.source import SourceHealth, SourceState
from osa_daemon.detector.frame import Delayed, Frame
from osa_daemon.evaluation.corpora.nights import read_night
from osa_daemon.evaluation.night import FRAME_RATE_HZ, Decided, JudgedNight, Raised
from osa_daemon.evaluation.reference import ReferenceNight, Spans, truth_of
from osa_daemon.scoring.event import Alert, AlertLevel, Event, Progress, Scored
from osa_daemon.scoring.matching import Span
from osa_daemon.service.chain import Step
from osa_daemon.service.judge import judge, names_of
from osa_daemon.service.models import load_models
from osa_daemon.service.rules import scoring_settings
from osa_daemon.settings.model import Settings

FRAME = 3_200  # samples of a frame
FRAMES = 500
LAG = 10  # frames that the scripted chain holds back
DELAY = 75  # frames after which it says more of one
PAUSE = slice(100, 420)  # frames
FIRST = Event("a", "apnea", 20.0, 64.0, 0.9, "silent", monitorable=True, truncated=False)
LAST = Event("b", "hypopnea", 90.0, 10.0, 0.6, "unknown", monitorable=True, truncated=True)


class Frames:
    """A source with a block for each of these frames; what is left out is a gap."""

    def __init__(self, indices: Sequence[int]) -> None:
        self._left = [Block(index * FRAME, np.zeros(FRAME, np.float32)) for index in indices]

    def read(self, timeout_s: float) -> Block | None:
        """The next frame."""
        return self._left.pop(0) if self._left else None

    def health(self) -> SourceHealth:
        """Never asked for."""
        return SourceHealth(SourceState.RUNNING, "A sentence.")

    def close(self) -> None:
        """Nothing to release."""


class ScriptedChain:
    """Stands for the chain: a pause in `PAUSE`, known `LAG` frames late, and three alerts."""

    def __init__(self, *_made_with: Any) -> None:
        self.end = 0
        self.rest: tuple[Delayed, ...] = ()
        self._held: list[int] = []
        self._owed: list[int] = []

    def push(self, block: Block) -> list[Step]:
        """The step of the frame that entered `LAG` frames ago."""
        self.end = block.end
        self._held.append(block.start // FRAME)
        return [self._step(self._held.pop(0))] if len(self._held) > LAG else []

    def finish(self) -> tuple[list[Step], Scored]:
        """The frames still held, and what the end decides."""
        steps = [self._step(index) for index in self._held]
        self.rest = tuple(map(delayed, self._owed))
        return steps, replace(scored(FRAMES), events=(LAST,))

    def _step(self, index: int) -> Step:
        self._owed.append(index)
        due = delayed(self._owed.pop(0)) if len(self._owed) > DELAY else None
        audible = 0.75 if index < PAUSE.start else 0.25
        frame = Frame(
            index, True, -60.0, -60.0, False, False, audible, 0.0, 0.0, 0.0, 0.0, 0.0, due
        )
        return Step(frame, scored(index))


def delayed(index: int) -> Delayed:
    """A reading that tells of a frame: an apnea in the pause, a little of a hypopnea after it."""
    apnea = 0.5 if PAUSE.start <= index < PAUSE.stop else 0.0
    hypopnea = 0.25 if index >= PAUSE.stop else 0.0
    return Delayed(index, 0.0, 0.0, apnea, hypopnea, 0.0, 0.0)


def scored(index: int) -> Scored:
    """What scoring says: notice, alert and urgent 20, 30 and 60 s into the pause; an event."""
    levels = {200: AlertLevel.NOTICE, 250: AlertLevel.ALERT, 400: AlertLevel.URGENT}
    level = levels.get(index)
    is_active = level is not AlertLevel.NOTICE
    told = () if level is None else (Alert(is_active, level, "apnea", 20.0, "A sentence."),)
    over = (Alert(False, AlertLevel.URGENT, "apnea", 20.0, "It is over."),)
    return Scored(
        index,
        audible=True,
        monitorable=index < PAUSE.stop,
        progress=Progress.OFF,
        progress_onset_s=None,
        alert_active=False,
        alerts=over if index == PAUSE.stop else told,
        events=(FIRST,) if index == PAUSE.stop else (),
    )


Hear = Callable[..., JudgedNight]


@pytest.fixture
def hear(monkeypatch: pytest.MonkeyPatch) -> Hear:
    """Judges what the scripted chain says of some frames: no model is loaded."""
    monkeypatch.setattr("osa_daemon.service.judge.Chain", ScriptedChain)

    def judged(indices: Sequence[int] = range(FRAMES), audible: Spans | None = None) -> JudgedNight:
        sound, models, rules = Path("n.wav"), None, None
        night = ReferenceNight(sound, (), audible, {"kind": "quiet"}, lambda: Frames(indices))
        return judge(night, models, rules)  # type: ignore[arg-type]  # the scripted chain needs none

    return judged


@pytest.fixture
def reference(data: Path) -> ReferenceNight:
    """The short bundled night: 165 s, three events."""
    return read_night(data / "short.ogg")


def test_every_frame_of_a_recording_has_its_row(reference: ReferenceNight):
    """The bedside's own chain: five a second, all columns of one length, to the end."""
    models = load_models()
    rows = judge(reference, models, scoring_settings(Settings(), models.detector().metadata)).rows
    assert rows.audible is not None
    columns = (rows.audible, rows.monitorable, rows.p_audible, rows.p_apnea, rows.p_hypopnea)
    assert {len(column) for column in columns} == {165 * FRAME_RATE_HZ}
    probabilities = np.stack([rows.p_audible, rows.p_apnea, rows.p_hypopnea])
    assert probabilities.min() >= 0
    assert 0 < probabilities.max() <= 1


def test_causal_readings_stand_at_their_frame(hear: Hear):
    """Audibility and monitorable time are those of the frame, not of when it was known."""
    rows = hear().rows
    assert np.flatnonzero(rows.p_audible == 0.75).tolist() == list(range(PAUSE.start))
    assert np.flatnonzero(rows.monitorable).tolist() == list(range(PAUSE.stop))


def test_delayed_readings_stand_at_the_frame_that_they_tell_of(hear: Hear):
    """The pause lies where it is, though it is told of 15 s later."""
    p_apnea = hear().rows.p_apnea
    assert np.flatnonzero(p_apnea == 0.5).tolist() == list(range(PAUSE.start, PAUSE.stop))
    assert p_apnea.sum() == 0.5 * (PAUSE.stop - PAUSE.start)


def test_the_last_readings_are_there_too(hear: Hear):
    """Those of the last 15 s, which only the end gives."""
    rows = hear().rows
    assert (rows.p_hypopnea[PAUSE.stop :] == 0.25).all()
    assert len(rows.p_hypopnea) == FRAMES


def test_frames_that_a_gap_swallowed_hold_zeros(hear: Hear):
    """What follows a gap stands at its own place."""
    rows = hear([*range(150), *range(200, FRAMES)]).rows
    assert len(rows.monitorable) == FRAMES
    assert not rows.monitorable[150:200].any()
    assert not rows.p_apnea[150:200].any()
    assert (rows.p_apnea[200 : PAUSE.stop] == 0.5).all()


def test_an_alert_has_the_time_at_which_it_was_known(hear: Hear):
    """The sound that had entered by then: what the chain waits for is part of the delay."""
    late_s = (LAG + 1) / FRAME_RATE_HZ
    raised = (Raised(50.0 + late_s, 20.0, urgent=False), Raised(80.0 + late_s, 20.0, urgent=True))
    assert hear().alerts == raised


def test_events_are_those_decided_on_the_way_and_at_the_end(hear: Hear):
    """A recording that ends inside a pause has an event there."""
    first, last = Span(20.0, 64.0, "apnea"), Span(90.0, 10.0, "hypopnea")
    assert hear().decided == (Decided(first, 0.9), Decided(last, 0.6))


def test_audible_spans_become_frames(hear: Hear):
    """A frame is audible if its middle is; without NAME.audible.csv nothing is known."""
    audible = hear(audible=((0.0, 10.0), (20.0, 0.5))).rows.audible
    assert audible is not None
    assert np.flatnonzero(audible).tolist() == [*range(50), 100, 101]
    assert hear().rows.audible is None


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
