"""The traits of one sleeper, drawn once a night."""

from dataclasses import dataclass

import numpy as np

from osa_daemon.training.simulator import ranges

_ALTERNATING_S = 4.3  # longest period of who snores on one of two breaths


@dataclass(frozen=True, slots=True)
class Sleeper:
    """How someone breathes. Levels are dB against a normal breath of this sleeper.

    `inhale_db` and `exhale_db`: one of them is far down in people heard on one phase only.
    `amplitude_db`: jitter of the level from breath to breath (sd). `snore_every` 2: of two
    breaths one is a snore.
    """

    period_s: float
    period_cv: float
    drift: float
    drift_tau_s: float
    inspiratory_share: float
    inhale_db: float
    exhale_db: float
    inhale_sounding: float
    exhale_sounding: float
    amplitude_db: float
    level_drift_db: float
    snores: bool
    snore_db: float
    snore_cv_db: float
    snore_exhale: bool
    snore_every: int
    short_pauses_per_h: float
    sighs_per_h: float
    coughs_per_h: float
    rustles_per_h: float
    smacks_per_h: float
    groans_per_h: float
    words_per_h: float
    effort_db: float
    gasp_share: float
    recovery_db: float
    crescendo_db: float


def draw_sleeper(rng: np.random.Generator, *, snores: bool) -> Sleeper:
    """Draw a sleeper from the ranges."""
    one_phase = rng.random() < ranges.ONE_PHASE_SHARE.low
    exhale_db = ranges.EXHALE_LEVEL_DB.draw(rng)
    inhale_db = min(0.0, -exhale_db)
    if one_phase:
        drop_db = ranges.ONE_PHASE_DROP_DB.draw(rng)
        inhale_db, exhale_db = (0.0, -drop_db) if rng.random() < 0.5 else (-drop_db, 0.0)
    period_s = 60 / ranges.RATE_BPM.draw(rng)
    # a slow one would seem to pause between two snores
    alternating = rng.random() < ranges.ALTERNATING_SHARE and period_s < _ALTERNATING_S
    flow_cv = ranges.AMPLITUDE_CV.draw(rng)
    brief = rng.random() < ranges.BRIEF_SHARE
    inhaled, exhaled = (
        (ranges.BRIEF_SOUNDING, ranges.BRIEF_SOUNDING)
        if brief
        else (ranges.INHALE_SOUNDING, ranges.EXHALE_SOUNDING)
    )
    return Sleeper(
        period_s=period_s,
        period_cv=ranges.PERIOD_CV.draw(rng),
        drift=ranges.RATE_DRIFT.draw(rng),
        drift_tau_s=ranges.RATE_DRIFT_TAU_S.draw(rng),
        inspiratory_share=ranges.INSPIRATORY_SHARE.draw(rng),
        inhale_db=inhale_db,
        exhale_db=min(exhale_db, 0.0),
        inhale_sounding=inhaled.draw(rng),
        exhale_sounding=exhaled.draw(rng),
        amplitude_db=8.7 * flow_cv * ranges.FLOW_TO_SOUND.draw(rng),
        level_drift_db=ranges.LEVEL_DRIFT_DB.draw(rng),
        snores=snores,
        snore_db=ranges.SNORE_LEVEL_DB.draw(rng),
        snore_cv_db=ranges.SNORE_CV_DB.draw(rng),
        snore_exhale=bool(rng.random() < 0.15),
        snore_every=2 if alternating else 1,
        short_pauses_per_h=ranges.SHORT_PAUSES_PER_H.draw(rng),
        sighs_per_h=ranges.SIGHS_PER_H.draw(rng),
        coughs_per_h=ranges.COUGHS_PER_H.draw(rng),
        rustles_per_h=ranges.RUSTLES_PER_H.draw(rng),
        smacks_per_h=ranges.SMACKS_PER_H.draw(rng),
        groans_per_h=ranges.GROANS_PER_H.draw(rng),
        words_per_h=ranges.WORDS_PER_H.draw(rng),
        effort_db=ranges.EFFORT_LEVEL_DB.draw(rng),
        gasp_share=ranges.GASP_SHARE.draw(rng),
        recovery_db=ranges.RECOVERY_LEVEL_DB.draw(rng),
        crescendo_db=ranges.CRESCENDO_DB.draw(rng),
    )
