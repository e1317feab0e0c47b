"""Nights of plain levels for the baselines: breaths as raised frames, pauses between them."""

import numpy as np

from osa_daemon.features.features import Features
from osa_daemon.features.levels import BANDS, LEVEL_WIDTH
from osa_daemon.training.detector.corpus import LABELS, FeatureNight

RATE_HZ = 5
BREATH_EVERY_S, BREATH_S = 4, 1.4
MEAN_COLUMN, PEAK_COLUMN = 3 * BANDS, 3 * BANDS + 1
ENCODER_WIDTH = 6


def night_of(
    duration_s: int = 600,
    pauses: tuple[tuple[float, float], ...] = (),
    faint: tuple[tuple[float, float], ...] = (),
    seed: int = 1,
) -> FeatureNight:
    """A night that breathes every 4 s, 20 dB over the floor; 11 dB in `faint` spans."""
    rng = np.random.default_rng(seed)
    frames = duration_s * RATE_HZ
    level_db = np.abs(rng.normal(0, 0.5, frames))
    for start_s in np.arange(0, duration_s, BREATH_EVERY_S):
        if any(onset <= start_s < onset + length for onset, length in pauses):
            continue
        low = any(onset <= start_s < onset + length for onset, length in faint)
        at = round(start_s * RATE_HZ)
        level_db[at : at + round(BREATH_S * RATE_HZ)] = 11 if low else 20
    levels = np.zeros((frames, LEVEL_WIDTH), np.float32)
    levels[:, [MEAN_COLUMN, PEAK_COLUMN]] = level_db[:, None] / 10
    levels[:, :BANDS] = level_db[:, None] / 10
    labels = {name: np.zeros(frames, np.uint8) for name in LABELS}
    labels["audible"][:] = 1
    for name, spans in (("apnea", pauses), ("hypopnea", faint)):
        for onset, length in spans:
            labels[name][round(onset * RATE_HZ) : round((onset + length) * RATE_HZ)] = 1
    # what a window classifier can learn from: the first feature falls silent in a pause
    encoder = rng.normal(0, 1, (frames, ENCODER_WIDTH)).astype(np.float32)
    encoder[:, 0] += 8 * labels["apnea"]
    flags, floor = np.zeros(frames, np.bool_), np.full(frames, -60, np.float32)
    features = Features(0, encoder, levels, ~flags, floor + level_db, floor, flags, flags)
    events = [(onset, length, "central_apnea", True) for onset, length in pauses]
    events += [(onset, length, "hypopnea", True) for onset, length in faint]
    facts = {"kind": "events" if events else "quiet", "snr_db": 12.0, "person": f"a{seed}/b{seed}"}
    return FeatureNight(f"night {seed}", features, labels, tuple(sorted(events)), facts)
