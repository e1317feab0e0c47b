"""The noise of the room, recorded or synthesised, on which everything is laid."""

import numpy as np

from osa_daemon.training.simulator import ranges
from osa_daemon.training.simulator.levels import band_power, follow, gain, unit_level
from osa_daemon.training.simulator.material import Material
from osa_daemon.training.simulator.night import SAMPLE_RATE_HZ, Samples
from osa_daemon.training.simulator.steps import draw_steps, rise_db
from osa_daemon.training.simulator.voices import colour
from osa_daemon.training.synthesis.household import household_makers
from osa_daemon.training.synthesis.noises import noise_makers, room_tone

_PIECE_S = 180.0  # of synthesised noise before it comes again, shuffled
_FADE_S = 0.7
_NOT_A_ROOM = ("hiss_air", "radio_static", "coffee_shop")
_SLOW = ("rain", "traffic", "sea_waves", "wind")  # swell; the rest is switched


def backdrop(
    rng: np.random.Generator,
    material: Material,
    count: int,
    *,
    recorded: bool,
    empty: bool = False,
) -> tuple[Samples, dict[str, object]]:
    """Return noise (count,) with a median power of 1 in 0.3-4 kHz, and what it is.

    A room tone is always there; over it lies in two of three nights a recorded noise of the
    split or a synthesised one. In some nights it changes (`noise_steps`) or a clock ticks.
    `empty`: nobody is there; what may be mistaken for a breather comes more often.
    """
    length_s = min(count / SAMPLE_RATE_HZ, _PIECE_S)
    track = looped(rng, room_tone(rng, length_s), count)
    _level(track)
    facts: dict[str, object] = {"noise": "room_tone"}
    waves = rng.random() < (ranges.WAVES_SHARE_EMPTY if empty else ranges.WAVES_SHARE)
    if waves or rng.random() < 2 / 3:
        if waves:
            over, facts["noise"] = noise_makers()["sea_waves"](rng, length_s), "sea_waves"
        else:
            over, facts["noise"] = _over(rng, material, length_s, recorded=recorded)
        laid = looped(rng, over, count)
        _level(laid)
        track *= np.float32(10 ** (rng.uniform(-20, -3) / 20))
        track += laid
    if rng.random() < ranges.NOISE_STEPS_SHARE:
        facts |= _change(rng, material, track, recorded=recorded)
    _level(track)
    if rng.random() < ranges.CLOCK_SHARE:
        over_db = ranges.CLOCK_DB.draw(rng)
        minute = unit_level(household_makers()["clock_tick"](rng, 60.0)) * gain(over_db)
        for start in range(0, count, len(minute)):
            track[start : start + len(minute)] += minute[: count - start]
        facts["clock_db"] = round(over_db, 1)
    return track, facts


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


def _change(
    rng: np.random.Generator, material: Material, track: Samples, *, recorded: bool
) -> dict[str, object]:
    """Let the noise itself step up and down, or another one start and stop over it; in place."""
    duration_s = len(track) / SAMPLE_RATE_HZ
    name = "itself"
    if rng.random() < ranges.NOISE_ITSELF_SHARE:
        steps = draw_steps(rng, duration_s, slow=bool(rng.random() < 0.3))
        follow(track, 10 ** (rise_db(steps, duration_s) / 20))
    else:
        _level(track)
        over, name = _over(rng, material, min(duration_s, _PIECE_S), recorded=recorded)
        steps = draw_steps(rng, duration_s, slow=name.split()[0] in _SLOW)
        added = np.sqrt(10 ** (rise_db(steps, duration_s) / 10) - 1)
        laid = looped(rng, over, len(track))
        _level(laid)
        follow(laid, added)
        track += laid
    return {
        "noise_change": name,
        "noise_steps": [
            (round(s.onset_s, 1), round(s.duration_s, 1), round(s.rise_db, 1)) for s in steps
        ],
    }


def _level(track: Samples) -> None:
    """Scale to a median power of 1 in 0.3-4 kHz, in place."""
    track *= np.float32(1 / np.sqrt(max(float(np.median(band_power(track))), 1e-20)))
