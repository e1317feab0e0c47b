"""Streams of frames from a script such as "breathing 60, apnea 35, breathing 30"."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from osa_daemon.detector.frame import Delayed, Frame
from osa_daemon.scoring.event import Alert, Event, Progress, Scored
from osa_daemon.scoring.scorer import Scorer
from osa_daemon.scoring.thresholds import ScoringSettings

RATE_HZ = 5
DELAY = 75  # frames: 15 s
BREATH = 20  # frames a breath: 15 breaths a minute
QUIET_DBFS = -70.0


def _truth(kind: str, at: int, index: int) -> Delayed:
    """Return what an ideal detector reads in frame `at` of a stretch of this kind."""
    breath = 0.95 if index % BREATH < 8 else 0.05
    click = 0.9 if at % 17 < 2 and at > 8 else 0.05
    blank = Delayed(index, audible=0.95, breath=0.05, apnea=0.02, hypopnea=0.02, snore=0, gasp=0)
    heard: dict[str, dict[str, float]] = {
        "breathing": {"breath": 0.95 if at < 6 else breath},
        "snoring": {"breath": breath, "snore": breath},
        "apnea": {"apnea": 0.9, "hypopnea": 0.05},
        "effort": {"apnea": 0.9, "hypopnea": 0.05, "breath": click},
        "hypopnea": {"apnea": 0.1, "hypopnea": 0.8, "breath": min(breath, 0.6)},
        "hold": {},
        "lost": {"apnea": 0.9, "audible": 0.2},
        "muted": {"apnea": 0.9, "audible": 0.4},
        "empty": {"audible": 0.05},
        "covered": {"audible": 0.05},
        "gap": {"audible": 0, "breath": 0, "apnea": 0, "hypopnea": 0},
    }
    return replace(blank, **heard[kind])


def _level_dbfs(kind: str, delayed: Delayed) -> float:
    if kind == "covered":
        return QUIET_DBFS + 25
    return QUIET_DBFS + (15 if max(delayed.breath, delayed.snore) > 0.5 else 0)


@dataclass(frozen=True)
class Stretch:
    """A kind of sound for so many frames."""

    kind: str
    frames: int


def stretches(script: str) -> list[Stretch]:
    """Read "breathing 60, apnea 35": kinds and seconds."""
    words = [part.split() for part in script.split(",")]
    return [Stretch(kind, round(float(seconds) * RATE_HZ)) for kind, seconds in words]


def stream(parts: Sequence[Stretch], delay: int = DELAY) -> tuple[list[Frame], list[Delayed]]:
    """Return the frames of an ideal detector, and the delayed readings still to come at the end.

    The causal apnea rises once one has lasted 10 s and falls with its end.
    """
    frames: list[Frame] = []
    delayed: list[Delayed] = []
    for part in parts:
        for at in range(part.frames):
            index = len(frames)
            now = _truth(part.kind, at, index)
            delayed.append(now)
            going_on = at >= 10 * RATE_HZ
            frames.append(
                Frame(
                    index=index,
                    valid=part.kind != "gap",
                    level_dbfs=_level_dbfs(part.kind, now),
                    noise_dbfs=QUIET_DBFS,
                    clipped=False,
                    silent=part.kind == "muted",
                    audible=now.audible,
                    breath=now.breath,
                    apnea=now.apnea if going_on else 0.02,
                    hypopnea=now.hypopnea if going_on else 0.02,
                    snore=now.snore,
                    gasp=now.gasp,
                    delayed=delayed[index - delay] if index >= delay else None,
                )
            )
    return frames, delayed[max(len(frames) - delay, 0) :]


@dataclass
class Told:
    """What scoring told of a whole stream."""

    steps: list[Scored]
    last: Scored
    events: list[Event] = field(default_factory=list)
    alerts: list[Alert] = field(default_factory=list)

    def states(self) -> list[tuple[float, Progress]]:
        """Return each change of the state with the second in which it came."""
        changes: list[tuple[float, Progress]] = []
        for step in self.steps:
            if not changes or changes[-1][1] is not step.progress:
                changes.append((step.index / RATE_HZ, step.progress))
        return changes

    def state_at(self, t_s: float) -> Progress:
        """Return the state in the frame at `t_s`."""
        return self.steps[round(t_s * RATE_HZ)].progress


def scorer(settings: ScoringSettings | None = None) -> Scorer:
    """Return a scorer whose ids name the onset."""
    return Scorer(settings or ScoringSettings(), lambda onset_s: f"at-{onset_s:.1f}")


def score(
    frames: Iterable[Frame], rest: Sequence[Delayed], settings: ScoringSettings | None = None
) -> Told:
    """Push all frames and finish."""
    scoring = scorer(settings)
    steps = [scoring.push(frame) for frame in frames]
    last = scoring.finish(rest)
    told = Told(steps, last)
    for step in [*steps, last]:
        told.events += step.events
        told.alerts += step.alerts
    return told


@pytest.fixture(scope="session")
def play() -> Callable[..., Told]:
    """Score a script, with settings given by name."""

    def _play(script: str, **settings: Any) -> Told:
        return score(*stream(stretches(script)), ScoringSettings(**settings))

    return _play


@pytest.fixture(scope="session")
def script_frames() -> Callable[..., tuple[list[Frame], list[Delayed]]]:
    """Make the frames of a script, and the delayed readings that come at the end."""
    return lambda script, delay=DELAY: stream(stretches(script), delay)


@pytest.fixture(scope="session")
def new_scorer() -> Callable[..., Scorer]:
    """Make a scorer whose ids name the onset."""
    return scorer


@pytest.fixture(scope="session")
def score_frames() -> Callable[..., Told]:
    """Score frames and the delayed readings that come at the end."""
    return score
