"""Real and synthetic sounds side by side: in figures, in the encoder's features, in a picture."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy import signal

from osa_daemon.audio.block import SAMPLE_RATE_HZ, Samples
from osa_daemon.features.encoder import Encoder
from osa_daemon.features.features import FRAME_SAMPLES
from osa_daemon.training.synthesis import (
    Phase,
    breath,
    cough,
    draw_voice,
    gasp,
    snore,
)
from osa_daemon.training.synthesis.measures import Measures, measure
from osa_daemon.training.synthesis.movement import decay, faded
from osa_daemon.training.synthesis.recordings import Floor, Recording, read_recordings
from osa_daemon.training.synthesis.shaping import Floats, count_of, scaled, shaped_noise, white

MARGIN_FRAMES = 4
PLACED_RMS = 10.0 ** (-30.0 / 20.0)


@dataclass(frozen=True, slots=True)
class Comparison:
    """One class: measures of real sounds and of their synthetic twins, features if encoded.

    Features are (sounds, width), the mean over the frames of each sound.
    """

    label: str
    groups: list[str]
    real: list[Measures]
    synthetic: list[Measures]
    real_features: Floats | None
    synthetic_features: Floats | None


def compare(data: Path, most: int, seed: int, encoder: Encoder | None) -> list[Comparison]:
    """Compare each class: every real sound with a twin of another person, as long and as noisy."""
    rng = np.random.default_rng(seed)
    found = read_recordings(data, most, seed)
    return [
        _compare_class(rng, label, sounds, encoder) for label, sounds in found.items() if sounds
    ]


def _compare_class(
    rng: np.random.Generator, label: str, sounds: list[Recording], encoder: Encoder | None
) -> Comparison:
    twins = [twin(rng, sound) for sound in sounds]
    groups = [sound.group for sound in sounds]
    real = [measure(sound.samples) for sound in sounds]
    synthetic = [measure(each) for each in twins]
    if encoder is None:
        return Comparison(label, groups, real, synthetic, None, None)
    real_features, synthetic_features = (
        np.stack([encoded(rng, each, sound.floor, encoder) for each, sound in pairs])
        for pairs in (
            [(sound.samples, sound) for sound in sounds],
            list(zip(twins, sounds, strict=True)),
        )
    )
    return Comparison(label, groups, real, synthetic, real_features, synthetic_features)


def twin(rng: np.random.Generator, sound: Recording) -> Samples:
    """Return a synthetic sound of a new person: same class, length, level, floor and bandwidth.

    Real recordings hold their room, so the twin gets one too: a short tail of decaying noise.
    """
    made = in_room(rng, _make(rng, sound))
    if sound.floor.bandwidth_hz < 7600.0:
        sections = signal.butter(8, sound.floor.bandwidth_hz, output="sos", fs=SAMPLE_RATE_HZ)
        made = signal.sosfilt(sections, made).astype(np.float32)
    total = float(np.mean(sound.samples.astype(np.float64) ** 2))
    own = max(total - sound.floor.rms**2, 0.05 * total)
    floor = shaped_noise(rng, len(made), sound.floor.gain_db) * np.float32(sound.floor.rms)
    return scaled(made, float(np.sqrt(own))) + floor


def in_room(rng: np.random.Generator, sound: Samples) -> Samples:
    """Return a sound as a room of 0.1 to 0.5 s hears it, direct sound 0 to 20 dB over its tail."""
    tail_s, direct_db = float(rng.uniform(0.1, 0.5)), float(rng.uniform(0.0, 20.0))
    tail = white(rng, count_of(tail_s)) * decay(count_of(tail_s), tail_s / 6.9)
    response = scaled(tail, 1.0) * np.float32(10.0 ** (-direct_db / 20.0) / np.sqrt(len(tail)))
    response[0] += 1.0
    return np.asarray(signal.oaconvolve(sound, response)[: len(sound)], dtype=np.float32)


def _make(rng: np.random.Generator, sound: Recording) -> Samples:
    voice = draw_voice(rng)
    duration_s = len(sound.samples) / SAMPLE_RATE_HZ
    effort = float(np.exp(rng.normal(0.2, 0.4)))
    if sound.label == "snore":
        return snore(voice, rng, duration_s, effort=effort)
    if sound.label == "gasp":
        return gasp(voice, rng, duration_s, effort=effort)
    if sound.label == "cough":
        return cough(voice, rng, effort=effort)
    drawn: Phase = "inhale" if rng.uniform() < 0.5 else "exhale"
    known: dict[str, Phase] = {"inhale": "inhale", "exhale": "exhale"}
    return breath(voice, rng, duration_s, phase=known.get(sound.phase, drawn), effort=effort)


def encoded(rng: np.random.Generator, sound: Samples, floor: Floor, encoder: Encoder) -> Floats:
    """Return the mean feature of a sound laid on its floor at -30 dBFS."""
    frames = -(-len(sound) // FRAME_SAMPLES)
    length = (frames + 2 * MARGIN_FRAMES) * FRAME_SAMPLES
    length += encoder.samples_before + encoder.samples_after
    start = MARGIN_FRAMES * FRAME_SAMPLES + encoder.samples_before
    place = shaped_noise(rng, length, floor.gain_db) * np.float32(floor.rms)
    place[start : start + len(sound)] = faded(sound, 0.02)
    rms = float(np.sqrt(np.mean(sound.astype(np.float64) ** 2))) + 1e-12
    features = encoder.run(place * np.float32(PLACED_RMS / rms))
    return np.asarray(features[MARGIN_FRAMES : MARGIN_FRAMES + frames].mean(axis=0))
