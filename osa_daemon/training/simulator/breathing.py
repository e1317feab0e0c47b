"""The breath clock: which sound of the sleeper comes when, and at which level."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from osa_daemon.training.simulator import ranges
from osa_daemon.training.simulator.bouts import draw_bouts, snore_height_db
from osa_daemon.training.simulator.night import Span
from osa_daemon.training.simulator.sleeper import Sleeper

SoundKind = Literal[
    "inhale",
    "exhale",
    "snore",
    "gasp",
    "effort",
    "cough",
    "rustle",
    "thump",
    "smack",
    "groan",
    "word",
]
BREATH_KINDS = frozenset({"inhale", "exhale", "snore", "gasp"})
STILL_KINDS = frozenset({"rustle", "thump"})  # of bed and bedclothes: no head turns them away
_LONGEST_CYCLE_S = 10.0  # who is heard on one phase only must not seem to pause
_MOST_JITTER_DB = 6.5  # one faint breath must not seem a pause
_HEARD_DB = 6.0  # below the louder phase: a sound that noise may hide


@dataclass(frozen=True, slots=True)
class Sound:
    """A sound to be made: `level_db` against a normal breath, `effort` 1 is ordinary flow.

    `cycle` numbers the breath that it belongs to; -1 for sounds that are no breath. `tint` -0.9 …
    0.9: duller … thinner than usual.
    """

    start_s: float
    duration_s: float
    kind: SoundKind
    level_db: float
    effort: float
    cycle: int = -1
    tint: float = 0.0


@dataclass(frozen=True, slots=True)
class Manner:
    """How a breath differs: `tint` as in Sound, `limited` 0 … 1 a longer inspiration, no snore."""

    tint: float = 0.0
    limited: float = 0.0
    muted: bool = False


_AS_USUAL = Manner()


class Breather:
    """Breathes on, one cycle at a time; `t` is the start of the next inspiration in seconds."""

    def __init__(self, rng: np.random.Generator, sleeper: Sleeper, duration_s: float) -> None:
        self.sleeper = sleeper
        self.rng = rng
        self.t = float(rng.uniform(0.0, sleeper.period_s))
        self.sounds: list[Sound] = []
        self.cycle = 0
        self.pending: list[tuple[float, float, bool]] = []  # recovery: level, pace, gasp
        self.holds: list[Span] = []  # while turning over: from when, how long
        self._drift = float(rng.normal(0, sleeper.drift))
        self._level_drift_db = float(rng.normal(0, sleeper.level_drift_db))
        self._irregular = _spans(rng, duration_s)
        self._irregularity = ranges.IRREGULAR_FACTOR.draw(rng)
        self._manner = _AS_USUAL
        self._quiet = _quiet_phases(rng, duration_s)
        self._bouts = draw_bouts(rng, duration_s) if sleeper.snores else []

    @property
    def last_end_s(self) -> float:
        """End of the last breath sound that was laid down."""
        ends = [s.start_s + s.duration_s for s in self.sounds[-4:] if s.kind in BREATH_KINDS]
        return max(ends, default=self.t)

    @property
    def heard_end_s(self) -> float:
        """End of the last sound that stands out of two breaths: from there a pause is heard."""
        near = [s for s in self.sounds[-8:] if s.kind in BREATH_KINDS]
        near = [s for s in near if s.cycle > self.cycle - 3]
        loudest_db = max((s.level_db for s in near), default=0.0)
        ends = [s.start_s + s.duration_s for s in near if s.level_db > loudest_db - _HEARD_DB]
        return max(ends, default=self.t)

    def period_s(self, pace: float = 1.0) -> float:
        """Draw the length of the next cycle."""
        irregular = any(start <= self.t < end for start, end in self._irregular)
        cv = self.sleeper.period_cv * (self._irregularity if irregular else 1.0)
        jitter = float(np.clip(self.rng.normal(0, cv), -2.2 * cv, 2.2 * cv))
        drawn_s = self.sleeper.period_s * pace * float(np.exp(self._drift + jitter))
        return min(drawn_s, _LONGEST_CYCLE_S)

    def breathe(
        self,
        level_db: float = 0.0,
        pace: float = 1.0,
        effort: float = 1.0,
        manner: Manner = _AS_USUAL,
    ) -> None:
        """Lay one breath at `t` and go on to the next; recovery breaths come first."""
        gasp = False
        self._manner = manner
        if self.pending:
            level_db, pace, gasp = self.pending.pop(0)
            effort = 2.0
        period_s = self.period_s(pace)
        level_db += self._next_level()
        self._inhale(period_s, level_db, effort, gasp=gasp)
        self._exhale(period_s, level_db, effort)
        self._step(period_s)

    def skip_to(self, t: float) -> None:
        """Hold the breath until `t`."""
        self.t = max(self.t, t)

    def add(self, sound: Sound) -> None:
        """Lay down a sound that is no breath."""
        self.sounds.append(sound)

    def snore_db(self) -> float | None:
        """Return the snore's height over a breath at `t`, None between bouts."""
        if self.cycle % self.sleeper.snore_every:
            return None
        return snore_height_db(self._bouts, self.t, self.sleeper.snore_db)

    def _inhale(self, period_s: float, level_db: float, effort: float, *, gasp: bool) -> None:
        who = self.sleeper
        length_s = period_s * who.inspiratory_share * (1 + 0.35 * self._manner.limited)
        snore_db = None if self._manner.muted else self.snore_db()
        if gasp:
            level_db += ranges.GASP_LEVEL_DB.draw(self.rng)
            self._lay(self.t, min(length_s, 1.4), "gasp", level_db, 1.0)
        elif snore_db is not None:
            level_db += snore_db + float(self.rng.normal(0, who.snore_cv_db))
            self._lay(self.t, length_s * who.inhale_sounding, "snore", level_db, effort)
        else:
            level_db += who.inhale_db
            self._lay(self.t, length_s * who.inhale_sounding, "inhale", level_db, effort)

    def _exhale(self, period_s: float, level_db: float, effort: float) -> None:
        who = self.sleeper
        inhaled_s = period_s * who.inspiratory_share * (1 + 0.35 * self._manner.limited)
        start_s = self.t + inhaled_s + float(self.rng.uniform(0, 0.15))
        length_s = (self.t + period_s - start_s) * who.exhale_sounding
        snore_db = None if self._manner.muted else self.snore_db()
        if snore_db is not None and who.snore_exhale:
            level_db += snore_db - 6.0
            self._lay(start_s, length_s, "snore", level_db, effort)
        else:
            self._lay(start_s, length_s, "exhale", level_db + who.exhale_db, effort)

    def _lay(
        self, start_s: float, duration_s: float, kind: SoundKind, level_db: float, effort: float
    ) -> None:
        length_s = max(0.25, duration_s)
        tint = self._manner.tint
        self.sounds.append(Sound(start_s, length_s, kind, level_db, effort, self.cycle, tint))

    def _next_level(self) -> float:
        who = self.sleeper
        limit_db = min(2.2 * who.amplitude_db, _MOST_JITTER_DB)
        jitter_db = float(np.clip(self.rng.normal(0, who.amplitude_db), -limit_db, limit_db))
        return jitter_db + self._level_drift_db - self._quiet_db()

    def _quiet_db(self) -> float:
        """Return how much fainter the sleeper breathes at `t` than usual."""
        for start_s, end_s, ramp_s, depth_db in self._quiet:
            if start_s <= self.t < end_s:
                return depth_db * min(1.0, (self.t - start_s) / ramp_s, (end_s - self.t) / ramp_s)
        return 0.0

    def _step(self, period_s: float) -> None:
        who = self.sleeper
        keep = float(np.exp(-period_s / who.drift_tau_s))
        fresh = float(np.sqrt(1 - keep**2))
        self._drift = keep * self._drift + fresh * float(self.rng.normal(0, who.drift))
        new_db = float(self.rng.normal(0, who.level_drift_db))
        self._level_drift_db = keep * self._level_drift_db + fresh * new_db
        self.t += period_s
        self.cycle += 1


def _spans(rng: np.random.Generator, duration_s: float) -> list[Span]:
    """Return the starts and ends of irregular breathing (REM)."""
    count = rng.poisson(ranges.IRREGULAR_PER_H.draw(rng) * duration_s / 3600)
    starts = rng.uniform(0, duration_s, count)
    return [(float(s), float(s) + ranges.IRREGULAR_SPAN_S.draw(rng)) for s in starts]


def _quiet_phases(
    rng: np.random.Generator, duration_s: float
) -> list[tuple[float, float, float, float]]:
    """Return minutes of faint breathing: start, end, ramp (s) and depth (dB)."""
    count = rng.poisson(ranges.QUIET_PHASES_PER_H.draw(rng) * duration_s / 3600)
    phases = []
    for start_s in sorted(float(s) for s in rng.uniform(0, duration_s, count)):
        end_s = start_s + ranges.QUIET_PHASE_S.draw(rng)
        ramp_s = ranges.QUIET_RAMP_S.draw(rng)
        phases.append((start_s, end_s, ramp_s, ranges.QUIET_PHASE_DB.draw(rng)))
    return phases
