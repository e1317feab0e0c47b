"""A rule on loudness alone: breaths are what rises over the floor, a pause is where none does.

No learning: the envelope of the level over its running floor, a threshold between the floor and
the breaths of late, and what DESIGN of such rules calls for: clicks are no breaths, a pause needs
breaths before and after it, a hypopnea is a fall of the breaths' peaks. Its numbers are searched
for on validation nights, see `search`.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray
from scipy.ndimage import maximum_filter1d

from osa_daemon.evaluation.night import Decided, JudgedNight
from osa_daemon.features.features import FRAME_RATE_HZ, Features
from osa_daemon.features.levels import BAND_EDGES_HZ, BANDS
from osa_daemon.scoring.matching import Span
from osa_daemon.training.detector.baselines.verdict import RULES, Runs, judged, runs_of
from osa_daemon.training.detector.corpus import FeatureNight

MEAN_COLUMN, PEAK_COLUMN = 3 * BANDS, 3 * BANDS + 1  # of `levels`: 0.3-4 kHz over its floor
BREATH_BANDS = slice(*np.searchsorted(BAND_EDGES_HZ, (1_000, 5_000)))  # over hum and rumble
BLOCK_FRAMES = 4 * FRAME_RATE_HZ  # about one breath
FASTEST_PER_MINUTE = 40  # more sounds than this in a minute are no breathing
BEFORE_S, AFTER_S = RULES.audible_before_s, RULES.audible_after_s

Decibels = NDArray[np.float64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class EnvelopeRule:
    """The numbers of the rule.

    `signal`: `mean` or `peak` of 0.3-4 kHz in a frame, or `bands`, the mean of 1-5 kHz; smoothed
    over `smooth_frames`. A breath begins where it is over `share` of the level of late breaths
    (quantile `quantile` of the loudest frames in the last `recent_s`), at least `least_db` over
    the floor. It lasts `least_breath_s` to `most_breath_s`; shorter sounds are clicks, longer
    ones sound but no breath. An event needs `breaths_before` breaths in the 60 s before it and
    `breaths_after` in the 30 s after. In a hypopnea the loudest frames of 5 s are `drop_db` under
    the late ones; infinite for none.
    """

    signal: str = "mean"
    smooth_frames: int = 3
    share: float = 0.4
    least_db: float = 4.0
    quantile: float = 0.6
    recent_s: float = 60.0
    least_breath_s: float = 0.4
    most_breath_s: float = 4.0
    breaths_before: int = 5
    breaths_after: int = 1
    drop_db: float = 8.0


def envelope(features: Features, rule: EnvelopeRule) -> Decibels:
    """Return (frames,) the smoothed level over the floor (dB); 0 where sound was lost."""
    levels = 10.0 * features.levels.astype(np.float64)
    if rule.signal == "bands":
        level = levels[:, BREATH_BANDS].mean(axis=1)
    else:
        level = levels[:, PEAK_COLUMN if rule.signal == "peak" else MEAN_COLUMN]
    level = np.where(features.valid, level, 0.0)
    return np.convolve(level, np.full(rule.smooth_frames, 1 / rule.smooth_frames), "same")


def late_level(level: Decibels, rule: EnvelopeRule) -> Decibels:
    """Return (frames,) how loud the breaths before each frame were (dB over the floor)."""
    blocks = max(round(rule.recent_s * FRAME_RATE_HZ / BLOCK_FRAMES), 1)
    whole = np.pad(level, (0, -len(level) % BLOCK_FRAMES), mode="edge")
    loudest = whole.reshape(-1, BLOCK_FRAMES).max(axis=1)
    # a block knows those before it; the first ones borrow from what follows
    before = np.concatenate([loudest[:blocks][::-1], loudest])
    before = np.pad(before, (max(blocks + len(loudest) - len(before), 0), 0), mode="edge")
    late = np.quantile(sliding_window_view(before, blocks)[: len(loudest)], rule.quantile, axis=1)
    return np.repeat(late, BLOCK_FRAMES)[: len(level)]


def judge(night: FeatureNight, rule: EnvelopeRule) -> JudgedNight:
    """Return what the rule makes of a night."""
    features = night.features
    level = envelope(features, rule)
    late = late_level(level, rule)
    sounds = runs_of(level > np.maximum(rule.share * late, rule.least_db))
    length_s = (sounds[:, 1] - sounds[:, 0]) / FRAME_RATE_HZ
    sounds = sounds[length_s >= rule.least_breath_s]
    breaths = sounds[(sounds[:, 1] - sounds[:, 0]) / FRAME_RATE_HZ <= rule.most_breath_s]
    pauses = _pauses(sounds)
    falls = _falls(level, late, rule)
    apneas = _kept(pauses, breaths, features.valid, rule)
    hypopneas = _kept(_apart(falls, pauses), breaths, features.valid, rule)
    decided = [_decided(run, "apnea") for run in apneas]
    decided += [_decided(run, "hypopnea") for run in hypopneas]
    decided.sort(key=lambda event: event.span.onset_s)
    return judged(night, decided, _monitorable(breaths, features.valid, rule))


def _decided(run: NDArray[np.intp], kind: str) -> Decided:
    onset, length = run[0] / FRAME_RATE_HZ, (run[1] - run[0]) / FRAME_RATE_HZ
    return Decided(Span(float(onset), float(length), kind), 1.0)


def _pauses(sounds: Runs) -> Runs:
    """Return the stretches between sounds."""
    return np.stack([sounds[:-1, 1], sounds[1:, 0]], axis=1)


def _falls(level: Decibels, late: Decibels, rule: EnvelopeRule) -> Runs:
    """Return the stretches in which breaths are that much fainter than late ones."""
    half = 5 * FRAME_RATE_HZ // 2
    loudest = maximum_filter1d(level, 2 * half + 1)
    runs = runs_of(loudest < late - rule.drop_db)
    # a loud breath reaches half a window into what is faint
    return runs + np.array([-half, half]) if len(runs) else runs


def _apart(runs: Runs, others: Runs) -> Runs:
    """Return the runs that touch none of the long `others` (in order, not overlapping)."""
    long = others[others[:, 1] - others[:, 0] >= RULES.min_event_s * FRAME_RATE_HZ]
    first = np.searchsorted(long[:, 1], runs[:, 0], side="right")
    padded = np.append(long[:, 0], np.iinfo(np.intp).max)
    return runs[padded[first] >= runs[:, 1]]


def _kept(runs: Runs, breaths: Runs, valid: Flags, rule: EnvelopeRule) -> Runs:
    """Return the runs that are events: their length, breaths around them, nothing lost inside."""
    length_s = (runs[:, 1] - runs[:, 0]) / FRAME_RATE_HZ
    runs = runs[(length_s >= RULES.min_event_s) & (length_s <= RULES.unknown_after_s)]
    runs = np.clip(runs, 0, len(valid))
    before = _count(breaths, runs[:, 0] - BEFORE_S * FRAME_RATE_HZ, runs[:, 0])
    after = _count(breaths, runs[:, 1], runs[:, 1] + AFTER_S * FRAME_RATE_HZ)
    lost = np.concatenate([[0], np.cumsum(~valid)])
    whole = lost[runs[:, 1]] == lost[runs[:, 0]]
    steady = (before >= rule.breaths_before) & (before <= FASTEST_PER_MINUTE * BEFORE_S / 60)
    kept: Runs = runs[whole & steady & (after >= rule.breaths_after)]
    return kept


def _count(breaths: Runs, start: NDArray[Any], end: NDArray[Any]) -> Runs:
    """Return how many breaths begin in each [start, end)."""
    begins = breaths[:, 0]
    return np.searchsorted(begins, end) - np.searchsorted(begins, start)


def _monitorable(breaths: Runs, valid: Flags, rule: EnvelopeRule) -> Flags:
    """Return where enough breaths were heard of late for a pause to be noticed."""
    now = np.arange(1, len(valid) + 1)
    heard = _count(breaths, now - RULES.monitorable_hold_s * FRAME_RATE_HZ, now)
    return valid & (heard >= rule.breaths_before)
