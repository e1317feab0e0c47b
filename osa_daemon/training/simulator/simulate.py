"""From a spec to a night: the sleeper, the room around, the microphone, the truth."""

import zlib

import numpy as np

from osa_daemon.errors import UsageError
from osa_daemon.training.simulator import companions, microphone, ranges, scene
from osa_daemon.training.simulator.assembly import Around, assemble
from osa_daemon.training.simulator.backdrop import backdrop
from osa_daemon.training.simulator.levels import band_power, decibels, gain
from osa_daemon.training.simulator.material import Material
from osa_daemon.training.simulator.night import (
    SAMPLE_RATE_HZ,
    NightSpec,
    Samples,
    SimulatedNight,
)
from osa_daemon.training.simulator.room import Room, draw_room, impulse_response, in_room
from osa_daemon.training.simulator.timeline import draw_timeline

_CHANCE = {  # of a companion in nights that are not about it, judgement
    "house": 0.3,
    "television": 0.08,
    "talk": 0.06,
    "pets": 0.05,
}
_CHANCE_EMPTY = {"house": 0.7, "television": 0.25, "talk": 0.15, "pets": 0.3}
_CHANCE_ABSENT = {"house": 1.0, "television": 0.15, "talk": 0.1, "pets": 0.1}
_LEVELS = {
    "house": ranges.HOUSE_LEVEL_DB,
    "television": ranges.TELEVISION_LEVEL_DB,
    "talk": ranges.TALK_LEVEL_DB,
    "pets": ranges.PET_LEVEL_DB,
}


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
    timeline_person, scored = draw_timeline(story, material, spec)
    room = draw_room(story)
    absent = scene.absence(story, spec.kind, spec.duration_s)
    person = None
    if spec.kind != "empty":
        person = scene.sleeper(body, spec, material, scored, absent, room=room)
    mic = microphone.draw_microphone(hearing, gates=spec.split != "test")
    over_noise_db = _breath_over_noise(story, spec, snores=person is not None and person.snores)
    others = _surround(around, spec, material, mic, room=room, over_noise_db=over_noise_db)
    target = ranges.BREATH_DBFS if person else ranges.EMPTY_NOISE_DBFS
    return assemble(
        hearing,
        spec,
        person,
        others,
        mic,
        timeline_person=timeline_person,
        target_dbfs=target.draw(hearing),
        gaps=microphone.draw_gaps(hearing, spec.duration_s),
    )


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
    if spec.generator == "airflow" and not material.has_airflow:
        raise UsageError(
            "The generator 'airflow' needs traces of airflow and this material has none: "
            "name the data folder or use 'synthesised'."
        )


def _breath_over_noise(rng: np.random.Generator, spec: NightSpec, *, snores: bool) -> float:
    """Draw the median breath's level over the noise; a snorer's median breath is a snore."""
    low = rng.random() < ranges.SNR_LOW_SHARE
    drawn = (ranges.SNR_LOW_DB if low else ranges.SNR_HIGH_DB).draw(rng)
    louder = ranges.SNORER_OVER_NOISE_DB.draw(rng) if snores and not low else 0.0
    if spec.snr_db is not None:
        return spec.snr_db
    return min(drawn + louder, ranges.SNR_HIGH_DB.high)


def _surround(
    rng: np.random.Generator,
    spec: NightSpec,
    material: Material,
    mic: microphone.Microphone,
    *,
    room: Room,
    over_noise_db: float,
) -> Around:
    count = int(spec.duration_s * SAMPLE_RATE_HZ)
    recorded, empty = spec.generator == "recorded", spec.kind == "empty"
    track, facts = backdrop(rng, material, count, recorded=recorded, empty=empty)
    track += microphone.own_noise(rng, count, mic)
    noise_db = decibels(float(np.median(band_power(track))))
    breath_db = noise_db + over_noise_db
    for sound in _companions(rng, spec):
        track += _companion(rng, sound, material, count, facts, room=room, breath_db=breath_db)
    if spec.kind in ("partner", "partner_events"):
        other = scene.partner(rng, spec, material, room=room)
        over_db = scene.partner_level(rng)
        facts |= {"partner": other.name, "partner_db": round(over_db, 1)}
        facts["partner_snores"] = other.snores
        beside = other.track
        beside *= gain(breath_db + over_db)
        track += beside
    return Around(track, noise_db, breath_db, facts)


def _companions(rng: np.random.Generator, spec: NightSpec) -> list[str]:
    chance = {"empty": _CHANCE_EMPTY, "gets_up": _CHANCE_ABSENT}.get(spec.kind, _CHANCE)
    drawn = [name for name, share in chance.items() if rng.random() < share]
    if spec.kind in ("television", "talk", "pets") and spec.kind not in drawn:
        drawn.append(spec.kind)
    return drawn


def _companion(
    rng: np.random.Generator,
    sound: str,
    material: Material,
    count: int,
    facts: dict[str, object],
    *,
    room: Room,
    breath_db: float,
) -> Samples:
    """Return a companion at the microphone; `facts` takes what it is."""
    laid = _dry(rng, sound, material, count, facts)
    response = impulse_response(rng, room, float(rng.uniform(1.0, 4.0)))
    over_db = _LEVELS[sound].draw(rng)
    facts[f"{sound}_db"] = round(over_db, 1)
    heard = in_room(laid, response)
    heard *= gain(breath_db + over_db)
    return heard


def _dry(
    rng: np.random.Generator, sound: str, material: Material, count: int, facts: dict[str, object]
) -> Samples:
    if sound == "television":
        track, silent = companions.television(rng, material, count)
        facts["television_silent"] = [(round(s, 1), round(d, 1)) for s, d in silent]
        return track
    makers = {"talk": companions.talk, "pets": companions.pets, "house": companions.house}
    return makers[sound](rng, material, count)
