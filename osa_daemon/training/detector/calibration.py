"""Probabilities that mean what they say: the logits of a trained network, scaled and shifted.

Training weights hypopneas more than they are frequent and sees severe nights; a network also
grows too sure. Temperature and bias of each output are fitted on validation nights (Platt 1999;
Guo et al. 2017, arXiv 1706.04599), whose mixture is the prior that is restored, and folded into
the network's heads: its file needs nothing more.
"""

import copy
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np
import torch
from torch import Tensor
from torch.nn import Linear, functional

from osa_daemon.detector.model import CLASSES
from osa_daemon.training.detector.corpus import FeatureNight
from osa_daemon.training.detector.network import AnyNetwork, Committee, Network, read_whole
from osa_daemon.training.detector.targets import SINGLE, targets_of

BINS = 15  # of equal width; the usual number of Guo et al. 2017
RIDGE = 1e-5  # of the loss: outputs that hardly occur stay near what they were
STEPS = 100

# of the logits of none, apnea and hypopnea: whether there is an event, and which
AXES = torch.tensor([[-1.0, 0.5, 0.5], [0.0, 0.5, -0.5]], dtype=torch.float64)

N = TypeVar("N", Network, Committee)


@dataclass(frozen=True, slots=True)
class Rows:
    """Logits (n, outputs) with their truth, one row a frame, float64.

    `targets` (n, outputs) of 0 and 1, or (n,) the class; `weights` of the same shape, 0 where
    the truth is not known: lost sound, scored events that sound cannot find.
    """

    logits: Tensor
    targets: Tensor
    weights: Tensor


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a network said of validation nights: the causal reading, and the delayed one's two."""

    causal: Rows
    single: Rows
    event: Rows


@dataclass(frozen=True, slots=True)
class Scaling:
    """Logits become `matrix` (outputs, outputs) · logits + `bias` (outputs,).

    Matrix scaling of Guo et al.; its diagonal alone scales each output on its own.
    """

    matrix: Tensor
    bias: Tensor


def calibrated(network: N, nights: Sequence[FeatureNight]) -> N:
    """Fit scalings on validation nights and return a copy of the network that has them."""
    evidence = evidence_of(network, nights)
    causal, single = fit_sigmoids(evidence.causal), fit_sigmoids(evidence.single)
    event = fit_events(evidence.event)
    matrix = torch.block_diag(single.matrix, event.matrix)
    both = Scaling(matrix, torch.cat([single.bias, event.bias]))
    scaled = copy.deepcopy(network)
    for member in scaled.members:  # the mean of scaled logits is the scaled mean
        fold(member.causal_head, causal)
        fold(member.delayed_head, both)
    return scaled.eval()


def calibration_errors(
    network: AnyNetwork, nights: Sequence[FeatureNight]
) -> dict[str, float | None]:
    """Return the expected calibration error of every output, 0 … 1, over the nights' frames.

    By name, such as `causal apnea` or `delayed event` (apnea or hypopnea); None where the truth
    is nowhere known.
    """
    return _errors_of(evidence_of(network, nights))


def evidence_of(network: AnyNetwork, nights: Sequence[FeatureNight]) -> Evidence:
    """Run the network over nights, each followed by lost sound until its last delayed reading."""
    parts = [_of_night(network, night) for night in nights]
    return Evidence(*(_join([part[k] for part in parts]) for k in range(3)))


def fit_sigmoids(rows: Rows) -> Scaling:
    """Fit each output on its own; one that is always or never true stays as it is."""
    count = rows.logits.shape[1]
    fits = [
        _fit_sigmoid(rows.logits[:, k], rows.targets[:, k], rows.weights[:, k])
        for k in range(count)
    ]
    scale, bias = (torch.stack(column) for column in zip(*fits, strict=True))
    return Scaling(torch.diag(scale), bias)


def fit_softmax(rows: Rows) -> Scaling:
    """Fit one temperature and a bias for each class; without rows all stays as it is."""
    known = rows.weights > 0
    logits, targets = rows.logits[known], rows.targets[known]
    shift = torch.zeros(rows.logits.shape[1], dtype=torch.float64)
    log_scale = torch.zeros(1, dtype=torch.float64)
    # a class that never occurs must not be pushed away for ever: it is left out
    seen = torch.bincount(targets, minlength=len(shift)) > 0
    if int(seen.sum()) > 1:
        among = logits[:, seen]
        numbers = (seen.cumsum(0) - 1)[targets]
        _minimise(
            [log_scale, shift],
            lambda: functional.cross_entropy(among * log_scale.exp() + shift[seen], numbers),
        )
    bias = torch.where(seen, shift - shift[0], 0.0).detach()
    return Scaling(torch.diag(log_scale.detach().exp().expand(len(bias))), bias)


def fit_events(rows: Rows) -> Scaling:
    """Fit none, apnea, hypopnea: first which event it is, then whether there is one at all.

    The type is told as if apneas and hypopneas were equally frequent: by their frequency on the
    nights, and with one temperature for both questions, the rarer would never be called. So the
    sum of both means what it says, and their shares are those of such nights. Where a class never
    occurs, see `fit_softmax`.
    """
    known = rows.weights > 0
    logits, targets = rows.logits[known], rows.targets[known]
    counts = torch.bincount(targets, minlength=rows.logits.shape[1])
    if not counts.all():
        return fit_softmax(rows)
    event, kind = (logits @ AXES.T).unbind(1)
    equal = (1.0 / counts)[targets] * (targets > 0)
    kind_scale, kind_bias = _fit_logistic(kind, (targets == 1).double(), equal / equal.sum())
    apart = kind * kind_scale + kind_bias  # half of the log odds of apnea against hypopnea
    both = torch.logaddexp(apart, -apart)
    share = torch.full_like(event, 1 / len(event))
    scale, bias = _fit_logistic(event, (targets > 0).double(), share, both)
    sure, which = AXES[0] * scale, AXES[1] * kind_scale
    matrix = torch.stack([torch.zeros_like(sure), sure + which, sure - which])
    shift = torch.stack([torch.zeros_like(bias), bias + kind_bias, bias - kind_bias])
    return Scaling(matrix, shift)


def _fit_logistic(
    z: Tensor, truth: Tensor, weights: Tensor, offset: Tensor | None = None
) -> tuple[Tensor, Tensor]:
    """Return scale and bias of `z`, the logit's part that is fitted; `offset` is the rest.

    Without an offset `z` is half of the logit, as the distance of either type from their middle.
    """
    log_scale, bias = torch.zeros(2, dtype=torch.float64)

    def logit() -> Tensor:
        part = z * log_scale.exp() + bias
        return 2 * part if offset is None else part + offset

    def loss() -> Tensor:
        each = functional.binary_cross_entropy_with_logits(logit(), truth, reduction="none")
        return (each * weights).sum()

    _minimise([log_scale, bias], loss)
    return log_scale.detach().exp(), bias.detach()


def fold(head: Linear, scaling: Scaling) -> None:
    """Build a scaling into the layer that makes the logits."""
    with torch.no_grad():
        matrix, bias = (part.to(head.weight.dtype) for part in (scaling.matrix, scaling.bias))
        head.weight.copy_(matrix @ head.weight)
        head.bias.copy_(matrix @ head.bias + bias)


def expected_error(p: Tensor, truth: Tensor, weights: Tensor) -> float | None:
    """Return the expected calibration error: mean distance of belief and frequency over bins."""
    total = float(weights.sum())
    if not total:
        return None
    bins = (p * BINS).long().clamp(0, BINS - 1)
    gap = torch.zeros(BINS, dtype=torch.float64)
    gap.index_add_(0, bins, (weights * (p - truth)).double())
    return float(gap.abs().sum() / total)


def _errors_of(evidence: Evidence) -> dict[str, float | None]:
    errors = {}
    for reading, names, rows in (
        ("causal", CLASSES, evidence.causal),
        ("delayed", SINGLE, evidence.single),
    ):
        p = torch.sigmoid(rows.logits)
        for k, name in enumerate(names):
            error = expected_error(p[:, k], rows.targets[:, k], rows.weights[:, k])
            errors[f"{reading} {name}"] = error
    rows = evidence.event
    p = torch.softmax(rows.logits, 1)
    event = (rows.targets > 0).double()
    errors["delayed event"] = expected_error(1 - p[:, 0], event, rows.weights)
    for k, name in ((1, "apnea"), (2, "hypopnea")):
        truth = (rows.targets == k).double()
        errors[f"delayed {name}"] = expected_error(p[:, k], truth, rows.weights)
    return errors


def _fit_sigmoid(logits: Tensor, targets: Tensor, weights: Tensor) -> tuple[Tensor, Tensor]:
    known = weights > 0
    z, y = logits[known], targets[known]
    log_scale, bias = torch.zeros(2, dtype=torch.float64)
    if 0 < float(y.sum()) < len(y):
        _minimise(
            [log_scale, bias],
            lambda: functional.binary_cross_entropy_with_logits(z * log_scale.exp() + bias, y),
        )
    return log_scale.detach().exp(), bias.detach()


def _minimise(parameters: list[Tensor], loss_of: Callable[[], Tensor]) -> None:
    """Find the parameters of the least loss, in place; they begin at what changes nothing."""
    for parameter in parameters:
        parameter.requires_grad_()
    optimiser = torch.optim.LBFGS(parameters, max_iter=STEPS, line_search_fn="strong_wolfe")

    def step() -> Tensor:
        optimiser.zero_grad()
        loss = loss_of() + RIDGE * sum((p**2).sum() for p in parameters)
        loss.backward()
        return loss

    optimiser.step(step)


def _of_night(network: AnyNetwork, night: FeatureNight) -> tuple[Rows, Rows, Rows]:
    shape, features = network.shape, night.features
    pad = ((0, shape.delay_frames), (0, 0))
    encoder = np.pad(features.encoder.astype(np.float32), pad)
    levels = np.pad(features.levels[:, : shape.level_width].astype(np.float32), pad)
    valid = np.pad(features.valid, pad[0]).astype(np.float32)
    inputs = (torch.from_numpy(rows) for rows in (encoder, levels, valid[:, None]))
    causal, delayed = read_whole(network, *inputs)
    targets = targets_of(night.labels, features.valid, shape.delay_frames)
    logits = (causal, delayed[:, : len(SINGLE)], delayed[:, len(SINGLE) :])
    truths = (targets.causal, targets.delayed, targets.event)
    weights = (targets.causal_weight, targets.delayed_weight, targets.event_weight)
    causal_rows, single_rows, event_rows = (
        Rows(z.double(), torch.from_numpy(truth), torch.from_numpy(weight).double())
        for z, truth, weight in zip(logits, truths, weights, strict=True)
    )
    return (
        replace(causal_rows, targets=causal_rows.targets.double()),
        replace(single_rows, targets=single_rows.targets.double()),
        event_rows,
    )


def _join(parts: Sequence[Rows]) -> Rows:
    return Rows(
        torch.cat([part.logits for part in parts]),
        torch.cat([part.targets for part in parts]),
        torch.cat([part.weights for part in parts]),
    )
