"""Turning over in bed: when, what is heard of it, and how the breath sounds from then on."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import signal

from osa_daemon.training.simulator import ranges
from osa_daemon.training.simulator.breathing import Sound
from osa_daemon.training.simulator.levels import gain
from osa_daemon.training.simulator.material import Scored
from osa_daemon.training.simulator.night import SAMPLE_RATE_HZ, Kind, Samples, Span
from osa_daemon.training.simulator.room import in_room
from osa_daemon.training.simulator.voices import colour

_TAPS = 129
_BLOCK = 60 * SAMPLE_RATE_HZ
_CLEAR_S = 45.0  # a turn that close before an event leaves the level nearly as it is
_AFTER_S = (2.0, 8.0)  # sleepers turn over after an event, not in it


@dataclass(frozen=True, slots=True)
class Turn:
    """A change of position, or with `moving_s` 0 a silent one between nose and mouth.

    From `start_s` on, over `fade_s`, the breath comes to `level_db` against the night's and loses
    `dull_db` of treble; for `held_s` of it the sleeper does not breathe.
    """

    start_s: float
    moving_s: float
    held_s: float
    fade_s: float
    level_db: float
    dull_db: float


def draw_turns(
    rng: np.random.Generator,
    kind: Kind,
    duration_s: float,
    scored: Sequence[Scored] = (),
    absent: Sequence[Span] = (),
) -> tuple[Turn, ...]:
    """Draw a night's turns in order; in `turns_away` the sleeper faces the wall for minutes."""
    turns = _changes(rng, duration_s) + _switches(rng, duration_s)
    if kind == "turns_away":
        away = _away(rng, duration_s)
        turns = [t for t in turns if not any(a - 20 < t.start_s < b + 20 for a, b, _ in away)]
        turns += [turn for _, _, pair in away for turn in pair]
    moved = [_beside(rng, turn, scored) for turn in turns]
    at_home = (t for t in moved if not any(s - 10 < t.start_s < s + d + 20 for s, d in absent))
    inside = (t for t in at_home if t.start_s + t.fade_s < duration_s)
    return tuple(sorted(inside, key=lambda t: t.start_s))


def rustling(rng: np.random.Generator, turns: Sequence[Turn]) -> list[Sound]:
    """Return the bedclothes and the bed of each turn: before, during, and a little after it."""
    sounds = []
    for turn in turns:
        if not turn.moving_s:
            continue
        level_db = ranges.TURN_RUSTLE_DB.draw(rng)
        t = turn.start_s - float(rng.uniform(0.3, 1.5))
        while t < turn.start_s + turn.moving_s:
            length_s = float(rng.uniform(0.4, 2.5))
            stroke_db = level_db + float(rng.normal(0, 3))
            sounds.append(Sound(max(0.0, t), length_s, "rustle", stroke_db, 1.0))
            t += length_s * float(rng.uniform(0.3, 1.3))
        if rng.random() < ranges.TURN_THUMP_SHARE:
            at_s = turn.start_s + float(rng.uniform(0, turn.moving_s))
            sounds.append(Sound(at_s, 0.5, "thump", level_db + float(rng.normal(0, 4)), 1.0))
    return sounds


def posed(rng: np.random.Generator, dry: Samples, turns: Sequence[Turn]) -> Samples:
    """Return the track (count,) as it comes from each position, cross-faded at the turns."""
    if not turns:
        return dry
    starts = [0.0, *(t.start_s for t in turns)]
    fades = [0.0, *(t.fade_s for t in turns)]
    count = len(dry)
    heard = np.zeros(count, np.float32)
    for number, start_s in enumerate(starts):
        last_one = number + 1 == len(starts)
        end_s = count / SAMPLE_RATE_HZ + 1 if last_one else starts[number + 1] + fades[number + 1]
        first, last = (int(t * SAMPLE_RATE_HZ) for t in (start_s, end_s))
        piece = dry[first:last]
        if not len(piece):
            continue
        if number:
            piece = _from_there(rng, piece, turns[number - 1])
        _fade_into(heard, piece, first, fades[number], 0 if last_one else fades[number + 1])
    return heard


def _changes(rng: np.random.Generator, duration_s: float) -> list[Turn]:
    count = int(rng.poisson(ranges.POSITION_CHANGES_PER_H.draw(rng) * duration_s / 3600))
    starts = rng.uniform(15, max(16.0, duration_s - 15), count)
    return [_turn(rng, float(s), ranges.POSITION_LEVEL_DB.draw(rng)) for s in starts]


def _switches(rng: np.random.Generator, duration_s: float) -> list[Turn]:
    """Return changes between breathing through the nose and through the mouth."""
    if rng.random() > ranges.SWITCHING_SHARE:
        return []
    turns = []
    t = float(rng.uniform(0, 300))
    while t < duration_s:
        fade_s = ranges.SWITCH_FADE_S.draw(rng)
        level_db = ranges.SWITCH_LEVEL_DB.draw(rng)
        turns.append(Turn(t, 0.0, 0.0, fade_s, level_db, float(rng.uniform(-3, 6))))
        t += ranges.SWITCH_SPAN_S.draw(rng)
    return turns


def _away(
    rng: np.random.Generator, duration_s: float
) -> list[tuple[float, float, tuple[Turn, Turn]]]:
    spans = []
    t = float(rng.uniform(0.05, 0.4)) * duration_s
    while t < duration_s - 30:
        length_s = min(ranges.AWAY_SPAN_S.draw(rng), 0.5 * duration_s)
        there = _turn(
            rng, t, -ranges.TURNED_AWAY_DB.draw(rng), ranges.TURNED_AWAY_DULL_DB.draw(rng)
        )
        back = _turn(rng, t + length_s, float(rng.uniform(-4, 3)))
        spans.append((t, t + length_s, (there, back)))
        t += length_s + ranges.FACING_SPAN_S.draw(rng)
    return spans


def _turn(
    rng: np.random.Generator, start_s: float, level_db: float, dull_db: float | None = None
) -> Turn:
    held_s = ranges.TURN_HELD_S.draw(rng) if rng.random() < ranges.TURN_HELD_SHARE else 0.0
    if dull_db is None:
        dull_db = float(rng.uniform(-2, 5)) - 0.4 * level_db
    fade_s = ranges.TURN_FADE_S.draw(rng)
    return Turn(start_s, ranges.TURN_MOVING_S.draw(rng), held_s, fade_s, level_db, dull_db)


def _beside(rng: np.random.Generator, turn: Turn, scored: Sequence[Scored]) -> Turn:
    """Return the turn behind the event that it would meet, tame where another follows soon."""
    start_s, level_db = turn.start_s, turn.level_db
    for event in scored:
        end_s = event.onset_s + event.duration_s
        if event.onset_s - turn.moving_s - 12 < start_s < end_s + 3:
            start_s = end_s + float(rng.uniform(*_AFTER_S))
    near = any(0 < e.onset_s - start_s < _CLEAR_S for e in scored)
    if near and level_db > -ranges.TURNED_AWAY_DB.low:
        level_db = float(np.clip(level_db, -2.0, 2.0))
    held_s = 0.0 if near else turn.held_s
    return Turn(start_s, turn.moving_s, held_s, turn.fade_s, level_db, turn.dull_db)


def _from_there(rng: np.random.Generator, piece: Samples, turn: Turn) -> Samples:
    """Return a piece of the dry track in the colour and at the level of the new position."""
    corners_hz = np.array([0, 300, 900, 2_000, 4_000, 8_000])
    slope = np.array([0.0, 0.0, 0.25, 0.6, 1.0, 1.3])
    dull = signal.firwin2(_TAPS, corners_hz, 10 ** (-turn.dull_db * slope / 20), fs=SAMPLE_RATE_HZ)
    shaped = np.convolve(dull, colour(rng, ranges.POSITION_COLOUR_DB.draw(rng), _TAPS), "same")
    kernel = (shaped * gain(turn.level_db)).astype(np.float32)
    if len(piece) <= _TAPS:
        return piece * gain(turn.level_db)
    late = _TAPS // 2
    return in_room(np.append(piece, np.zeros(late, np.float32)), kernel)[late:]


def _fade_into(track: Samples, piece: Samples, first: int, in_s: float, out_s: float) -> None:
    length = len(piece)
    rise, fall = (min(int(s * SAMPLE_RATE_HZ), length // 2) for s in (in_s, out_s))
    track[first + rise : first + length - fall] += piece[rise : length - fall]
    up, down = (np.linspace(0, 1, n, dtype=np.float32) for n in (rise, fall))
    track[first : first + rise] += piece[:rise] * up
    track[first + length - fall : first + length] += piece[length - fall :] * down[::-1]
