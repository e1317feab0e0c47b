"""One synthetic sleeper: who it is that breathes, snores and gasps."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from osa_daemon.training.synthesis import ranges
from osa_daemon.training.synthesis.tract import Tract, draw_mouth, draw_nose, draw_pharynx

Phase = Literal["inhale", "exhale"]


@dataclass(frozen=True, slots=True)
class Flow:
    """How a person's air moves: envelopes and what shakes them.

    `rise` and `hold` are shares of a breath; depths are log amplitudes; `brightness_db` is
    how much flatter (dB per octave) the spectrum is at full flow than at the edges.
    """

    inhale_rise: float
    exhale_rise: float
    hold: float
    power: float
    roughness_hz: float
    roughness_depth: float
    flutter_hz: float
    flutter_depth: float
    brightness_db: float


@dataclass(frozen=True, slots=True)
class Whistle:
    """A narrow tone in a person's breath: frequency, level over the breath (dB), its phase."""

    frequency_hz: float
    level_db: float
    phase: Phase


@dataclass(frozen=True, slots=True)
class SnoreHabit:
    """How a person snores.

    `tongue` 0 is the palate alone, 1 the tongue base alone; `hiss` is the chance that a snore
    hisses or whistles instead of rattling; `breathiness_db` is noise over pulses and
    `air_tilt_db` how much brighter that noise is, per octave; `voiced_hz` is the pitch of snores
    that sound like a voice, None in most people.
    """

    tongue: float
    hiss: float
    f0_hz: float
    jitter: float
    shimmer: float
    pulse_s: float
    breathiness_db: float
    air_tilt_db: float
    gain_db: float
    whistle_hz: float
    voiced_hz: float | None
    pharynx: Tract


@dataclass(frozen=True, slots=True)
class Voice:
    """One person. `level` is the RMS of an ordinary breath in its louder phase.

    `mouth_share` is the habit (0 nose, 1 mouth); `inhale_level` and `exhale_level` are 1 for
    the louder phase and less for the other; `flow_exponent` turns effort (flow) into
    amplitude; `gasp_gain_db`, `effort_gain_db` and `cough_gain_db` lie over an ordinary breath;
    `click` is the chance that a blocked effort clicks rather than snorts.
    """

    level: float
    nose: Tract
    mouth: Tract
    mouth_share: float
    inhale_level: float
    exhale_level: float
    exhale_shift: float
    exhale_tilt_db: float
    flow: Flow
    flow_exponent: float
    whistle: Whistle | None
    groan_hz: float | None
    snorer: bool
    snore: SnoreHabit
    gasp_gain_db: float
    effort_gain_db: float
    cough_gain_db: float
    click: float
    pitch_hz: float

    def phase_level(self, phase: Phase) -> float:
        """Return the RMS of an ordinary breath of that phase."""
        return self.level * (self.inhale_level if phase == "inhale" else self.exhale_level)


def draw_voice(rng: np.random.Generator) -> Voice:
    """Return a person drawn from `ranges`."""
    inhale_level, exhale_level = _draw_phase_levels(rng)
    return Voice(
        level=10.0 ** (ranges.LEVEL_DB.draw(rng) / 20.0),
        nose=draw_nose(rng),
        mouth=draw_mouth(rng),
        mouth_share=float(rng.beta(0.5, 0.7)),
        inhale_level=inhale_level,
        exhale_level=exhale_level,
        exhale_shift=ranges.EXHALE_SHIFT.draw(rng),
        exhale_tilt_db=ranges.EXHALE_TILT_DB.draw(rng),
        flow=_draw_flow(rng),
        flow_exponent=ranges.FLOW_EXPONENT.draw(rng),
        whistle=_draw_whistle(rng),
        groan_hz=ranges.GROAN_HZ.draw_log(rng) if rng.uniform() < ranges.VOICED_SHARE else None,
        snorer=bool(rng.uniform() < ranges.SNORER_SHARE),
        snore=_draw_snore(rng),
        gasp_gain_db=ranges.GASP_GAIN_DB.draw(rng),
        effort_gain_db=ranges.EFFORT_GAIN_DB.draw(rng),
        cough_gain_db=ranges.COUGH_GAIN_DB.draw(rng),
        click=float(rng.beta(0.8, 0.8)),
        pitch_hz=ranges.GROAN_HZ.draw_log(rng),
    )


def _draw_phase_levels(rng: np.random.Generator) -> tuple[float, float]:
    fainter = 10.0 ** (min(0.0, ranges.FAINT_PHASE_DB.draw(rng)) / 20.0)
    return (1.0, fainter) if rng.uniform() < 0.5 else (fainter, 1.0)


def _draw_flow(rng: np.random.Generator) -> Flow:
    return Flow(
        inhale_rise=ranges.INHALE_RISE.draw(rng),
        exhale_rise=ranges.EXHALE_RISE.draw(rng),
        hold=ranges.HOLD.draw(rng),
        power=ranges.ENVELOPE_POWER.draw_log(rng),
        roughness_hz=ranges.ROUGHNESS_HZ.draw_log(rng),
        roughness_depth=ranges.ROUGHNESS_DEPTH.draw_log(rng),
        flutter_hz=ranges.FLUTTER_HZ.draw_log(rng),
        flutter_depth=ranges.FLUTTER_DEPTH.draw_log(rng),
        brightness_db=ranges.FLOW_BRIGHTNESS_DB.draw(rng),
    )


def _draw_whistle(rng: np.random.Generator) -> Whistle | None:
    if rng.uniform() >= ranges.WHISTLE_SHARE:
        return None
    phase: Phase = "inhale" if rng.uniform() < 0.5 else "exhale"
    return Whistle(ranges.WHISTLE_HZ.draw_log(rng), ranges.WHISTLE_DB.draw(rng), phase)


def _draw_snore(rng: np.random.Generator) -> SnoreHabit:
    tongue = float(rng.beta(0.6, 1.0))
    low, high = ranges.PALATAL_F0_HZ.draw_log(rng), ranges.TONGUE_F0_HZ.draw_log(rng)
    return SnoreHabit(
        tongue=tongue,
        hiss=float(rng.beta(0.6, 1.2)),
        f0_hz=float(low ** (1.0 - tongue) * high**tongue),
        jitter=ranges.SNORE_JITTER.draw_log(rng),
        shimmer=ranges.SNORE_SHIMMER.draw_log(rng),
        pulse_s=ranges.PULSE_MS.draw_log(rng) / 1000.0,
        breathiness_db=ranges.SNORE_BREATHINESS_DB.draw(rng),
        air_tilt_db=ranges.SNORE_AIR_TILT_DB.draw(rng),
        gain_db=ranges.SNORE_GAIN_DB.draw(rng),
        whistle_hz=ranges.SNORE_WHISTLE_HZ.draw_log(rng),
        voiced_hz=ranges.VOICED_SNORE_HZ.draw_log(rng)
        if rng.uniform() < ranges.VOICED_SNORE_SHARE
        else None,
        pharynx=draw_pharynx(rng),
    )
