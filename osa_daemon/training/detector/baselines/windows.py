"""The tutorials' way: windows of 10 s as a whole are apnea, hypopnea or none; neighbours merge.

Mean and spread of the encoder's features over a window go through a small network. The windows
overlap by half; a stretch of 5 s is the mean of the two that hold it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from osa_daemon.evaluation.night import Decided, JudgedNight
from osa_daemon.features.features import FRAME_RATE_HZ, Features
from osa_daemon.scoring.matching import Span
from osa_daemon.training.detector.baselines.choice import best_of, point_of
from osa_daemon.training.detector.baselines.verdict import RULES, judged, runs_of
from osa_daemon.training.detector.corpus import FeatureNight
from osa_daemon.training.detector.operating import Point
from osa_daemon.training.detector.tally import GRID

WINDOW_S, HOP_S = 10, 5
WINDOW_FRAMES, HOP_FRAMES = WINDOW_S * FRAME_RATE_HZ, HOP_S * FRAME_RATE_HZ
CLASSES = 3  # none, apnea, hypopnea
HALF = 0.5  # of a window inside an event makes it one of its kind
HIDDEN = (0, 64)  # logistic regression, and one layer between
TRIMS_S = (0.0, 2.5)  # that a run of stretches is cut by at either end: a window reaches out

Floats = NDArray[np.float32]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Fitting:
    """How long and how fast; three epochs of 10 h of nights are 20 000 windows."""

    epochs: int = 20
    batch: int = 256
    learning_rate: float = 1e-3
    weight_decay: float = 1e-2
    dropout: float = 0.4
    seed: int = 1


@dataclass(frozen=True, slots=True)
class WindowClassifier:
    """A fitted network of windows, and how its probabilities become events."""

    network: nn.Module
    threshold: float = 0.5
    trim_s: float = 0.0


def pooled(features: Features) -> Floats:
    """Return (windows, 2 · width): mean and spread of the encoder's features over each window."""
    rows = features.encoder.astype(np.float64) * features.valid[:, None]
    count = _windowed(features.valid[:, None].astype(np.float64))
    mean = _windowed(rows) / np.maximum(count, 1)
    square = _windowed(np.square(rows)) / np.maximum(count, 1)
    spread = np.sqrt(np.maximum(square - np.square(mean), 0))
    return np.concatenate([mean, spread], axis=1).astype(np.float32)


def _windowed(rows: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the sums of (frames, n) over each window, (windows, n)."""
    whole = len(rows) // HOP_FRAMES * HOP_FRAMES
    hops = rows[:whole].reshape(-1, HOP_FRAMES, rows.shape[1]).sum(axis=1)
    return hops[:-1] + hops[1:]


def classes_of(night: FeatureNight) -> NDArray[np.int64]:
    """Return (windows,) the class of each; -1 where sound cannot tell."""
    names = ("apnea", "hypopnea", "ignore")
    labels = np.stack([night.labels[name] for name in names], 1).astype(np.float64)
    apnea, hypopnea, ignore = (_windowed(labels) >= HALF * WINDOW_FRAMES).T
    return np.where(apnea, 1, np.where(hypopnea, 2, np.where(ignore, -1, 0)))


def fit(nights: Sequence[FeatureNight], hidden: int, fitting: Fitting) -> WindowClassifier:
    """Return a classifier fitted to windows of `nights`; classes weigh by the root of rarity."""
    torch.manual_seed(fitting.seed)
    x = torch.from_numpy(np.concatenate([pooled(night.features) for night in nights]))
    y = torch.from_numpy(np.concatenate([classes_of(night) for night in nights]))
    x, y = x[y >= 0], y[y >= 0]
    network = _Windows(x, hidden, fitting.dropout)
    weight = (len(y) / torch.bincount(y, minlength=CLASSES).clamp(min=1)).sqrt()
    optimiser = torch.optim.AdamW(
        network.parameters(), lr=fitting.learning_rate, weight_decay=fitting.weight_decay
    )
    for _ in range(fitting.epochs):
        for rows in torch.randperm(len(y)).split(fitting.batch):
            loss = functional.cross_entropy(network(x[rows]), y[rows], weight)
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
    return WindowClassifier(network.eval())


class _Windows(nn.Module):
    """Standardised features, perhaps a hidden layer, three logits."""

    def __init__(self, x: Tensor, hidden: int, dropout: float) -> None:
        super().__init__()
        self.register_buffer("mean", x.mean(dim=0))
        self.register_buffer("scale", 1 / (x.std(dim=0, correction=0) + 1e-3))
        width = x.shape[1]
        layers: list[nn.Module] = [nn.Dropout(dropout)]
        if hidden:
            layers += [nn.Linear(width, hidden), nn.ReLU(), nn.Dropout(dropout)]
        self.layers = nn.Sequential(*layers, nn.Linear(hidden or width, CLASSES))

    def forward(self, x: Tensor) -> Tensor:
        """(windows, 2 · width) → (windows, 3) logits."""
        return self.layers((x - self.mean) * self.scale)


def choose(
    train: Sequence[FeatureNight], validation: Sequence[FeatureNight], fitting: Fitting
) -> tuple[WindowClassifier, Point]:
    """Return the best classifier on `validation`: hidden layer, threshold and trim, and its point.

    The thresholds are those that the detector's are chosen from.
    """
    fitted = [fit(train, hidden, fitting) for hidden in HIDDEN]
    ways: list[WindowClassifier] = []
    points: list[Point] = []
    for each in fitted:
        stretches = [probabilities(each, night.features) for night in validation]
        for trim_s in TRIMS_S:
            for threshold in GRID:
                way = replace(each, threshold=threshold, trim_s=trim_s)
                nights = [judge(n, way, p) for n, p in zip(validation, stretches, strict=True)]
                points.append(point_of(len(ways), nights))
                ways.append(way)
    best = best_of(points)
    return ways[best], points[best]


def probabilities(classifier: WindowClassifier, features: Features) -> Floats:
    """Return (frames, 3): each stretch of 5 s has the mean of the two windows that hold it."""
    frames = len(features)
    if frames < WINDOW_FRAMES:
        return np.tile(np.array([[1, 0, 0]], np.float32), (frames, 1))
    with torch.no_grad():
        logits = classifier.network(torch.from_numpy(pooled(features)))
        rows = torch.softmax(logits, dim=1).numpy()
    stretches = (np.concatenate([rows[:1], rows]) + np.concatenate([rows, rows[-1:]])) / 2
    spread = np.repeat(stretches, HOP_FRAMES, axis=0)
    return np.pad(spread, ((0, frames - len(spread)), (0, 0)), mode="edge")


def judge(
    night: FeatureNight, classifier: WindowClassifier, rows: Floats | None = None
) -> JudgedNight:
    """Return what the classifier makes of a night; `rows` are its `probabilities`, if known."""
    rows = probabilities(classifier, night.features) if rows is None else rows
    valid = night.features.valid
    p_event = rows[:, 1:].sum(axis=1) * valid
    trim = round(classifier.trim_s * FRAME_RATE_HZ)
    runs = runs_of(p_event >= classifier.threshold) + np.array([trim, -trim])
    decided = []
    for start, end in runs:
        length_s = float(end - start) / FRAME_RATE_HZ
        if RULES.min_event_s <= length_s <= RULES.unknown_after_s:
            inside = rows[start:end].mean(axis=0)
            kind = "apnea" if inside[1] >= inside[2] else "hypopnea"
            span = Span(float(start) / FRAME_RATE_HZ, length_s, kind)
            decided.append(Decided(span, float(inside[1:].sum())))
    p_rows = {"apnea": rows[:, 1] * valid, "hypopnea": rows[:, 2] * valid}
    return judged(night, decided, valid, p_rows, wait_s=float(HOP_S))
