"""Nights through the exported network and the bedside's own scoring, against their truth."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime

from osa_daemon.detector.detector import Detector
from osa_daemon.detector.frame import Delayed, Frame
from osa_daemon.evaluation.night import Decided, FrameRows, JudgedNight, Raised
from osa_daemon.features.features import FRAME_RATE_HZ, Features, Flags
from osa_daemon.scoring.event import Alert, AlertLevel, Event
from osa_daemon.scoring.matching import Matches, Span, match
from osa_daemon.scoring.scorer import Scorer
from osa_daemon.scoring.thresholds import ScoringSettings, Thresholds
from osa_daemon.training.detector.corpus import FeatureNight

RUN_FRAMES = 600  # features pass the network in runs of 2 minutes
BEDSIDE_HOP_S, BEDSIDE_MARGIN_S = 2.0, 1.0  # the extractor's: a frame is known 1-3 s after it


@dataclass(frozen=True, slots=True)
class Reading:
    """What the network said of a night: its frames, and the delayed rest at its end."""

    night: FeatureNight
    frames: tuple[Frame, ...]
    rest: tuple[Delayed, ...]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What scoring made of a reading, matched with the truth.

    `alerts` with the frame in which each was raised; `monitorable` (frames,).
    """

    night: FeatureNight
    matches: Matches
    events: tuple[Event, ...]
    alerts: tuple[tuple[int, Alert], ...]
    monitorable: Flags


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
        width = night.features.levels.shape[1]
        detector = Detector(session, properties, Path("detector.onnx"), encoder_sha256, width)
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
    alerts: list[tuple[int, Alert]] = []
    monitorable = np.zeros(len(reading.frames), np.bool_)
    for row, frame in enumerate(reading.frames):
        scored = scorer.push(frame)
        events += scored.events
        raised = (a for a in scored.alerts if a.active and a.level is not AlertLevel.NOTICE)
        alerts += ((frame.index, alert) for alert in raised)
        monitorable[row] = scored.monitorable
    events += scorer.finish(reading.rest).events
    spans = [Span(e.onset_s, e.duration_s, e.type) for e in events]
    matches = match(spans, truth_of(reading.night))
    return Verdict(reading.night, matches, tuple(events), tuple(alerts), monitorable)


def judge(reading: Reading, thresholds: Mapping[str, float]) -> JudgedNight:
    """Score one night as the bedside would, and keep what an evaluation asks of it."""
    verdict = score(reading, thresholds)
    night = reading.night
    spans = (Span(e.onset_s, e.duration_s, e.type) for e in verdict.events)
    return JudgedNight(
        night.name,
        night.facts,
        tuple(truth_of(night)),
        tuple(Decided(s, e.confidence) for s, e in zip(spans, verdict.events, strict=True)),
        tuple(
            Raised(known_at(frame), alert.since_s, urgent=alert.level is AlertLevel.URGENT)
            for frame, alert in verdict.alerts
        ),
        _rows(reading, verdict.monitorable),
    )


def known_at(frame: int) -> float:
    """Return when the bedside knows a frame (s): its hop and the margin behind it have passed."""
    hop = frame // round(BEDSIDE_HOP_S * FRAME_RATE_HZ)
    return (hop + 1) * BEDSIDE_HOP_S + BEDSIDE_MARGIN_S


def _rows(reading: Reading, monitorable: Flags) -> FrameRows:
    frames = reading.frames
    delayed = [f.delayed for f in frames if f.delayed is not None] + list(reading.rest)
    apnea, hypopnea = np.zeros((2, len(frames)), np.float32)
    at = [d.index for d in delayed]
    apnea[at], hypopnea[at] = [d.apnea for d in delayed], [d.hypopnea for d in delayed]
    audible = np.array([f.audible for f in frames], np.float32)
    return FrameRows(_true_audible(reading.night), monitorable, audible, apnea, hypopnea)


def _true_audible(night: FeatureNight) -> Flags | None:
    label = night.labels.get("audible")
    return None if label is None else label.astype(np.bool_)


def hours_of(nights: Sequence[FeatureNight]) -> float:
    """Return the length of nights together (h)."""
    return sum(len(night.features) for night in nights) / FRAME_RATE_HZ / 3600
