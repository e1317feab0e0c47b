"""The continuous noise of the room, recorded or synthesised, on which everything is laid."""

import numpy as np

from osa_daemon.training.simulator.levels import band_power
from osa_daemon.training.simulator.material import Material
from osa_daemon.training.simulator.night import SAMPLE_RATE_HZ, Samples
from osa_daemon.training.simulator.voices import colour
from osa_daemon.training.synthesis.noises import noise_makers, room_tone

_PIECE_S = 180.0  # of synthesised noise before it comes again, shuffled
_FADE_S = 0.7
_NOT_A_ROOM = ("hiss_air", "radio_static", "coffee_shop")


def backdrop(
    rng: np.random.Generator, material: Material, count: int, *, recorded: bool
) -> tuple[Samples, str]:
    """Return noise (count,) with a median power of 1 in 0.3-4 kHz, and what it is.

    A room tone is always there; over it lies in two of three nights a recorded noise of the
    split or a synthesised one.
    """
    length_s = min(count / SAMPLE_RATE_HZ, _PIECE_S)
    track = looped(rng, room_tone(rng, length_s), count)
    track *= np.float32(1 / _median_amplitude(track))
    if rng.random() < 1 / 3:
        return track, "room_tone"
    over, name = _over(rng, material, length_s, recorded=recorded)
    laid = looped(rng, over, count)
    laid *= np.float32(1 / _median_amplitude(laid))
    laid += track * np.float32(10 ** (rng.uniform(-20, -3) / 20))
    laid *= np.float32(1 / _median_amplitude(laid))
    return laid, name


def looped(rng: np.random.Generator, piece: Samples, count: int) -> Samples:
    """Return `count` samples cut from a piece at random places, with equal-power cross-fades."""
    if len(piece) >= count:
        return piece[:count].copy()
    fade = min(int(_FADE_S * SAMPLE_RATE_HZ), len(piece) // 3)
    ramp = np.sin(np.linspace(0, np.pi / 2, fade)).astype(np.float32)
    track = np.zeros(count + len(piece), np.float32)
    track[: len(piece)] = piece
    end = len(piece)
    while end < count:
        first = int(rng.integers(0, max(1, len(piece) // 3)))
        part = piece[first:].copy()
        part[:fade] *= ramp
        track[end - fade : end] *= ramp[::-1]
        track[end - fade : end - fade + len(part)] += part
        end += len(part) - fade
    return track[:count]


def _over(
    rng: np.random.Generator, material: Material, length_s: float, *, recorded: bool
) -> tuple[Samples, str]:
    clips = [c for c in material.clips("noise") if c.subclass not in _NOT_A_ROOM]
    if clips and (recorded or rng.random() < 0.4):
        clip = clips[int(rng.integers(len(clips)))]
        tint = colour(rng, 4.0)
        piece = np.convolve(material.samples(clip), tint, mode="same").astype(np.float32)
        return piece, f"{clip.subclass} ({clip.group})"
    makers = noise_makers()
    name = sorted(makers)[int(rng.integers(len(makers)))]
    return makers[name](rng, length_s), name


def _median_amplitude(track: Samples) -> float:
    return float(np.sqrt(max(float(np.median(band_power(track))), 1e-20)))
