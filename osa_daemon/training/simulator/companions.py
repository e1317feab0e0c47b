"""What else sounds in the room: television, talk, pets, the house. Tracks at unit level."""

from collections.abc import Callable

import numpy as np

from osa_daemon.training.simulator import ranges
from osa_daemon.training.simulator.animals import animal
from osa_daemon.training.simulator.backdrop import looped
from osa_daemon.training.simulator.levels import gain, unit_level
from osa_daemon.training.simulator.material import Material
from osa_daemon.training.simulator.night import SAMPLE_RATE_HZ, Samples, Span
from osa_daemon.training.simulator.voices import fade
from osa_daemon.training.synthesis.babble import babble
from osa_daemon.training.synthesis.household import household_makers
from osa_daemon.training.synthesis.music import tones

Maker = Callable[[np.random.Generator, float], Samples]
_HOUSE = ("thump", "knock", "clock_tick", "door", "footsteps", "rustle")
_SPEECH = ("audiobook", "prompt", "radio_tv", "speech", "tv_radio", "word", "kids_distant")
_HOUSE_CLIPS = ("clock_tick", "clock", "door", "footsteps", "keyboard", "light_switch", "thump")


def television(
    rng: np.random.Generator, material: Material, count: int
) -> tuple[Samples, tuple[Span, ...]]:
    """Return a television, podcast or radio (count,), and where it falls silent."""
    track = np.zeros(count, np.float32)
    silent: list[Span] = []
    musical = float(rng.choice((0.0, 0.0, 0.2, 0.5, 0.9)))
    night_s = count / SAMPLE_RATE_HZ
    off_s = _off(rng, night_s)
    t, steady = float(rng.uniform(0, 20)), rng.random() < ranges.AUDIOBOOK_SHARE
    while t < off_s - 1:
        length_s = min(ranges.TELEVISION_SCENE_S.draw(rng), off_s - t)
        sound = "music" if rng.random() < musical * (not steady) else "speech"
        scene = _scene(rng, material, sound, length_s)
        if sound == "music" and rng.random() < ranges.SWELLING_SHARE:
            scene = _swelling(rng, scene)
        _lay(track, scene * gain(float(rng.normal(0, 0.5 if steady else 2.0))), t)
        t += length_s
        if rng.random() < 0.6:
            pause_s = ranges.TELEVISION_PAUSE_S.draw(rng)
            silent.append((t, min(pause_s, off_s - t)))
            t += pause_s
    if off_s < night_s:
        silent.append((off_s, night_s - off_s))
    if steady:
        track *= gain(ranges.AUDIOBOOK_DB.draw(rng))
    return track, tuple(s for s in silent if s[1] > 0)


def _off(rng: np.random.Generator, night_s: float) -> float:
    """Return when it is switched off, suddenly and for good; in most nights never."""
    if rng.random() > ranges.SWITCHED_OFF_SHARE:
        return night_s
    return float(rng.uniform(0.2, 0.9)) * night_s


def _swelling(rng: np.random.Generator, music: Samples) -> Samples:
    """Return music that comes and goes as slowly as breath."""
    t = np.arange(len(music), dtype=np.float32) / np.float32(SAMPLE_RATE_HZ)
    turns = t / np.float32(ranges.SWELL_S.draw(rng)) + np.float32(rng.uniform())
    depth = np.float32(rng.uniform(0.5, 0.97))
    swell: Samples = music * (1 - depth * (0.5 + 0.5 * np.cos(2 * np.pi * turns)))
    return swell


def talk(rng: np.random.Generator, material: Material, count: int) -> Samples:
    """Return people who talk now and then: sleep talk, a call, voices next door."""
    return _scattered(
        rng, count, ranges.TALK_PER_H, (0.6, 12.0), lambda r, s: _scene(r, material, "speech", s)
    )


def pets(rng: np.random.Generator, material: Material, count: int) -> Samples:
    """Return a cat or a dog, sometimes two: breathing, snoring, purring, panting, barks."""
    track = animal(rng, material, count)
    if rng.random() < ranges.SECOND_PET_SHARE:
        track += animal(rng, material, count)
    return track


def house(rng: np.random.Generator, material: Material, count: int) -> Samples:
    """Return a house at night: doors, steps, knocks, a clock, thumps, rustling."""
    clips = material.clips("household", *_HOUSE_CLIPS)
    makers = household_makers()
    known = [n for n in _HOUSE if n in makers]

    def make(r: np.random.Generator, length_s: float) -> Samples:
        if clips and r.random() < 0.4:
            clip = material.samples(clips[int(r.integers(len(clips)))])
            return fade(clip[: int(length_s * SAMPLE_RATE_HZ)])
        return fade(makers[known[int(r.integers(len(known)))]](r, length_s))

    return _scattered(rng, count, ranges.HOUSE_PER_H, (0.4, 8.0), make)


def _scattered(
    rng: np.random.Generator,
    count: int,
    per_h: ranges.Range,
    length: tuple[float, float],
    make: Maker,
) -> Samples:
    track = np.zeros(count, np.float32)
    end_s = count / SAMPLE_RATE_HZ
    for _ in range(1 + int(rng.poisson(per_h.draw(rng) * end_s / 3600))):
        length_s = float(np.exp(rng.uniform(*np.log(length))))
        sound = unit_level(make(rng, length_s)) * gain(float(rng.normal(0, 4)))
        _lay(track, sound, float(rng.uniform(0, max(0.1, end_s - length_s))))
    return track


def _scene(rng: np.random.Generator, material: Material, sound: str, length_s: float) -> Samples:
    clips = material.clips("speech", *_SPEECH) if sound == "speech" else material.clips("music")
    if clips and rng.random() < 0.6:
        clip = material.samples(clips[int(rng.integers(len(clips)))])
        first = int(rng.integers(max(1, len(clip) // 2)))
        made = looped(rng, clip[first:], int(length_s * SAMPLE_RATE_HZ))
    else:
        made = babble(rng, length_s) if sound == "speech" else tones(rng, length_s)
    return unit_level(fade(made, 0.2))


def _lay(track: Samples, sound: Samples, start_s: float) -> None:
    start = int(start_s * SAMPLE_RATE_HZ)
    fits = sound[: len(track) - start]
    track[start : start + len(fits)] += fits
