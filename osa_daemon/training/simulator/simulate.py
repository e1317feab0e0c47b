"""From a spec to a night: the sleeper, the room around, the microphone, the truth."""

import zlib
from dataclasses import dataclass

import numpy as np

from osa_daemon.errors import UsageError
from osa_daemon.training.simulator import companions, microphone, ranges, scene, truth
from osa_daemon.training.simulator.backdrop import backdrop
from osa_daemon.training.simulator.levels import band_power, decibels, gain
from osa_daemon.training.simulator.material import Material
from osa_daemon.training.simulator.night import (
    LABEL_SAMPLES,
    SAMPLE_RATE_HZ,
    NightSpec,
    Samples,
    SimulatedNight,
    Span,
)
from osa_daemon.training.simulator.room import draw_room, impulse_response, in_room
from osa_daemon.training.simulator.timeline import draw_timeline

_CHANCE = {  # of a companion in nights that are not about it, judgement
    "house": 0.3,
    "television": 0.08,
    "talk": 0.06,
    "pets": 0.05,
}
_CHANCE_EMPTY = {"house": 0.7, "television": 0.25, "talk": 0.15, "pets": 0.2}
_CHANCE_ABSENT = {"house": 1.0, "television": 0.15, "talk": 0.1, "pets": 0.1}
_LEVELS = {
    "house": ranges.HOUSE_LEVEL_DB,
    "television": ranges.TELEVISION_LEVEL_DB,
    "talk": ranges.TALK_LEVEL_DB,
    "pets": ranges.PET_LEVEL_DB,
}


@dataclass(frozen=True, slots=True)
class _Around:
    """Everything that is not the sleeper, room noise of unit level, and what it is."""

    track: Samples
    noise_db: float
    facts: dict[str, object]


def simulate(spec: NightSpec, material: Material) -> SimulatedNight:
    """Return the night of a spec: the same spec and material give the same samples.

    Raises:
        UsageError: the spec wants another split than the material's, or recorded breaths
            where there are none.
    """
    _check(spec, material)
    name = f"{spec.split}/{spec.generator}/{spec.kind}/{spec.severity}"
    seeds = np.random.SeedSequence((spec.seed, zlib.crc32(name.encode())))
    story, body, around, hearing = (np.random.default_rng(s) for s in seeds.spawn(4))
    timeline_person, scored = draw_timeline(story, material, spec.severity, spec.duration_s)
    room = draw_room(story)
    absent = scene.absence(story, spec.kind, spec.duration_s)
    person = None
    if spec.kind != "empty":
        person = scene.sleeper(body, spec, material, scored, absent, room)
    mic = microphone.draw_microphone(hearing)
    level_db = _breath_over_noise(story, spec, snores=person is not None and person.snores)
    others = _surround(around, spec, material, room, level_db, mic)
    own = np.zeros_like(others.track) if person is None else person.track * gain(level_db)
    gaps = microphone.draw_gaps(hearing, spec.duration_s)
    audio = _record(hearing, own + others.track, mic, level_db, gaps, empty=person is None)
    return _with_truth(spec, person, timeline_person, own, others, audio, gaps, mic)


def _check(spec: NightSpec, material: Material) -> None:
    if (spec.split, spec.material) != (material.split, material.which):
        raise UsageError(
            f"The night is of split {spec.split}/{spec.material} and the material of "
            f"{material.split}/{material.which}: load the material of the night's split."
        )
    if spec.generator == "recorded" and not material.groups("breath"):
        raise UsageError(
            "The generator 'recorded' needs clips of breath and this material has none: "
            "name the data folder or use 'synthesised'."
        )


def _breath_over_noise(rng: np.random.Generator, spec: NightSpec, *, snores: bool) -> float:
    """Draw the median breath's level over the noise; a snorer's median breath is a snore."""
    low = rng.random() < ranges.SNR_LOW_SHARE
    drawn = (ranges.SNR_LOW_DB if low else ranges.SNR_HIGH_DB).draw(rng)
    louder = float(rng.uniform(0, 8)) if snores else 0.0
    return drawn + louder if spec.snr_db is None else spec.snr_db


def _surround(
    rng: np.random.Generator,
    spec: NightSpec,
    material: Material,
    room: tuple[float, float],
    level_db: float,
    mic: microphone.Microphone,
) -> _Around:
    count = int(spec.duration_s * SAMPLE_RATE_HZ)
    track, name = backdrop(rng, material, count, recorded=spec.generator == "recorded")
    track += microphone.own_noise(rng, count, mic)
    noise_db = decibels(float(np.median(band_power(track))))
    facts: dict[str, object] = {"noise": name}
    for sound in _companions(rng, spec):
        laid = _companion(rng, sound, material, count, facts)
        response = impulse_response(rng, room, float(rng.uniform(1.0, 4.0)))
        over_db = _LEVELS[sound].draw(rng)
        facts[f"{sound}_db"] = round(over_db, 1)
        track += in_room(laid, response) * gain(noise_db + level_db + over_db)
    if spec.kind in ("partner", "partner_events"):
        other = scene.partner(rng, spec, material, room)
        over_db = ranges.PARTNER_LEVEL_DB.draw(rng)
        facts |= {"partner": other.name, "partner_db": round(over_db, 1)}
        facts["partner_snores"] = other.snores
        track += other.track * gain(noise_db + level_db + over_db)
    return _Around(track, noise_db, facts)


def _companions(rng: np.random.Generator, spec: NightSpec) -> list[str]:
    chance = {"empty": _CHANCE_EMPTY, "gets_up": _CHANCE_ABSENT}.get(spec.kind, _CHANCE)
    drawn = [name for name, share in chance.items() if rng.random() < share]
    if spec.kind in ("television", "talk", "pets") and spec.kind not in drawn:
        drawn.append(spec.kind)
    return drawn


def _companion(
    rng: np.random.Generator, sound: str, material: Material, count: int, facts: dict[str, object]
) -> Samples:
    if sound == "television":
        track, silent = companions.television(rng, material, count)
        facts["television_silent"] = [(round(s, 1), round(d, 1)) for s, d in silent]
        return track
    makers = {"talk": companions.talk, "pets": companions.pets, "house": companions.house}
    return makers[sound](rng, material, count)


def _record(
    rng: np.random.Generator,
    sound: Samples,
    mic: microphone.Microphone,
    level_db: float,
    gaps: tuple[Span, ...],
    *,
    empty: bool,
) -> Samples:
    taken = microphone.record(sound, mic)
    target = ranges.EMPTY_NOISE_DBFS if empty else ranges.BREATH_DBFS
    amplitude = 10 ** ((target.draw(rng) - (0.0 if empty else level_db)) / 20)
    audio = microphone.set_gain(rng, taken, amplitude, mic)
    for start_s, length_s in gaps:
        first = int(start_s * SAMPLE_RATE_HZ)
        audio[first : first + int(length_s * SAMPLE_RATE_HZ)] = 0
    return audio


def _with_truth(
    spec: NightSpec,
    person: scene.Person | None,
    timeline_person: str,
    own: Samples,
    others: _Around,
    audio: Samples,
    gaps: tuple[Span, ...],
    mic: microphone.Microphone,
) -> SimulatedNight:
    frames = len(audio) // LABEL_SAMPLES
    powers = band_power(own), band_power(others.track)
    heard = () if person is None else person.heard
    cycles = truth.measure(heard, *powers)
    planned = () if person is None else person.plan.events
    events, short = truth.true_events(planned, cycles, gaps, spec.duration_s)
    audible = truth.audible_frames(cycles, events, gaps, frames)
    labels = truth.label(heard, events, short, audible, powers)
    snr_db = float("nan")
    if person is not None:
        snr_db = scene.median_level(heard, powers[0]) - others.noise_db
    facts = others.facts | {
        "distance_m": None if person is None else round(person.distance_m, 2),
        "snores": None if person is None else person.snores,
        "microphone": mic,
        "gaps": [(float(s), float(d)) for s, d in gaps],
    }
    name = "nobody" if person is None else person.name
    return SimulatedNight(
        spec=spec,
        person=f"{name}/{timeline_person}",
        audio=audio,
        events=events,
        audible=truth.spans(audible),
        labels=labels,
        snr_db=snr_db,
        facts=facts,
    )
