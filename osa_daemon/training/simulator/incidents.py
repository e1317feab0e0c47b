"""What a sleeper does besides breathing: coughs, moves, lip smacking, groans, words, arousals."""

from collections.abc import Sequence

import numpy as np

from osa_daemon.training.simulator import ranges
from osa_daemon.training.simulator.breathing import Sound, SoundKind
from osa_daemon.training.simulator.night import Span

_LENGTHS_S: dict[SoundKind, tuple[float, float]] = {
    "cough": (0.3, 0.8),
    "rustle": (0.5, 6.0),
    "smack": (0.1, 0.4),
    "groan": (0.5, 2.5),
    "word": (0.3, 2.0),
}
_OVER_DB: dict[SoundKind, float] = {"cough": 10.0, "groan": 3.0, "word": 6.0, "smack": -4.0}
_AROUSALS: tuple[tuple[SoundKind, float], ...] = (  # judgement: share of arousals with each
    ("rustle", ranges.AROUSAL_MOVES_SHARE),
    ("cough", 0.06),
    ("groan", 0.06),
    ("smack", 0.08),
    ("word", 0.03),
)


def incidents(
    rng: np.random.Generator,
    per_h: Sequence[tuple[SoundKind, float]],
    calm_s: Sequence[float],
    absent: Sequence[Span],
    duration_s: float,
) -> list[Sound]:
    """Return sounds at so many an hour near the times `calm_s`, and moves round each absence."""
    sounds = []
    for kind, rate_per_h in per_h:
        for _ in range(int(rng.poisson(rate_per_h * duration_s / 3600)) if len(calm_s) else 0):
            t = calm_s[int(rng.integers(len(calm_s)))] + float(rng.uniform(0, 1))
            sounds.append(incident(rng, kind, t))
    for start_s, length_s in absent:
        for t in (start_s - 3, start_s + 0.5, start_s + length_s - 6, start_s + length_s - 2):
            if t > 0:
                moved_s = float(rng.uniform(1.0, 5.0))
                level_db = ranges.RUSTLE_LEVEL_DB.draw(rng)
                sounds.append(Sound(t, moved_s, "rustle", level_db, 1.0))
    return sounds


def incident(rng: np.random.Generator, kind: SoundKind, start_s: float) -> Sound:
    """Return one sound of a kind that is no breath."""
    level_db = ranges.RUSTLE_LEVEL_DB.draw(rng) + _OVER_DB.get(kind, 0.0)
    return Sound(start_s, float(rng.uniform(*_LENGTHS_S[kind])), kind, level_db, 1.0)


def arousal(rng: np.random.Generator, end_s: float) -> list[Sound]:
    """Return what is heard besides breath as an event ends at `end_s`: often nothing."""
    sounds = []
    for kind, share in _AROUSALS:
        if rng.random() < share:
            sounds.append(incident(rng, kind, end_s + float(rng.uniform(0.2, 5.0))))
    return sounds
