"""Simple music: chords, arpeggios and melodies of made-up instruments over a beat."""

from dataclasses import dataclass

import numpy as np

from osa_daemon.audio.block import SAMPLE_RATE_HZ, Samples
from osa_daemon.training.synthesis.movement import decay, faded
from osa_daemon.training.synthesis.shaping import count_of, scaled, white

SCALES = ((0, 2, 4, 5, 7, 9, 11), (0, 2, 3, 5, 7, 8, 10), (0, 2, 4, 7, 9))  # semitones
CHORD_STEPS = (0, 2, 4)


@dataclass(frozen=True, slots=True)
class Instrument:
    """Partials' amplitudes, attack and decay (s), vibrato depth as a share of the pitch."""

    partials: tuple[float, ...]
    attack_s: float
    decay_s: float
    vibrato: float


@dataclass(frozen=True, slots=True)
class Note:
    """When and how high."""

    start_s: float
    length_s: float
    pitch_hz: float


def tones(rng: np.random.Generator, duration_s: float) -> Samples:
    """Return music of that length, RMS 1 over its whole length."""
    count = count_of(duration_s)
    beat_s = 60.0 / rng.uniform(60.0, 140.0)
    root_hz = 55.0 * 2.0 ** rng.uniform(0.0, 1.0)
    scale = SCALES[int(rng.integers(len(SCALES)))]
    track = np.zeros(count, dtype=np.float32)
    style = rng.choice(("chords", "arpeggio", "melody"))
    _accompany(rng, track, scale, root_hz, beat_s, broken=style == "arpeggio")
    if style != "chords":
        _melody(rng, track, scale, root_hz * 4.0, beat_s)
    if rng.uniform() < 0.4:
        _drums(rng, track, beat_s)
    return scaled(faded(track, 0.02), 1.0)


def _accompany(
    rng: np.random.Generator,
    track: Samples,
    scale: tuple[int, ...],
    root_hz: float,
    beat_s: float,
    *,
    broken: bool,
) -> None:
    instrument = _instrument(rng)
    for bar_s in np.arange(0.0, len(track) / SAMPLE_RATE_HZ, 4.0 * beat_s):
        degree = int(rng.integers(len(scale)))
        for number, step in enumerate(CHORD_STEPS):
            pitch_hz = root_hz * 2.0 * _ratio(scale, degree + step)
            if broken:
                for at in range(number, 8, len(CHORD_STEPS)):
                    note = Note(bar_s + 0.5 * at * beat_s, beat_s, pitch_hz)
                    _add(rng, track, instrument, note)
            else:
                _add(rng, track, instrument, Note(bar_s, 4.0 * beat_s, pitch_hz))


def _melody(
    rng: np.random.Generator, track: Samples, scale: tuple[int, ...], root_hz: float, beat_s: float
) -> None:
    instrument, now_s, degree = _instrument(rng), 0.0, 0
    while now_s < len(track) / SAMPLE_RATE_HZ:
        length_s = beat_s * float(rng.choice((0.5, 1.0, 1.0, 2.0)))
        degree = int(np.clip(degree + rng.integers(-2, 3), -4, 9))
        if rng.uniform() < 0.85:
            note = Note(now_s, length_s, root_hz * _ratio(scale, degree))
            _add(rng, track, instrument, note)
        now_s += length_s


def _drums(rng: np.random.Generator, track: Samples, beat_s: float) -> None:
    for at_s in np.arange(0.0, len(track) / SAMPLE_RATE_HZ, 0.5 * beat_s):
        start = int(at_s * SAMPLE_RATE_HZ)
        length = min(int(0.15 * SAMPLE_RATE_HZ), len(track) - start)
        if length > 1 and rng.uniform() < 0.7:
            hit = white(rng, length) * decay(length, float(rng.uniform(0.01, 0.05)))
            track[start : start + length] += hit * np.float32(rng.uniform(0.05, 0.6))


def _instrument(rng: np.random.Generator) -> Instrument:
    number = int(rng.integers(1, 7))
    fall = rng.uniform(0.6, 2.2)
    partials = tuple(float(rng.uniform(0.3, 1.0) / (k + 1) ** fall) for k in range(number))
    return Instrument(
        partials,
        float(np.exp(rng.uniform(np.log(0.004), np.log(0.2)))),
        float(np.exp(rng.uniform(np.log(0.15), np.log(2.5)))),
        float(rng.choice((0.0, 0.004))),
    )


def _ratio(scale: tuple[int, ...], degree: int) -> float:
    octave, step = divmod(degree, len(scale))
    return float(2.0 ** (octave + scale[step] / 12.0))


def _add(rng: np.random.Generator, track: Samples, instrument: Instrument, note: Note) -> None:
    """Add one note to `track` in place."""
    start = int(note.start_s * SAMPLE_RATE_HZ)
    count = min(int(note.length_s * SAMPLE_RATE_HZ), len(track) - start)
    if count < 64:
        return
    seconds = np.arange(count, dtype=np.float32) / SAMPLE_RATE_HZ
    bend = instrument.vibrato / 5.5 * np.sin(np.float32(2.0 * np.pi * 5.5) * seconds)
    sound = np.zeros(count, dtype=np.float32)
    for number, amplitude in enumerate(instrument.partials, start=1):
        partial_hz = number * note.pitch_hz
        if partial_hz < 7500.0:
            turns = np.float32(2.0 * np.pi * partial_hz) * (seconds + bend)
            sound += np.float32(amplitude) * np.sin(turns)
    sound *= np.minimum(seconds / instrument.attack_s, 1.0).astype(np.float32)
    sound *= decay(count, instrument.decay_s) * np.float32(rng.uniform(0.4, 1.0))
    track[start : start + count] += faded(sound, 0.01)
