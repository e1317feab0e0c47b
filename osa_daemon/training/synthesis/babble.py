"""Speech that says nothing: formants, syllables, pitch and pauses of a made-up talker."""

from dataclasses import dataclass

import numpy as np
from scipy import fft, signal

from osa_daemon.audio.block import SAMPLE_RATE_HZ, Samples
from osa_daemon.training.synthesis.pulses import pulse_train
from osa_daemon.training.synthesis.shaping import Floats, count_of, scaled, white

HOP = 160  # 10 ms
WINDOW = 640  # four hops: a Hann window of three, and room for ringing
SYLLABLE_HZ = (3.0, 6.0)  # rhythm of speech, 3 to 6 syllables a second (Greenberg 1999)
PITCH_HZ = (80.0, 260.0)
VOWEL_HZ = ((270.0, 850.0), (800.0, 2300.0), (2100.0, 3100.0), (3200.0, 4200.0))
VOWEL_BANDWIDTH_HZ = (70.0, 100.0, 150.0, 250.0)


@dataclass(frozen=True, slots=True)
class Course:
    """What a talker does, frame by frame (10 ms): all of shape (frames,) but `formants_hz`.

    `formants_hz` has the shape (frames, 4); `voiced` and `fricative` are amplitudes 0 to 1.
    """

    pitch_hz: Floats
    formants_hz: Floats
    voiced: Floats
    fricative: Floats


def babble(rng: np.random.Generator, duration_s: float) -> Samples:
    """Return a talker of that length: speech-like, without words; RMS 1 over its whole length."""
    count = count_of(duration_s)
    course = _course(rng, count // HOP + 2)
    at = np.arange(count) / HOP
    frames = np.arange(len(course.pitch_hz))
    pitch = np.interp(at, frames, course.pitch_hz).astype(np.float32)
    train = pulse_train(rng, pitch, jitter=0.01, shimmer=0.05, width_s=0.0012)
    voiced = _filtered(train, _vowel_gain(rng, course)) * np.interp(at, frames, course.voiced)
    hiss = _filtered(white(rng, count), _hiss_gain(rng, course))
    sound = scaled(voiced.astype(np.float32), 1.0)
    sound += scaled((hiss * np.interp(at, frames, course.fricative)).astype(np.float32), 0.3)
    return scaled(sound, 1.0)


def _course(rng: np.random.Generator, frames: int) -> Course:
    """Lay syllables and pauses one after another and let formants glide between them."""
    rhythm_hz = rng.uniform(*SYLLABLE_HZ)
    starts: list[float] = []
    lengths: list[float] = []
    now = 0.0
    while now < frames:
        length = 100.0 / rhythm_hz * float(np.exp(rng.normal(0.0, 0.25)))
        starts.append(now)
        lengths.append(length)
        now += length
        if rng.uniform() < 0.1:  # end of a phrase
            now += 100.0 * rng.uniform(0.2, 1.5)
    onset, span = np.asarray(starts), np.asarray(lengths)
    frame = np.arange(frames, dtype=np.float64)
    current = np.clip(np.searchsorted(onset, frame, side="right") - 1, 0, len(onset) - 1)
    inside = (frame - onset[current]) / span[current]
    consonant = rng.uniform(0.1, 0.4, len(onset))[current]
    fricative = (rng.uniform(size=len(onset)) < 0.5)[current]
    loud = rng.uniform(0.4, 1.0, len(onset))[current]
    leak = rng.uniform(0.0, 0.25)  # voice that goes on through the consonant
    vowel = np.clip((inside - consonant) / (1.0 - consonant), 0.0, 1.0)
    return Course(
        pitch_hz=_pitch(rng, onset, frame),
        formants_hz=_formants(rng, onset + 0.6 * span, frame),
        voiced=loud * (inside < 1.0) * np.maximum(np.sin(np.pi * vowel) ** 0.6, leak),
        fricative=fricative * loud * np.sin(np.pi * np.clip(inside / consonant, 0.0, 1.0)) ** 2,
    )


def _pitch(rng: np.random.Generator, onset: Floats, frame: Floats) -> Floats:
    middle_hz = np.exp(rng.uniform(*np.log(PITCH_HZ)))
    bends = np.exp(rng.normal(0.0, rng.uniform(0.04, 0.18), len(onset)))
    return np.asarray(np.interp(frame, onset, middle_hz * bends))


def _formants(rng: np.random.Generator, at: Floats, frame: Floats) -> Floats:
    tracks = [np.interp(frame, at, rng.uniform(low, high, len(at))) for low, high in VOWEL_HZ]
    return np.stack(tracks, axis=1) * rng.uniform(0.9, 1.2)


def _vowel_gain(rng: np.random.Generator, course: Course) -> Floats:
    """Return amplitudes (frames, bins): parallel resonances under a falling slope."""
    grid = np.fft.rfftfreq(WINDOW, 1.0 / SAMPLE_RATE_HZ)
    gain = np.full((len(course.pitch_hz), len(grid)), 0.02)
    for number, bandwidth in enumerate(VOWEL_BANDWIDTH_HZ):
        distance = (grid - course.formants_hz[:, number, None]) / (0.5 * bandwidth)
        gain += 0.7**number / (1.0 + distance**2) ** 0.5
    return np.asarray(gain / (1.0 + (grid / 500.0) ** 2) ** rng.uniform(0.15, 0.5))


def _hiss_gain(rng: np.random.Generator, course: Course) -> Floats:
    grid = np.fft.rfftfreq(WINDOW, 1.0 / SAMPLE_RATE_HZ)
    middle = 1800.0 + course.formants_hz[:, 1, None] * rng.uniform(0.8, 1.8)
    return np.asarray(np.exp(-0.5 * ((grid - middle) / rng.uniform(700.0, 1800.0)) ** 2))


def _filtered(samples: Samples, gain: Floats) -> Samples:
    """Return `samples` through gains (frames, bins) that change every 10 ms.

    Hann windows of three hops add up to 1.5; zeros round them take the ringing of the filter.
    """
    frames, margin = len(gain), (WINDOW - 3 * HOP) // 2
    padded = np.zeros((frames + 4) * HOP, dtype=np.float32)
    padded[2 * HOP : 2 * HOP + len(samples)] = samples
    views = np.lib.stride_tricks.sliding_window_view(padded, 3 * HOP)[::HOP][:frames]
    windowed = np.zeros((frames, WINDOW), dtype=np.float32)
    windowed[:, margin : margin + 3 * HOP] = views * signal.get_window("hann", 3 * HOP)
    shaped = fft.irfft(fft.rfft(windowed) * gain.astype(np.float32), WINDOW)
    pieces = shaped.reshape(frames, WINDOW // HOP, HOP)
    total = np.zeros((frames + WINDOW // HOP, HOP), dtype=np.float32)
    for number in range(WINDOW // HOP):
        total[number : number + frames] += pieces[:, number]
    start = 2 * HOP + margin
    return np.asarray(total.reshape(-1)[start : start + len(samples)] / 1.5, dtype=np.float32)
