"""What the page is told of each second of sound."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from osa_daemon.detector.frame import Frame
from osa_daemon.scoring.event import Progress, Scored
from osa_daemon.service.chain import Step
from osa_daemon.service.sounds import Sounds, sound_of

START = datetime(2026, 11, 29, 22, 0, tzinfo=UTC)
FRAME = Frame(4, True, -50.04, -61.0, False, False, 0.9, 0.9, 0.0, 0.0, 0.0, 0.0, None)
SCORED = Scored(4, True, True, Progress.OFF, None, False, (), ())


def test_one_of_five_frames_is_told_with_the_time_at_which_it_ends():
    """Five frames a second, one line a second."""
    told: list[dict[str, Any]] = []
    sounds = Sounds(told.append, lambda second: START + timedelta(seconds=second))
    for index in range(25):
        sounds.step(Step(replace(FRAME, index=index), replace(SCORED, index=index)))
    assert [datetime.fromisoformat(line["at"]) for line in told] == [
        START + timedelta(seconds=second) for second in range(1, 6)
    ]
    assert told[0]["level_dbfs"] == -50.0


@pytest.mark.parametrize(
    ("frame", "scored", "words"),
    [
        ({}, {}, "Breathing"),
        ({"valid": False}, {}, "No sound arrives"),
        ({"silent": True}, {}, "muted"),
        ({"clipped": True}, {}, "Too loud"),
        ({"snore": 0.8}, {}, "Snoring"),
        ({"gasp": 0.8, "snore": 0.8}, {}, "A gasp"),
        ({"breath": 0.1}, {}, "Quiet"),
        ({"breath": 0.1}, {"audible": False}, "cannot be heard"),
        ({"breath": 0.1}, {"progress": Progress.ON, "progress_onset_s": -11.0}, "A pause"),
    ],
)
def test_what_is_heard_is_said_in_words(frame: Any, scored: Any, words: str):
    """The weightiest thing that is so; a pause with its seconds."""
    told = sound_of(Step(replace(FRAME, **frame), replace(SCORED, **scored)), START)
    assert words in str(told["hears"])
    assert told["pause_s"] == (12.0 if "progress" in scored else None)
    assert (told["level_dbfs"] is None) is (frame.get("valid") is False)
