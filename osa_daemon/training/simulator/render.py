"""From planned sounds to samples: they lie on an empty track, and where they do is measured."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from osa_daemon.training.simulator.breathing import Sound, SoundKind
from osa_daemon.training.simulator.levels import gain
from osa_daemon.training.simulator.night import SAMPLE_RATE_HZ, Samples
from osa_daemon.training.simulator.voices import Voice

_MIDDLE = 2 * np.pi * 1_000 / SAMPLE_RATE_HZ  # rad a sample
_EDGE = 0.01  # share of the energy left out at each end of a sound


@dataclass(frozen=True, slots=True)
class Heard:
    """A rendered sound: where 98 % of its energy lies, in seconds."""

    start_s: float
    end_s: float
    kind: SoundKind
    level_db: float
    cycle: int


def render(
    rng: np.random.Generator, sounds: Sequence[Sound], voice: Voice, count: int
) -> tuple[Samples, tuple[Heard, ...]]:
    """Return the dry track (count,) and its sounds, in the same order."""
    track = np.zeros(count, np.float32)
    heard = []
    for item in sounds:
        sound = voice.sound(rng, item.kind, item.duration_s, item.effort)
        start = int(item.start_s * SAMPLE_RATE_HZ)
        sound = tinted(sound[: count - start], item.tint) * gain(item.level_db)
        track[start : start + len(sound)] += sound
        first, last = _extent(sound)
        begin_s = (start + first) / SAMPLE_RATE_HZ
        end_s = (start + last) / SAMPLE_RATE_HZ
        heard.append(Heard(begin_s, end_s, item.kind, item.level_db, item.cycle))
    return track, tuple(heard)


def tinted(sound: Samples, tint: float) -> Samples:
    """Return the sound thinner (`tint` above 0) or duller, as loud at 1 kHz as before."""
    if not tint:
        return sound
    made = sound.copy()
    made[1:] -= np.float32(tint) * sound[:-1]
    made /= np.float32(abs(1 - tint * np.exp(-1j * _MIDDLE)))
    return made


def _extent(sound: Samples) -> tuple[int, int]:
    if not len(sound):
        return 0, 0
    energy = np.cumsum(sound.astype(np.float64) ** 2)
    low, high = np.searchsorted(energy, energy[-1] * np.array([_EDGE, 1 - _EDGE]))
    return int(low), int(high)
