"""Nights through the exported network and the bedside's own scoring, against their truth."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import onnxruntime

from osa_daemon.detector.detector import Detector
from osa_daemon.detector.frame import Delayed, Frame
from osa_daemon.features.features import FRAME_RATE_HZ, Features
from osa_daemon.scoring.event import Alert, AlertLevel, Event
from osa_daemon.scoring.matching import Matches, Span, match
from osa_daemon.scoring.scorer import Scorer
from osa_daemon.scoring.thresholds import ScoringSettings, Thresholds
from osa_daemon.training.detector.corpus import FeatureNight

RUN_FRAMES = 600  # features pass the network in runs of 2 minutes


@dataclass(frozen=True, slots=True)
class Reading:
    """What the network said of a night: its frames, and the delayed rest at its end."""

    night: FeatureNight
    frames: tuple[Frame, ...]
    rest: tuple[Delayed, ...]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What scoring made of a reading, matched with the truth."""

    night: FeatureNight
    matches: Matches
    events: tuple[Event, ...]
    alerts: tuple[Alert, ...]
    monitorable_s: float


def _runs(features: Features) -> Iterator[Features]:
    for at in range(0, len(features), RUN_FRAMES):
        part = slice(at, at + RUN_FRAMES)
        yield Features(
            features.index + at,
            features.encoder[part],
            features.levels[part],
            features.valid[part],
            features.level_dbfs[part],
            features.noise_dbfs[part],
            features.clipped[part],
            features.silent[part],
        )


def read(model: bytes | str, encoder_sha256: str, nights: Sequence[FeatureNight]) -> list[Reading]:
    """Run the exported detector (bytes or path) over nights."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 2
    session: Any = onnxruntime.InferenceSession(model, options, ["CPUExecutionProvider"])
    properties = session.get_modelmeta().custom_metadata_map
    readings = []
    for night in nights:
        detector = Detector(session, properties, Path("detector.onnx"), encoder_sha256)
        frames = [frame for run in _runs(night.features) for frame in detector.push(run)]
        readings.append(Reading(night, tuple(frames), tuple(detector.flush())))
    return readings


def truth_of(night: FeatureNight) -> list[Span]:
    """Return the reference events of a night; those that sound cannot find do not count."""
    return [Span(onset, length, kind, counts) for onset, length, kind, counts in night.events]


def score(reading: Reading, thresholds: Mapping[str, float]) -> Verdict:
    """Score one night at `thresholds` and match its events with the truth."""
    settings = ScoringSettings(thresholds=Thresholds.of(thresholds))
    scorer = Scorer(settings, lambda onset_s: f"{onset_s:.1f}")
    events: list[Event] = []
    alerts: list[Alert] = []
    monitorable = 0
    for frame in reading.frames:
        scored = scorer.push(frame)
        events += scored.events
        alerts += (a for a in scored.alerts if a.level is not AlertLevel.NOTICE and a.active)
        monitorable += scored.monitorable
    last = scorer.finish(reading.rest)
    events += last.events
    spans = [Span(e.onset_s, e.duration_s, e.type) for e in events]
    return Verdict(
        reading.night,
        match(spans, truth_of(reading.night)),
        tuple(events),
        tuple(alerts),
        monitorable / FRAME_RATE_HZ,
    )


def hours_of(nights: Sequence[FeatureNight]) -> float:
    """Return the length of nights together (h)."""
    return sum(len(night.features) for night in nights) / FRAME_RATE_HZ / 3600
