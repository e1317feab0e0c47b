"""One person in the room: drawn, planned, rendered, heard at the microphone."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from osa_daemon.training.simulator import ranges
from osa_daemon.training.simulator.bank import Bank
from osa_daemon.training.simulator.breathing import STILL_KINDS, Sound
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
from osa_daemon.training.simulator.turning import draw_turns, posed
from osa_daemon.training.simulator.voices import RecordedVoice, SynthesisedVoice, Voice
from osa_daemon.training.simulator.wind import blow


@dataclass(frozen=True, slots=True)
class Person:
    """A person's track (count,), at unit level for the median breath, and its sounds.

    `absent`: when nobody was there (onset, duration).
    """

    name: str
    track: Samples
    heard: tuple[Heard, ...]
    plan: Plan
    snores: bool
    distance_m: float
    absent: tuple[Span, ...] = ()


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
        turning=True,
        snores=snores,
        room=room,
        distance_m=ranges.DISTANCE_M.draw(rng),
        blown=spec.generator == "airflow",
    )


def partner(rng: np.random.Generator, spec: NightSpec, material: Material, *, room: Room) -> Person:
    """Make someone who breathes or snores on beside the sleeper, without events."""
    snores = bool(rng.random() < ranges.PARTNER_SNORES_SHARE)
    distance_m = ranges.DISTANCE_M.draw(rng) + 0.7
    gone: tuple[Span, ...] = ()
    length_s = ranges.PARTNER_GONE_S.draw(rng)
    if rng.random() < ranges.PARTNER_GONE_SHARE and length_s < 0.5 * spec.duration_s:
        gone = ((float(rng.uniform(0.1, 0.9)) * (spec.duration_s - length_s), length_s),)
    return _person(
        rng, spec, material, (), absent=gone, snores=snores, room=room, distance_m=distance_m
    )


def partner_level(rng: np.random.Generator) -> float:
    """Draw the partner's median breath in dB against the sleeper's."""
    loud = rng.random() < ranges.PARTNER_LOUD_SHARE
    return (ranges.PARTNER_LOUD_DB if loud else ranges.PARTNER_LEVEL_DB).draw(rng)


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
    turning: bool = False,
    snores: bool,
    room: Room,
    distance_m: float,
    blown: bool = False,
) -> Person:
    # streams of their own: a change of the synthesiser leaves the story as it is
    traits, story, timbre, sound, echo, bed = rng.spawn(6)
    kind: Kind = spec.kind if turning else "quiet"
    turns = draw_turns(bed, kind, spec.duration_s, scored, absent)
    count = int(spec.duration_s * SAMPLE_RATE_HZ)
    trace = material.airflow(timbre, scored=spec.severity != "none") if blown else None
    if trace is not None:
        name = trace.person
        dry, heard, plan = blow(
            story,
            trace,
            scored,
            absent,
            snores=snores,
            duration_s=spec.duration_s,
            turns=turns,
        )
        voice = Bank(SynthesisedVoice(timbre, name))
        laid, beside = render(sound, _of(plan, of_bed=False), voice, count)
        dry += laid
        heard += tuple(h for h in beside if h.cycle >= 0)
    else:
        seed = int(timbre.integers(2**31))
        voice = Bank(draw_voice(timbre, spec.generator, material, seed))
        who = draw_sleeper(traits, snores=snores)
        name = voice.name
        plan = plan_night(story, who, scored, spec.duration_s, absent, turns=turns)
        dry, heard = render(sound, _of(plan, of_bed=False), voice, count)
    dry = posed(bed, dry, turns)
    dry += render(sound, _of(plan, of_bed=True), voice, count)[0]
    track = in_room(dry, impulse_response(echo, room, distance_m))
    track *= gain(-median_level(heard, band_power(track)))
    return Person(name, track, heard, plan, snores, distance_m, tuple(absent))


def _of(plan: Plan, *, of_bed: bool) -> list[Sound]:
    return [s for s in plan.sounds if (s.kind in STILL_KINDS) == of_bed]


def median_level(heard: Sequence[Heard], power: Powers) -> float:
    """Return the level of the median breath in dB."""
    cycles = measure(heard, power, np.ones_like(power))
    levels = cycles.level_db[np.isfinite(cycles.level_db)]
    return float(np.median(levels)) if len(levels) else 0.0
