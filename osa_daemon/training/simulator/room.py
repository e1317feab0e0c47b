"""A bedroom between a source and the microphone: images of the source, a tail, lost treble."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import fft, signal

from osa_daemon.training.simulator import ranges
from osa_daemon.training.simulator.night import SAMPLE_RATE_HZ, Samples

_SPEED_M_S = 343.0
_ORDER = 3  # walls that an image is mirrored at
_WALL_M = 0.25  # nearest that a mouth or microphone is to a wall
_TRIES = 30
_BLOCK = 65_536  # samples convolved at once

_Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Room:
    """A box of that size in metres and its time of decay by 60 dB."""

    size_m: tuple[float, float, float]
    reverberation_s: float

    @property
    def absorption(self) -> float:
        """Mean share of the energy that a wall takes (Eyring's formula)."""
        length, width, height = self.size_m
        surface = 2 * (length * width + length * height + width * height)
        exponent = 0.161 * length * width * height / (surface * self.reverberation_s)
        return float(1 - np.exp(-exponent))

    @property
    def critical_distance_m(self) -> float:
        """Distance at which direct and reverberant sound are equal (Kuttruff: √(A / 16π))."""
        length, width, height = self.size_m
        surface = 2 * (length * width + length * height + width * height)
        return float(np.sqrt(surface * self.absorption / (1 - self.absorption) / (16 * np.pi)))


def draw_room(rng: np.random.Generator) -> Room:
    """Draw a bedroom."""
    size_m = (ranges.ROOM_M.draw(rng), ranges.ROOM_M.draw(rng), ranges.CEILING_M.draw(rng))
    return Room(size_m, ranges.REVERBERATION_S.draw(rng))


def impulse_response(rng: np.random.Generator, room: Room, distance_m: float) -> Samples:
    """Return the response (n,): direct sound first, its energy with the rest 1.

    Images of the source up to the third order in a box (Allen and Berkley 1979), then an
    exponential tail that brings the reverberant energy to (distance / critical distance)² of
    the direct sound. Walls and air dull what they send back; distant mouths lose treble.
    """
    count = int(min(room.reverberation_s, 0.5) * SAMPLE_RATE_HZ)
    early = _images(room, *_places(rng, room, distance_m), count)
    direct = np.zeros(count)
    direct[0] = 1.0
    times = np.arange(count) / SAMPLE_RATE_HZ
    tail = rng.standard_normal(count) * 10 ** (-3 * times / room.reverberation_s)
    mixed_s = (np.prod(room.size_m) ** (1 / 3)) * _ORDER / _SPEED_M_S
    tail *= np.clip(times / mixed_s, 0, 1) ** 2  # images thin out where the tail sets in
    wanted = min((distance_m / room.critical_distance_m) ** 2, 30.0)
    missing = max(wanted - float(np.sum(early**2)), 0.2 * wanted)
    tail *= np.sqrt(missing / np.sum(tail**2))
    dull = signal.butter(1, rng.uniform(2500, 6000), fs=SAMPLE_RATE_HZ, output="sos")
    response = direct + signal.sosfilt(dull, early + tail)
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
    return heard[: len(track)]


def _places(rng: np.random.Generator, room: Room, distance_m: float) -> tuple[_Floats, _Floats]:
    """Draw a source and a microphone that far apart; nearer where the box is too small."""
    size = np.array(room.size_m)
    for _ in range(_TRIES):
        source = rng.uniform(_WALL_M, size - _WALL_M)
        source[2] = rng.uniform(0.3, 0.9)  # a pillow, a table
        turn = rng.uniform(0, 2 * np.pi)
        rise = rng.uniform(-0.3, 0.4)
        flat = np.sqrt(1 - rise**2)
        towards = np.array([flat * np.cos(turn), flat * np.sin(turn), rise])
        there = source + distance_m * towards
        if np.all(there > 0.1) and np.all(there < size - 0.1):
            break
    return source, np.clip(there, 0.1, size - 0.1)


def _images(room: Room, source: _Floats, there: _Floats, count: int) -> _Floats:
    """Return what the walls send back (count,), the direct sound being 1 at sample 0."""
    mirrored = np.arange(-_ORDER, _ORDER + 1)
    grid = np.stack(np.meshgrid(mirrored, mirrored, mirrored, indexing="ij"), -1).reshape(-1, 3)
    order = np.abs(grid).sum(axis=1)
    grid, order = grid[(order > 0) & (order <= _ORDER)], order[(order > 0) & (order <= _ORDER)]
    size = np.array(room.size_m)
    odd = grid % 2 == 1
    at = grid * size + np.where(odd, size - source, source)
    direct_m = float(np.linalg.norm(source - there))
    path_m = np.linalg.norm(at - there, axis=1)
    amplitude = np.sqrt(1 - room.absorption) ** order * direct_m / path_m
    delay = (path_m - direct_m) / _SPEED_M_S * SAMPLE_RATE_HZ
    first = delay.astype(np.int64)
    kept = first < count - 1
    response = np.zeros(count)
    share = delay - first
    np.add.at(response, first[kept], (amplitude * (1 - share))[kept])
    np.add.at(response, first[kept] + 1, (amplitude * share)[kept])
    return response
