"""The sleeper and everything else, recorded by one microphone, with the truth."""

from dataclasses import dataclass

import numpy as np

from osa_daemon.training.simulator import microphone, scene, truth
from osa_daemon.training.simulator.codec import coded
from osa_daemon.training.simulator.faults import faulty
from osa_daemon.training.simulator.levels import band_power, gain
from osa_daemon.training.simulator.night import (
    LABEL_SAMPLES,
    SAMPLE_RATE_HZ,
    Labels,
    NightSpec,
    Samples,
    SimulatedNight,
    Span,
    TrueEvent,
)


@dataclass(frozen=True, slots=True)
class Around:
    """Everything that is not the sleeper.

    `noise_db`: median level of the steady noise in the track, 0.3-4 kHz; `breath_db`: level at
    which the sleeper's median breath is laid over it.
    """

    track: Samples
    noise_db: float
    breath_db: float
    facts: dict[str, object]


def assemble(
    rng: np.random.Generator,
    spec: NightSpec,
    person: scene.Person | None,
    others: Around,
    mic: microphone.Microphone,
    *,
    timeline_person: str,
    target_dbfs: float,
    gaps: tuple[Span, ...] = (),
) -> SimulatedNight:
    """Return the finished night; `target_dbfs` is the median breath's level (empty: noise).

    The tracks of `person` and `others` are used up: a long night has no room for copies.
    """
    count = int(spec.duration_s * SAMPLE_RATE_HZ)
    own = np.zeros(count, np.float32) if person is None else person.track
    own *= gain(others.breath_db)
    events, labels, faint_db = _truth(spec, person, own, others.track, gaps)
    reference_db = others.noise_db if person is None else others.breath_db
    audio = others.track
    audio += own
    microphone.record(rng, audio, mic)
    microphone.set_gain(rng, audio, 10 ** ((target_dbfs - reference_db) / 20), mic)
    audio = faulty(rng, audio, mic.faults)
    if mic.codec is not None:
        audio = coded(rng, audio, mic.codec)
    for start_s, length_s in gaps:
        first = int(start_s * SAMPLE_RATE_HZ)
        audio[first : first + int(length_s * SAMPLE_RATE_HZ)] = 0
    facts = others.facts | {
        "faint_breath_db": round(faint_db - others.noise_db, 1) if person else None,
        "distance_m": None if person is None else round(person.distance_m, 2),
        "snores": None if person is None else person.snores,
        "microphone": mic,
        "codec": None if mic.codec is None else mic.codec.name,
        "gate_db": None if mic.gate is None else round(mic.gate.depth_db, 1),
        "gaps": [(float(s), float(d)) for s, d in gaps],
    }
    return SimulatedNight(
        spec=spec,
        person=f"{'nobody' if person is None else person.name}/{timeline_person}",
        audio=audio,
        events=events,
        audible=truth.spans(labels.audible),
        labels=labels,
        snr_db=float("nan") if person is None else others.breath_db - others.noise_db,
        facts=facts,
    )


def _truth(
    spec: NightSpec,
    person: scene.Person | None,
    own: Samples,
    other: Samples,
    gaps: tuple[Span, ...],
) -> tuple[tuple[TrueEvent, ...], Labels, float]:
    """Return events, labels, and the level that one breath in five outside events is below."""
    powers = band_power(own), band_power(other)
    heard = () if person is None else person.heard
    planned = () if person is None else person.plan.events
    absent = () if person is None else person.absent
    cycles = truth.measure(heard, *powers)
    events, short = truth.true_events(planned, cycles, gaps, spec.duration_s, absent)
    audible = truth.audible_frames(cycles, events, gaps, len(own) // LABEL_SAMPLES)
    labels = truth.label(heard, events, short, audible, powers)
    return events, labels, truth.faint_level(cycles, planned)
