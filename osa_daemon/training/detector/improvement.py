"""What adaptation does to nights that it did not learn from: figures before and after."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from torch.nn import functional

from osa_daemon.detector.model import Metadata
from osa_daemon.scoring.matching import pool
from osa_daemon.training.detector.corpus import FeatureNight
from osa_daemon.training.detector.export import model_bytes
from osa_daemon.training.detector.judge import Reading, read, score
from osa_daemon.training.detector.network import AnyNetwork, read_whole
from osa_daemon.training.detector.operating import choose
from osa_daemon.training.detector.targets import targets_of


def event_loss(network: AnyNetwork, nights: Sequence[FeatureNight]) -> float:
    """Return the delayed reading's mean cross entropy of events over whole nights, in nats."""
    delay = network.shape.delay_frames
    total = weight = 0.0
    for night in nights:
        targets = targets_of(night.labels, night.features.valid, delay)
        columns = (night.features.encoder, night.features.levels, night.features.valid[:, None])
        rows = (np.pad(c.astype(np.float32), ((0, delay), (0, 0))) for c in columns)
        _, delayed = read_whole(network, *(torch.from_numpy(row) for row in rows))
        event = functional.cross_entropy(
            delayed[:, 4:], torch.from_numpy(targets.event), reduction="none"
        )
        total += float((event.numpy() * targets.event_weight).sum())
        weight += float(targets.event_weight.sum())
    return total / max(weight, 1.0)


def judged(
    network: AnyNetwork, metadata: Metadata, nights: Sequence[FeatureNight], jobs: int
) -> tuple[dict[str, Any], Metadata]:
    """Choose thresholds on `nights`; return the figures there, and the metadata with them.

    Few nights choose badly: where they find nothing better, the thresholds stay as they are.
    `f1`, counts of events `found`, `missed` and `false`, `event_loss`, and the `thresholds`.
    """
    readings = read_nights(network, metadata, nights)
    chosen = choose(readings, jobs)
    row, anew = (
        counts_of(readings, t["balanced"]) for t in (metadata.thresholds, chosen.thresholds)
    )
    thresholds = metadata.thresholds
    if anew["f1"] > row["f1"]:
        row, thresholds = anew, chosen.thresholds
    row["event_loss"] = round(event_loss(network, nights), 4)
    return row, replace(metadata, thresholds=thresholds, calibration=chosen.calibration)


def read_nights(
    network: AnyNetwork, metadata: Metadata, nights: Sequence[FeatureNight]
) -> list[Reading]:
    """Read nights with a network that is not exported yet."""
    return read(model_bytes(network, metadata), metadata.encoder_sha256, nights)


def counts_of(readings: Sequence[Reading], thresholds: Mapping[str, float]) -> dict[str, Any]:
    """Return F1 and the counts behind it, at `thresholds`."""
    matches = pool([score(reading, thresholds).matches for reading in readings])
    return {
        "f1": round(matches.f1 or 0.0, 4),
        "found": len(matches.pairs),
        "missed": len(matches.missed),
        "false": len(matches.false),
        "thresholds": dict(thresholds),
    }


def summary(figures: Mapping[str, Any]) -> str:
    """Return what adaptation found, for a person; `figures` as `finetune` returns them."""
    about = figures["recordings"]
    lines = [
        f"Held out: {about['held_out_hours']:.1f} h of {', '.join(about['held_out_people'])}; "
        f"learned from {about['train_hours']:.1f} h.",
        f"{'':16} {'F1':>6} {'found':>6} {'missed':>6} {'false':>6}",
    ]
    for name in ("before", "after", "simulated_before", "simulated_after"):
        row = figures.get(name)
        if row is not None:
            counts = "".join(f" {row[count]:6d}" for count in ("found", "missed", "false"))
            lines.append(f"{name.replace('_', ' '):16} {row['f1']:6.3f}{counts}")
    lines.append("It helped." if figures["helped"] else "It did not help: keep what you have.")
    return "\n".join(lines)
