"""Where a sleeper's sounds come from: a synthetic person, or the recordings of one group.

Every sound is returned at unit level (see `levels.unit_level`); the plan sets the loudness.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Protocol

import numpy as np
from scipy import signal

from osa_daemon.training import synthesis
from osa_daemon.training.simulator import ranges
from osa_daemon.training.simulator.breathing import SoundKind
from osa_daemon.training.simulator.levels import unit_level
from osa_daemon.training.simulator.material import Clip, Material
from osa_daemon.training.simulator.night import SAMPLE_RATE_HZ, Samples
from osa_daemon.training.synthesis.babble import babble
from osa_daemon.training.synthesis.household import rustle, thump

_FADE_S = 0.03
_UNLIKE_SLEEP = {"stethoscope": 0.2, "fast": 0.4, "pant": 0.2, "child": 0.2, "mask_mic": 0.4}


class Voice(Protocol):
    """Makes the sounds of one sleeper."""

    @property
    def name(self) -> str:
        """The sound group: no group is in two splits."""

    def sound(
        self, rng: np.random.Generator, kind: SoundKind, duration_s: float, effort: float
    ) -> Samples:
        """Return one sound of about `duration_s` at unit level; `effort` 1 is ordinary."""


class SynthesisedVoice:
    """A person from the synthesiser."""

    def __init__(self, rng: np.random.Generator, name: str) -> None:
        self._voice = synthesis.draw_voice(rng)
        self.name = name

    def sound(
        self, rng: np.random.Generator, kind: SoundKind, duration_s: float, effort: float
    ) -> Samples:
        """Return one sound, made anew."""
        voice = self._voice
        if kind == "inhale" or kind == "exhale":  # noqa: PLR1714 (narrows the type)
            made = synthesis.breath(voice, rng, duration_s, phase=kind, effort=effort)
        elif kind == "snore":
            made = synthesis.snore(voice, rng, duration_s, effort=effort)
        elif kind == "gasp":
            made = synthesis.gasp(voice, rng, duration_s, effort=effort)
        elif kind == "effort":
            made = synthesis.effort_sound(voice, rng, effort=effort)
        elif kind == "cough":
            made = synthesis.cough(voice, rng, effort=effort)
        else:
            made = _incidental(rng, kind, duration_s)
        return unit_level(made)


class RecordedVoice:
    """The single sounds of recorded people: one group breathes, one snores, one gasps.

    Per night all are moved in speed and colour, so that one group is many persons: a little, but
    far in training, where there are few groups for what the world holds.
    """

    def __init__(self, rng: np.random.Generator, material: Material) -> None:
        far = material.split == "train"
        breath, breath_name = _group(rng, material, "breath")
        exhale = breath
        if far and rng.random() < ranges.TWO_GROUPS_SHARE:
            exhale, _ = _group(rng, material, "breath")
        snore, snore_name = _group(rng, material, "snore")
        gasp, _ = _group(rng, material, "gasp")
        cough, _ = _group(rng, material, "cough")
        self.name = f"{breath_name}+{snore_name}"
        self._material = material
        self._banks: dict[SoundKind, list[tuple[Clip, float, float]]] = {
            "inhale": breath,
            "exhale": exhale,
            "snore": snore or breath,
            "gasp": gasp or breath,
            "effort": snore or breath,
            "cough": cough,
        }
        speed = ranges.SPEED_CHANGE_FAR if far else ranges.SPEED_CHANGE
        self._speed = float(np.exp(speed.draw(rng)))
        strength_db = ranges.VOICE_COLOUR_FAR_DB if far else ranges.VOICE_COLOUR_DB
        self._colours = {kind: colour(rng, strength_db) for kind in self._banks}
        self._blown = far and bool(rng.random() < ranges.BLOWN_SHARE)

    def sound(
        self, rng: np.random.Generator, kind: SoundKind, duration_s: float, effort: float
    ) -> Samples:
        """Return a marked sound near the wanted length, faded at both ends; effort brightens it."""
        bank = self._banks.get(kind, [])
        if not bank:
            return unit_level(_incidental(rng, kind, duration_s))
        drawn = [bank[int(rng.integers(len(bank)))] for _ in range(4)]
        clip, start_s, end_s = min(drawn, key=lambda b: abs(b[2] - b[1] - duration_s))
        whole = self._material.samples(clip)
        cut = whole[int(start_s * SAMPLE_RATE_HZ) : int(end_s * SAMPLE_RATE_HZ)]
        if kind == "effort":
            at = int(rng.integers(max(1, len(cut) - int(duration_s * SAMPLE_RATE_HZ))))
            cut = cut[at:]
        if self._blown and kind in ("inhale", "exhale"):
            cut = blown_anew(rng, cut, max(duration_s, len(cut) / SAMPLE_RATE_HZ))
        speed = self._speed * float(np.exp(rng.normal(0, 0.03)))
        moved = _at_speed(cut, speed)[: int(duration_s * 1.15 * SAMPLE_RATE_HZ)]
        tilt = float(np.clip(0.2 * np.log2(max(effort, 0.1)), -0.5, 0.5))
        tilted = moved - np.float32(tilt) * np.concatenate([[0], moved[:-1]])
        coloured = signal.fftconvolve(tilted, self._colours[kind], mode="same")
        return unit_level(fade(coloured.astype(np.float32)))


def _incidental(rng: np.random.Generator, kind: SoundKind, duration_s: float) -> Samples:
    """Return what is no breath: bedclothes, the bed, lips, a groan, a word."""
    if kind == "thump":
        return thump(rng, duration_s)
    if kind == "word":
        return fade(babble(rng, duration_s))
    if kind in ("smack", "groan", "effort"):
        voice = synthesis.draw_voice(rng)
        if kind == "groan":
            groaning = replace(voice, groan_hz=voice.pitch_hz)
            return synthesis.breath(groaning, rng, duration_s, phase="exhale", effort=1.5)
        return synthesis.effort_sound(replace(voice, click=1.0), rng, effort=1.0)
    return rustle(rng, duration_s)


def blown_anew(rng: np.random.Generator, sound: Samples, duration_s: float) -> Samples:
    """Return new noise of the sound's spectrum and envelope, stretched to `duration_s`."""
    count = max(2, int(duration_s * SAMPLE_RATE_HZ))
    spectrum = np.abs(np.fft.rfft(sound, 512 * max(1, -(-len(sound) // 512))))
    bands = spectrum[1:].reshape(256, -1).mean(axis=1)
    shape = signal.firwin2(257, np.linspace(0, 1, 257), np.concatenate([[0], bands]))
    noise = signal.fftconvolve(rng.standard_normal(count), shape, mode="same")
    steps = max(2, len(sound) // (SAMPLE_RATE_HZ // 50))
    loud = np.sqrt([np.mean(part**2) for part in np.array_split(sound, steps)])
    made = noise * np.interp(np.linspace(0, 1, count), np.linspace(0, 1, steps), loud)
    return np.asarray(made, np.float32)


def fade(sound: Samples, length_s: float = _FADE_S) -> Samples:
    """Return the sound with raised-cosine ends."""
    count = min(int(length_s * SAMPLE_RATE_HZ), len(sound) // 2)
    ramp = (0.5 - 0.5 * np.cos(np.linspace(0, np.pi, count))).astype(np.float32)
    faded = sound.copy()
    faded[:count] *= ramp
    faded[len(faded) - count :] *= ramp[::-1]
    return faded


def colour(rng: np.random.Generator, strength_db: float, taps: int = 129) -> Samples:
    """Return a short random filter, smooth over frequency, within about ±`strength_db`."""
    corners_hz = np.array([0, 250, 500, 1000, 2000, 4000, 8000])
    gains_db = np.cumsum(rng.normal(0, strength_db / 3, len(corners_hz)))
    gains = 10 ** (np.clip(gains_db - gains_db.mean(), -strength_db, strength_db) / 20)
    made: Samples = signal.firwin2(taps, corners_hz, gains, fs=SAMPLE_RATE_HZ).astype(np.float32)
    return made


def _at_speed(sound: Samples, speed: float) -> Samples:
    count = max(2, int(len(sound) / speed))
    places = np.linspace(0, len(sound) - 1, count)
    return np.interp(places, np.arange(len(sound)), sound).astype(np.float32)


def _group(
    rng: np.random.Generator, material: Material, sound: str
) -> tuple[list[tuple[Clip, float, float]], str]:
    """Draw a group of a class; its name and its marked sounds (none: empty)."""
    groups = material.groups(sound, least=2) or material.groups(sound)
    if not groups:
        return [], "none"
    names = sorted(groups)
    weights = np.array([_likeness(groups[n]) for n in names])
    name = names[int(rng.choice(len(names), p=weights / weights.sum()))]
    marked = [(c, s, e) for c in groups[name] for s, e, _ in material.segments(c)]
    return marked, name


def _likeness(clips: Sequence[Clip]) -> float:
    return max(_UNLIKE_SLEEP.get(c.subclass, 1.0) for c in clips)
