"""A voice's sounds, kept: once there are enough of a sort, they come again a little changed."""

from collections import defaultdict

import numpy as np

from osa_daemon.training.simulator.breathing import SoundKind
from osa_daemon.training.simulator.night import Samples
from osa_daemon.training.simulator.voices import Voice

_SORT = tuple[SoundKind, int, int]
_LENGTHS = 0.2  # natural log: sounds of one sort differ by ±10 % in length
_SPREAD = 0.03  # of the speed, as in recorded voices
_TILT = 0.12
_MIDDLE = 0.39  # of a turn a sample, 1 kHz at 16 kHz: where a tilt keeps the level


class Bank:
    """Wraps a voice: the first `kept` sounds of a sort are its own, then those return at random.

    A sort is a kind of about one length and effort, so that hundreds of sounds of each kind are
    kept; each return differs in length, pitch and tilt.
    """

    def __init__(self, voice: Voice, kept: int = 70) -> None:
        self._voice = voice
        self._kept = kept
        self._sounds: dict[_SORT, list[tuple[float, Samples]]] = defaultdict(list)

    @property
    def name(self) -> str:
        """The sound group of the voice."""
        return self._voice.name

    def sound(
        self, rng: np.random.Generator, kind: SoundKind, duration_s: float, effort: float
    ) -> Samples:
        """Return one sound of about `duration_s` at unit level."""
        length = round(float(np.log(max(duration_s, 0.05))) / _LENGTHS)
        bank = self._sounds[kind, length, round(2 * float(np.log2(max(effort, 0.05))))]
        if len(bank) < self._kept:
            made = self._voice.sound(rng, kind, duration_s, effort)
            bank.append((duration_s, made))
            return made
        once_s, sound = bank[int(rng.integers(len(bank)))]
        return _changed(rng, sound, duration_s / once_s)


def _changed(rng: np.random.Generator, sound: Samples, longer: float) -> Samples:
    count = max(2, int(len(sound) * longer * np.exp(rng.normal(0, _SPREAD))))
    places = np.linspace(0, len(sound) - 1, count, dtype=np.float32)
    moved = np.interp(places, np.arange(len(sound), dtype=np.float32), sound)
    tilt = float(rng.uniform(-_TILT, _TILT))
    moved[1:] += tilt * moved[:-1]
    level = abs(1 + tilt * np.exp(-1j * _MIDDLE))
    return (moved / level).astype(np.float32)
