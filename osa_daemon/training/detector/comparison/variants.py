"""Other choices than the shipped ones, each to be trained and judged like it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from osa_daemon.training.detector.comparison.views import View
from osa_daemon.training.detector.network import DILATIONS, Disturbance
from osa_daemon.training.encoder_export import EncoderSpec

UNDISTURBED = Disturbance(
    feature_dropout=0.0, feature_noise=0.0, feature_offset=0.0, level_noise=0.0, level_offset=0.0
)


@dataclass(frozen=True, slots=True)
class Variant:
    """One way to make a detector; what is not given is as shipped.

    `table` is the choice that it belongs to. `shape` and `plan` change fields of `NetworkShape`
    and `TrainingPlan`.
    """

    name: str
    table: str
    view: View = field(default_factory=View)
    shape: Mapping[str, Any] = field(default_factory=dict)
    plan: Mapping[str, Any] = field(default_factory=dict)
    disturbance: Disturbance | None = None
    encoder: EncoderSpec = field(default_factory=EncoderSpec)


def _depth(blocks: int) -> Variant:
    return Variant(f"depth-{blocks}", "Encoder depth (blocks)", encoder=EncoderSpec(depth=blocks))


def _levels(name: str, view: View) -> Variant:
    return Variant(name, "Band levels", view)


def _bottleneck(width: int) -> Variant:
    view = View() if width else View(sound="none")
    return Variant(
        f"bottleneck-{width}", "Bottleneck of the encoder's features", view, {"bottleneck": width}
    )


def _context(last: int) -> Variant:
    dilations = tuple(d for d in DILATIONS if d <= last)
    name = f"context-{2 * sum(dilations) / 5:.0f}"
    return Variant(name, "Context (s)", shape={"dilations": dilations})


def _delay(seconds: int) -> Variant:
    name = f"delay-{seconds}"
    return Variant(name, "Delay of the decided event (s)", shape={"delay_frames": 5 * seconds})


SHIPPED = Variant("as-shipped", "")

ABLATIONS = (
    SHIPPED,
    _depth(1),
    _depth(3),
    _depth(4),
    _levels("bands-8", View(bands=8)),
    _levels("bands-1", View(bands=1)),
    _levels("bands-0", View(bands=0)),
    _levels("slow-floor-only", View(fast_floor=False)),
    _bottleneck(0),
    _bottleneck(8),
    _bottleneck(32),
    _context(32),
    _context(64),
    _delay(15),
    _delay(30),
    Variant("channels-64", "Width of the network", shape={"channels": 64}),
    Variant("channels-128", "Width of the network", shape={"channels": 128}),
    Variant("undisturbed", "Features disturbed in training", disturbance=UNDISTURBED),
)

LOG_MEL = {"bottleneck": 32}  # 80 bands need more room than what the encoder made of them
RIVALS = (
    Variant("CNN on band levels", "", View(sound="none"), {"bottleneck": 0}),
    Variant("CNN on log-mel", "", View(sound="logmel", bands=0), LOG_MEL),
    Variant("CNN on log-mel and band levels", "", View(sound="logmel"), LOG_MEL),
)
