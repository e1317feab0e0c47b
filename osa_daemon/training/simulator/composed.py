"""A night written by hand: given events, a stretch of television, a stretch of a partner."""

from dataclasses import dataclass

import numpy as np

from osa_daemon.training.simulator import companions, microphone, scene
from osa_daemon.training.simulator.assembly import Around, assemble
from osa_daemon.training.simulator.backdrop import looped
from osa_daemon.training.simulator.levels import band_power, decibels, gain
from osa_daemon.training.simulator.material import Material, Scored
from osa_daemon.training.simulator.night import (
    SAMPLE_RATE_HZ,
    NightSpec,
    Samples,
    SimulatedNight,
    Span,
)
from osa_daemon.training.simulator.room import draw_room, impulse_response, in_room
from osa_daemon.training.synthesis.noises import room_tone

_FADE_S = 2.0


@dataclass(frozen=True, slots=True)
class Script:
    """What a composed night holds; levels in dB, of companions against the median breath.

    `scored` is where events are meant to lie; the truth is measured on what was rendered.
    """

    duration_s: float
    scored: tuple[Scored, ...]
    over_noise_db: float
    breath_dbfs: float = -38.0
    snores: bool = True
    television: Span | None = None
    television_db: float = -8.0
    partner: Span | None = None
    partner_db: float = -9.0


def compose(seed: int, script: Script) -> SimulatedNight:
    """Return the night of a script, synthesised throughout; the seed draws what it leaves open."""
    rng = np.random.default_rng(seed)
    noise, screen, beside = rng.spawn(3)
    material = Material(None, "train", "all")
    spec = NightSpec(
        seed=seed,
        split="train",
        generator="synthesised",
        kind="events",
        duration_s=script.duration_s,
        severity="severe",
        snores=script.snores,
    )
    room = draw_room(rng)
    person = scene.sleeper(rng, spec, material, script.scored, (), room=room)
    mic = microphone.Microphone((40.0, 7_600.0), -15.0, clips=False)
    count = len(person.track)
    length_s = min(script.duration_s, 120.0)
    track = looped(noise, room_tone(noise, length_s), count)
    track /= np.float32(np.sqrt(np.median(band_power(track))))
    track += microphone.own_noise(noise, count, mic)
    noise_db = decibels(float(np.median(band_power(track))))
    breath_db = noise_db + script.over_noise_db
    facts: dict[str, object] = {"noise": "room_tone"}
    if script.television is not None:
        laid, _ = companions.television(screen, material, count)
        laid = in_room(laid, impulse_response(screen, room, 3.0))
        track += _within(laid, script.television) * gain(breath_db + script.television_db)
        facts["television"] = script.television
    if script.partner is not None:
        other = scene.partner(beside, spec, material, room=room)
        track += _within(other.track, script.partner) * gain(breath_db + script.partner_db)
        facts["partner"] = script.partner
    around = Around(track, noise_db, breath_db, facts)
    return assemble(
        rng,
        spec,
        person,
        around,
        mic,
        timeline_person="written",
        target_dbfs=script.breath_dbfs,
    )


def _within(track: Samples, span: Span) -> Samples:
    """Return the track, silent outside the span, with soft ends."""
    t = np.arange(len(track), dtype=np.float32) / np.float32(SAMPLE_RATE_HZ)
    inside = np.minimum(t - span[0], span[0] + span[1] - t) / _FADE_S
    kept: Samples = track * np.clip(inside, 0, 1).astype(np.float32)
    return kept
