"""Other choices than the shipped ones, each to be trained and judged like it."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from osa_daemon.evaluation.store import code_digest
from osa_daemon.features.features import FRAME_RATE_HZ
from osa_daemon.training.detector.comparison.views import View
from osa_daemon.training.detector.corpus import sources_digest
from osa_daemon.training.detector.network import (
    DILATIONS,
    KERNEL,
    Disturbance,
    NetworkShape,
)
from osa_daemon.training.encoder_export import EncoderSpec

_SHAPE = NetworkShape(encoder_width=1, level_width=1)  # for its defaults
UNDISTURBED = Disturbance(
    encoder_dropout=0.0,
    feature_dropout=0.0,
    feature_noise=0.0,
    feature_offset=0.0,
    level_noise=0.0,
    level_offset=0.0,
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

    @property
    def disturbed_by(self) -> Disturbance:
        """What is done to its input in training; who has one input alone never does without it."""
        if self.disturbance is not None:
            return self.disturbance
        return Disturbance() if self.view.bands else Disturbance(encoder_dropout=0.0)


def defaults() -> dict[str, Any]:
    """Return what every result depends on: the shape that variants change, and the code.

    A result kept from before another simulator, front end or scoring is another result.
    """
    return {**asdict(_SHAPE), "nights": sources_digest(), "hearing": code_digest()}


def _depth(blocks: int) -> Variant:
    table = f"Encoder depth (shipped: {EncoderSpec().depth} blocks)"
    return Variant(f"depth-{blocks}", table, encoder=EncoderSpec(depth=blocks))


def _levels(name: str, view: View) -> Variant:
    return Variant(name, f"Band levels (shipped: {View().bands} bands, two floors)", view)


def _bottleneck(width: int) -> Variant:
    view = View() if width else View(sound="none")
    table = f"Bottleneck of the encoder's features (shipped: {_SHAPE.bottleneck} wide)"
    return Variant(f"bottleneck-{width}", table, view, {"bottleneck": width})


def _context(last: int) -> Variant:
    dilations = tuple(d for d in DILATIONS if d <= last)
    table = f"Context (shipped: {_seconds(_SHAPE.dilations)} s)"
    return Variant(f"context-{_seconds(dilations)}", table, shape={"dilations": dilations})


def _seconds(dilations: tuple[int, ...]) -> int:
    """Return how far back a network sees (s)."""
    return round((KERNEL - 1) * sum(dilations) / FRAME_RATE_HZ)


def _delay(seconds: int) -> Variant:
    table = f"Delay of the decided event (shipped: {_SHAPE.delay_frames // FRAME_RATE_HZ} s)"
    return Variant(f"delay-{seconds}", table, shape={"delay_frames": FRAME_RATE_HZ * seconds})


def _width(channels: int) -> Variant:
    table = f"Width of the network (shipped: {_SHAPE.channels} channels)"
    return Variant(f"channels-{channels}", table, shape={"channels": channels})


def _similarity(heads: int) -> Variant:
    table = f"Comparison with the 40 s before (shipped: {_SHAPE.similarity_heads} heads)"
    return Variant(f"similarity-{heads}", table, shape={"similarity_heads": heads})


def _heard(name: str, view: View) -> Variant:
    table = "What is heard of a sound (shipped: encoder beside band levels)"
    return Variant(name, table, view, LOG_MEL if view.sound == "logmel" else {})


SHIPPED = Variant("as-shipped", "")
LOG_MEL = {"bottleneck": 32}  # 80 bands need more room than what the encoder made of them

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
    _heard("log-mel-alone", View(sound="logmel", bands=0)),
    _heard("log-mel-and-levels", View(sound="logmel")),
    _bottleneck(8),
    _bottleneck(32),
    _context(32),
    _context(64),
    _delay(15),
    _delay(30),
    _width(64),
    _width(128),
    _similarity(0),
    _similarity(8),
    Variant("undisturbed", "Features in training (shipped: disturbed)", disturbance=UNDISTURBED),
)

INPUTS = (
    Variant("band levels", "", View(sound="none"), {"bottleneck": 0}),
    Variant("log-mel", "", View(sound="logmel", bands=0), LOG_MEL),
    Variant("log-mel and band levels", "", View(sound="logmel"), LOG_MEL),
)
