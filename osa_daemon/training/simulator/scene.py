"""One person in the room: drawn, planned, rendered, heard at the microphone."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from osa_daemon.training.simulator import ranges
from osa_daemon.training.simulator.levels import Powers, band_power, gain
from osa_daemon.training.simulator.material import Material, Scored
from osa_daemon.training.simulator.night import (
    SAMPLE_RATE_HZ,
    Generator,
    Kind,
    NightSpec,
    Samples,
    Span,
)
from osa_daemon.training.simulator.plan import Plan, plan_night
from osa_daemon.training.simulator.render import Heard, render
from osa_daemon.training.simulator.room import Room, impulse_response, in_room
from osa_daemon.training.simulator.sleeper import draw_sleeper
from osa_daemon.training.simulator.truth import measure
from osa_daemon.training.simulator.voices import RecordedVoice, SynthesisedVoice, Voice
from osa_daemon.training.simulator.wind import blow

_TURN_S = 1.5  # how long it takes to turn the head


@dataclass(frozen=True, slots=True)
class Person:
    """A person's track (count,), at unit level for the median breath, and its sounds."""

    name: str
    track: Samples
    heard: tuple[Heard, ...]
    plan: Plan
    snores: bool
    distance_m: float


def draw_voice(
    rng: np.random.Generator, generator: Generator, material: Material, seed: int
) -> Voice:
    """Draw a voice of the generator's kind; who lies beside real airflow is synthetic."""
    if generator == "recorded":
        return RecordedVoice(rng, material)
    return SynthesisedVoice(rng, f"synthetic-{material.split}-{seed}")


def sleeper(
    rng: np.random.Generator,
    spec: NightSpec,
    material: Material,
    scored: Sequence[Scored],
    absent: Sequence[Span],
    *,
    room: Room,
) -> Person:
    """Make the sleeper of a night."""
    snores = spec.snores
    if snores is None:
        snores = bool(rng.random() < ranges.SNORER_SHARE.low)
    snores = (snores or spec.kind == "snorer") and spec.kind != "quiet"
    return _person(
        rng,
        spec,
        material,
        scored,
        absent=absent,
        away=_away_spans(rng, spec),
        snores=snores,
        room=room,
        distance_m=ranges.DISTANCE_M.draw(rng),
        blown=spec.generator == "airflow",
    )


def partner(rng: np.random.Generator, spec: NightSpec, material: Material, *, room: Room) -> Person:
    """Make someone who breathes or snores on beside the sleeper, without events."""
    snores = bool(rng.random() < 0.6)
    distance_m = ranges.DISTANCE_M.draw(rng) + 0.7
    return _person(rng, spec, material, (), snores=snores, room=room, distance_m=distance_m)


def absence(rng: np.random.Generator, kind: Kind, duration_s: float) -> tuple[Span, ...]:
    """Return when the sleeper is out of bed: once, in a night of that kind."""
    if kind != "gets_up":
        return ()
    longest_s = min(ranges.ABSENT_SPAN_S.high, 0.6 * duration_s)
    shortest_s = min(ranges.ABSENT_SPAN_S.low, 0.3 * duration_s)
    length_s = float(rng.uniform(shortest_s, longest_s))
    start_s = float(rng.uniform(0.1, 0.9)) * (duration_s - length_s)
    return ((start_s, length_s),)


def _person(
    rng: np.random.Generator,
    spec: NightSpec,
    material: Material,
    scored: Sequence[Scored],
    *,
    absent: Sequence[Span] = (),
    away: Sequence[Span] = (),
    snores: bool,
    room: Room,
    distance_m: float,
    blown: bool = False,
) -> Person:
    # streams of their own: a change of the synthesiser leaves the story as it is
    traits, story, timbre, sound, echo = rng.spawn(5)
    trace = material.airflow(timbre) if blown else None
    if trace is not None:
        name = trace.person
        dry, heard, plan = blow(
            story, trace, scored, absent, snores=snores, duration_s=spec.duration_s
        )
    else:
        voice = draw_voice(timbre, spec.generator, material, int(timbre.integers(2**31)))
        who = draw_sleeper(traits, snores=snores)
        name, plan = voice.name, plan_night(story, who, scored, spec.duration_s, absent)
        dry, heard = render(sound, plan, voice, int(spec.duration_s * SAMPLE_RATE_HZ))
    _turn_away(echo, dry, away)
    track = in_room(dry, impulse_response(echo, room, distance_m))
    track *= gain(-median_level(heard, band_power(track)))
    return Person(name, track, heard, plan, snores, distance_m)


def median_level(heard: Sequence[Heard], power: Powers) -> float:
    """Return the level of the median breath in dB."""
    cycles = measure(heard, power, np.ones_like(power))
    levels = cycles.level_db[np.isfinite(cycles.level_db)]
    return float(np.median(levels)) if len(levels) else 0.0


def _away_spans(rng: np.random.Generator, spec: NightSpec) -> tuple[Span, ...]:
    if spec.kind != "turns_away":
        return ()
    spans = []
    t = float(rng.uniform(0.05, 0.5)) * spec.duration_s
    while t < spec.duration_s - 30:
        length_s = min(ranges.AWAY_SPAN_S.draw(rng), 0.5 * spec.duration_s)
        spans.append((t, length_s))
        t += length_s + float(rng.uniform(120, 1200))
    return tuple(spans)


def _turn_away(rng: np.random.Generator, track: Samples, away: Sequence[Span]) -> None:
    for start_s, length_s in away:
        first, last = int(start_s * SAMPLE_RATE_HZ), int((start_s + length_s) * SAMPLE_RATE_HZ)
        t = np.arange(len(track[first:last]), dtype=np.float32) / SAMPLE_RATE_HZ
        turn = np.clip(np.minimum(t, length_s - t) / _TURN_S, 0, 1)
        depth_db = ranges.TURNED_AWAY_DB.draw(rng)
        track[first:last] *= (10 ** (-depth_db * turn / 20)).astype(np.float32)
