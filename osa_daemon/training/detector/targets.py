"""Labels of a night become the targets of the two readings."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from osa_daemon.features.features import FRAME_RATE_HZ
from osa_daemon.training.detector.network import DELAY_FRAMES

MIN_EVENT_S = 10.0  # AASM: an event lasts at least 10 s
CAUSAL_FROM_S = MIN_EVENT_S - 0.5  # the reading may rise a little before, to be in time at 10 s
SINGLE = ("audible", "breath", "snore", "gasp")  # what the delayed reading says beside events
NAMES = (*SINGLE, "apnea", "hypopnea", "ignore")

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Targets:
    """What the network should say at each frame, and how much it matters.

    `causal` (frames, 6) and `delayed` (frames, 4) of 0 and 1; `event` (frames,) of 0 none,
    1 apnea, 2 hypopnea; the `*_weight` arrays have the shapes of their targets. Rows of `delayed`
    and `event` belong to the frame the network's delay earlier.
    """

    causal: Floats
    causal_weight: Floats
    delayed: Floats
    delayed_weight: Floats
    event: NDArray[np.int64]
    event_weight: Floats


def lasting(inside: NDArray[np.bool_], after_frames: int) -> NDArray[np.bool_]:
    """Return where a run of `inside` has lasted at least `after_frames`."""
    padded = np.concatenate([[0], inside.astype(np.int8), [0]])
    edges = np.flatnonzero(np.diff(padded))
    out = np.zeros_like(inside)
    for start, end in edges.reshape(-1, 2):
        out[start + after_frames : end] = True
    return out


def later(values: NDArray[np.generic], frames: int) -> NDArray[np.generic]:
    """Shift rows to later frames, filling with zeros."""
    shifted = np.zeros_like(values)
    shifted[frames:] = values[:-frames]
    return shifted


def targets_of(
    labels: dict[str, NDArray[np.uint8]],
    valid: NDArray[np.bool_],
    delay_frames: int = DELAY_FRAMES,
) -> Targets:
    """Return the targets of a night, followed by `delay_frames` of lost sound.

    `apnea`, `hypopnea` and `ignore` must be among the labels; another that is not there is
    unknown, and weighs nothing.
    """
    pad = delay_frames
    unknown = np.zeros(len(valid), np.bool_)
    flags = {n: np.pad(labels.get(n, unknown).astype(np.bool_), (0, pad)) for n in NAMES}
    heard = np.pad(valid, (0, pad))
    certain = heard & ~flags["ignore"]
    told = {name: heard & (name in labels) for name in SINGLE}
    after = round(CAUSAL_FROM_S * FRAME_RATE_HZ)
    apnea, hypopnea = flags["apnea"], flags["hypopnea"] & ~flags["apnea"]
    causal = [
        flags["audible"],
        flags["breath"],
        lasting(apnea, after),
        lasting(hypopnea, after),
        flags["snore"],
        flags["gasp"],
    ]
    weights = [told["audible"], told["breath"], certain, certain, told["snore"], told["gasp"]]
    single = np.stack([flags[name] for name in SINGLE], 1)
    return Targets(
        np.stack(causal, 1).astype(np.float32),
        np.stack(weights, 1).astype(np.float32),
        later(single, pad).astype(np.float32),
        later(np.stack([told[name] for name in SINGLE], 1), pad).astype(np.float32),
        later(apnea * 1 + hypopnea * 2, pad).astype(np.int64),
        later(certain, pad).astype(np.float32),
    )
