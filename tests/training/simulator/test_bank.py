"""Sounds that come again."""

import numpy as np
import pytest

from osa_daemon.training.simulator.bank import Bank
from osa_daemon.training.simulator.breathing import SoundKind
from osa_daemon.training.simulator.levels import band_power, sounding_power
from osa_daemon.training.simulator.night import Samples
from osa_daemon.training.simulator.voices import SynthesisedVoice


class CountingVoice:
    """A voice that counts how often it was asked."""

    def __init__(self) -> None:
        self._voice = SynthesisedVoice(np.random.default_rng(0), "somebody")
        self.name = "somebody"
        self.asked = 0

    def sound(
        self, rng: np.random.Generator, kind: SoundKind, duration_s: float, effort: float
    ) -> Samples:
        """Return a sound of the voice."""
        self.asked += 1
        return self._voice.sound(rng, kind, duration_s, effort)


def test_a_full_bank_makes_no_new_sounds() -> None:
    """The voice is asked no oftener than sounds of a sort are kept."""
    rng, voice = np.random.default_rng(1), CountingVoice()
    bank = Bank(voice, kept=4)
    sounds = [bank.sound(rng, "inhale", 1.0, 1.0) for _ in range(12)]
    assert voice.asked == 4
    again = {s.tobytes() for s in sounds}
    assert len(again) == 12  # no two are alike


def test_what_comes_again_keeps_length_and_level() -> None:
    """A sound that returns lasts about as long as asked for and stays near unit level."""
    rng = np.random.default_rng(2)
    bank = Bank(CountingVoice(), kept=2)
    for duration_s in (1.0, 1.05, 0.97, 1.0, 1.08):
        sound = bank.sound(rng, "exhale", duration_s, 1.0)
        assert len(sound) / 16_000 == pytest.approx(duration_s, rel=0.12)
        padded = np.concatenate([sound, np.zeros(-len(sound) % 800, np.float32)])
        assert abs(10 * np.log10(sounding_power(band_power(padded)))) < 2.5
