"""A bedroom between a source and the microphone: early echoes, a tail, distance."""

from dataclasses import dataclass

import numpy as np
from scipy import fft, signal

from osa_daemon.training.simulator import ranges
from osa_daemon.training.simulator.night import SAMPLE_RATE_HZ, Samples

_SPEED_M_S = 343.0
_ECHOES = 12
_BLOCK = 65_536  # samples convolved at once


@dataclass(frozen=True, slots=True)
class Room:
    """Time of decay by 60 dB, and the distance at which direct sound and tail are equal."""

    reverberation_s: float
    critical_distance_m: float


def draw_room(rng: np.random.Generator) -> Room:
    """Draw a bedroom."""
    return Room(ranges.REVERBERATION_S.draw(rng), ranges.CRITICAL_DISTANCE_M.draw(rng))


def impulse_response(rng: np.random.Generator, room: Room, distance_m: float) -> Samples:
    """Return the response (n,): direct sound first, its energy with the rest 1.

    First-order images of a box of random size, then an exponential tail whose level against
    the direct sound follows (distance / critical distance)²; the tail and distant mouths lose
    treble.
    """
    decay_s, critical_m = room.reverberation_s, room.critical_distance_m
    count = int(min(decay_s, 0.5) * SAMPLE_RATE_HZ)
    response = np.zeros(count)
    response[0] = 1.0
    times = np.arange(count) / SAMPLE_RATE_HZ
    tail = rng.standard_normal(count) * 10 ** (-3 * times / decay_s)
    tail[: int(0.004 * SAMPLE_RATE_HZ)] = 0
    dull = signal.butter(1, rng.uniform(2500, 6000), fs=SAMPLE_RATE_HZ, output="sos")
    tail = signal.sosfilt(dull, tail)
    energy = min((distance_m / critical_m) ** 2, 30.0)
    response += tail * np.sqrt(energy / np.sum(tail**2))
    for _ in range(_ECHOES):
        path_m = distance_m + rng.uniform(0.4, 5.0)
        place = int((path_m - distance_m) / _SPEED_M_S * SAMPLE_RATE_HZ)
        if place < count:
            sign = rng.choice((-1.0, 1.0))
            response[place] += sign * rng.uniform(0.2, 0.7) * distance_m / path_m
    off_axis_hz = float(np.clip(9000 / max(distance_m, 0.5), 2500, 7500))
    shelf = signal.butter(1, off_axis_hz, fs=SAMPLE_RATE_HZ, output="sos")
    response = 0.5 * response + 0.5 * signal.sosfilt(shelf, response)
    made: Samples = (response / np.sqrt(np.sum(response**2))).astype(np.float32)
    return made


def in_room(track: Samples, response: Samples) -> Samples:
    """Return the track as heard at the microphone, same length (overlap-add)."""
    step = _BLOCK - len(response) + 1
    spectrum = fft.rfft(response, _BLOCK)
    heard = np.zeros(len(track) + _BLOCK, np.float32)
    for start in range(0, len(track), step):
        part = track[start : start + step]
        if part.any():
            heard[start : start + _BLOCK] += fft.irfft(fft.rfft(part, _BLOCK) * spectrum, _BLOCK)
    return heard[: len(track)].copy()
