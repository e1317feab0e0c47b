"""An hour as a sleeper with thirty events has it: what a recorder is judged by."""

from pathlib import Path

import numpy as np
import soundfile

from osa_daemon.audio.block import SAMPLE_RATE_HZ
from osa_daemon.training.simulator.composed import Script, compose
from osa_daemon.training.simulator.material import Scored

EVENTS_PER_HOUR = 30
KINDS = ("obstructive", "obstructive", "hypopnea", "obstructive", "central", "mixed")
FIRST_S, ODD_S = 60.0, 15.0  # where the first begins; how far others stray from an even beat
TYPICAL_S, SPREAD, SHORTEST_S, LONGEST_S = 19.0, 0.35, 11.0, 50.0
SEED = 21


def render_hour(path: Path, minutes: int = 60) -> Path:
    """Write so much of that hour as a sound file, synthesised from a seed; the first minutes."""
    rng = np.random.default_rng(SEED)
    beat_s = (3600 - 2 * FIRST_S) / (EVENTS_PER_HOUR - 1)
    scored = [
        _scored(rng, KINDS[i % len(KINDS)], FIRST_S + i * beat_s) for i in range(EVENTS_PER_HOUR)
    ]
    within = tuple(each for each in scored if each.onset_s + each.duration_s < 60 * minutes)
    night = compose(SEED, Script(duration_s=60.0 * minutes, over_noise_db=15.0, scored=within))
    soundfile.write(path, night.audio, SAMPLE_RATE_HZ, subtype="PCM_16")
    return path


def _scored(rng: np.random.Generator, kind: str, at_s: float) -> Scored:
    onset_s = at_s + float(rng.uniform(-ODD_S, ODD_S))
    drawn_s = TYPICAL_S * float(np.exp(rng.normal(0.0, SPREAD)))
    duration_s = min(max(drawn_s, SHORTEST_S), LONGEST_S)
    if kind == "hypopnea":
        return Scored(onset_s, duration_s, "hypopnea", drop_db=12)
    return Scored(onset_s, duration_s, kind)
