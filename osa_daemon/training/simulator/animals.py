"""A dog or a cat in the bedroom: breathing and snoring for minutes, purring, panting, barking."""

from collections.abc import Callable

import numpy as np

from osa_daemon.training import synthesis
from osa_daemon.training.simulator import ranges
from osa_daemon.training.simulator.backdrop import looped
from osa_daemon.training.simulator.levels import gain, unit_level
from osa_daemon.training.simulator.material import Material
from osa_daemon.training.simulator.night import SAMPLE_RATE_HZ, Samples
from osa_daemon.training.simulator.voices import colour, fade
from osa_daemon.training.synthesis.household import household_makers
from osa_daemon.training.synthesis.purring import cat_purr

_KEPT = 24  # renderings of an animal's breath, that return
_PURR_S = 25.0  # of purring before it is looped
_SINGLES = {"dog": ("dog", "dog_bark"), "cat": ("cat",)}
_BOUTS = {"dog": ("snore", "breath", "pant"), "cat": ("purr", "breath")}
_WEIGHTS = {"dog": (0.5, 0.3, 0.2), "cat": (0.7, 0.3)}


def animal(rng: np.random.Generator, material: Material, count: int) -> Samples:
    """Return one animal's night (count,): single sounds at unit level, bouts below or near it."""
    kind = "dog" if rng.random() < ranges.DOG_SHARE else "cat"
    track = np.zeros(count, np.float32)
    hours = count / SAMPLE_RATE_HZ / 3600
    if rng.random() < 0.8:
        _singles(rng, material, kind, track, int(rng.poisson(ranges.PETS_PER_H.draw(rng) * hours)))
    _bouts(rng, material, kind, track)
    return track


def _singles(
    rng: np.random.Generator, material: Material, kind: str, track: Samples, number: int
) -> None:
    clips = material.clips("pet", *_SINGLES[kind])
    makers = household_makers()
    for _ in range(number):
        length_s = float(np.exp(rng.uniform(np.log(0.4), np.log(6.0))))
        if clips and rng.random() < 0.6:
            clip = material.samples(clips[int(rng.integers(len(clips)))])
            sound = fade(clip[: int(length_s * SAMPLE_RATE_HZ)])
        elif kind == "dog" and rng.random() < 0.6:
            sound = fade(makers["dog_bark"](rng, length_s))
        else:  # it licks itself, turns round, scratches
            sound = fade(makers["rustle"](rng, length_s))
        _lay(track, unit_level(sound) * gain(float(rng.normal(0, 4))), rng.uniform(), None)


def _bouts(rng: np.random.Generator, material: Material, kind: str, track: Samples) -> None:
    """Lay bouts of minutes one after another; between them, and at their ends, nothing."""
    night_s = len(track) / SAMPLE_RATE_HZ
    t = float(rng.uniform(0, 0.5)) * min(night_s, 600.0)
    made: dict[str, Callable[[float], Samples]] = {
        "snore": _breather(rng, "snore"),
        "breath": _breather(rng, "breath"),
        "pant": _panting(rng, material),
        "purr": _purring(rng, material),
    }
    habit_db = {name: ranges.PET_BOUT_DB.draw(rng) for name in made}
    while t < night_s - 5:
        name = str(rng.choice(_BOUTS[kind], p=_WEIGHTS[kind]))
        length_s = (ranges.PANTING_S if name == "pant" else ranges.PET_BOUT_S).draw(rng)
        bout = made[name](min(length_s, night_s - t))
        _lay(track, bout * gain(habit_db[name] + float(rng.normal(0, 2))), None, t)
        t += length_s + ranges.PET_PAUSE_S.draw(rng)


def _breather(rng: np.random.Generator, sound: str) -> Callable[[float], Samples]:
    """Return a maker of bouts of one animal that breathes or snores."""
    voice = synthesis.draw_voice(rng)
    period_s = 60 / ranges.PET_RATE_BPM.draw(rng)
    share = float(rng.uniform(0.25, 0.45))
    spread = float(rng.uniform(0.04, 0.15))
    exhale_db = float(rng.uniform(-15, 3))
    bank: list[tuple[Samples, Samples]] = []

    def breath() -> tuple[Samples, Samples]:
        if len(bank) >= _KEPT:
            return bank[int(rng.integers(_KEPT))]
        length_s = period_s * share * float(np.exp(rng.normal(0, 0.08)))
        if sound == "snore":
            loud = synthesis.snore(voice, rng, length_s, effort=1.0)
        else:
            loud = synthesis.breath(voice, rng, length_s, phase="inhale", effort=1.0)
        out = synthesis.breath(voice, rng, length_s, phase="exhale", effort=1.0)
        bank.append((unit_level(loud), unit_level(out) * gain(exhale_db)))
        return bank[-1]

    def bout(length_s: float) -> Samples:
        track = np.zeros(int(length_s * SAMPLE_RATE_HZ), np.float32)
        pace, t = float(np.exp(rng.normal(0, 0.08))), float(rng.uniform(0, period_s))
        while t < length_s:
            loud, out = breath()
            level = gain(float(rng.normal(0, 1.5)))
            _lay(track, loud * level, None, t)
            _lay(track, out * level, None, t + 1.1 * len(loud) / SAMPLE_RATE_HZ)
            t += period_s * pace * float(np.exp(rng.normal(0, spread)))
        return track

    return bout


def _panting(rng: np.random.Generator, material: Material) -> Callable[[float], Samples]:
    clips = material.clips("pet", "dog_pant")

    def bout(length_s: float) -> Samples:
        if clips and rng.random() < 0.5:
            return _repeated(rng, material.samples(clips[0]), length_s)
        once = household_makers()["dog_pant"](rng, min(length_s, 12.0))
        return _repeated(rng, once, length_s)

    return bout


def _purring(rng: np.random.Generator, material: Material) -> Callable[[float], Samples]:
    clips = material.clips("pet", "cat_purr")

    def bout(length_s: float) -> Samples:
        if clips and rng.random() < 0.4:
            clip = material.samples(clips[int(rng.integers(len(clips)))])
            tinted = np.convolve(clip, colour(rng, 5.0), mode="same").astype(np.float32)
            return _repeated(rng, tinted, length_s)
        return _repeated(rng, cat_purr(rng, min(length_s, _PURR_S)), length_s)

    return bout


def _repeated(rng: np.random.Generator, piece: Samples, length_s: float) -> Samples:
    return unit_level(fade(looped(rng, piece, int(length_s * SAMPLE_RATE_HZ)), 1.0))


def _lay(track: Samples, sound: Samples, share: float | None, start_s: float | None) -> None:
    """Add a sound at `start_s`, or at that share of what the track leaves free."""
    start = int((start_s or 0.0) * SAMPLE_RATE_HZ)
    if share is not None:
        start = int(share * max(0, len(track) - len(sound)))
    fits = sound[: max(0, len(track) - start)]
    track[start : start + len(fits)] += fits
