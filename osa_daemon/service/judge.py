"""A night with a known truth through the bedside's chain: what it decided, told and heard."""

import hashlib
import pickle
from array import array
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from osa_daemon.audio.block import SAMPLE_RATE_HZ
from osa_daemon.detector.frame import Delayed
from osa_daemon.errors import InputError
from osa_daemon.evaluation.night import (
    FRAME_RATE_HZ,
    Decided,
    Flags,
    FrameRows,
    JudgedNight,
    Probabilities,
    Raised,
)
from osa_daemon.evaluation.reference import ReferenceNight, Spans, truth_of
from osa_daemon.evaluation.store import key_of
from osa_daemon.scoring.event import Alert, AlertLevel, Event
from osa_daemon.scoring.matching import Span
from osa_daemon.scoring.thresholds import ScoringSettings
from osa_daemon.service.chain import Chain, Step, ids_of
from osa_daemon.service.models import Models
from osa_daemon.service.replay import replay


def judge(
    night: ReferenceNight, models: Models, rules: ScoringSettings, name: str | None = None
) -> JudgedNight:
    """Hear one night as the bedside would; memory grows by 14 bytes a frame of 0.2 s.

    Alerts carry the time at which the sound that raised them had entered, so that what the chain
    waits for is part of their delay; computing is not.

    Raises:
        InputError: its sound cannot be read.
    """
    chain = Chain(models, rules, ids_of(night.sound.name))
    heard = _Heard()
    source = night.open_source()
    try:
        for outcome in replay(source, chain):
            heard.take(outcome.step, outcome.events, chain.end / SAMPLE_RATE_HZ)
    finally:
        source.close()
    heard.take_delayed(chain.rest)
    return JudgedNight(
        name=name or night.sound.stem,
        facts={name: fact for name, fact in night.facts.items() if name != "events"},
        truth=truth_of(night),
        decided=tuple(heard.decided),
        alerts=tuple(heard.alerts),
        rows=heard.rows(night.audible),
    )


def names_of(nights: Sequence[ReferenceNight]) -> list[str]:
    """Return what nights are called in tables: their file's stem, and as much more as it takes."""
    stems = Counter(night.sound.stem for night in nights)
    files = Counter(night.sound.name for night in nights)
    return [
        night.sound.stem
        if stems[night.sound.stem] == 1
        else night.sound.name
        if files[night.sound.name] == 1
        else str(night.sound)
        for night in nights
    ]


def judged_key(night: ReferenceNight, models: Models, rules: ScoringSettings, name: str) -> str:
    """Return what a judged night is kept under: it changes with sound, truth, models and rules.

    Raises:
        InputError: the sound is not there.
    """
    try:
        about = night.sound.stat()
    except OSError as error:
        reason = error.strerror or error
        raise InputError(f"{night.sound} cannot be read: {reason}.") from error
    return key_of(
        name=name,
        sound=[about.st_size, about.st_mtime_ns],
        opener=hashlib.sha256(pickle.dumps(night.opener)).hexdigest(),
        truth=[asdict(span) for span in truth_of(night)],
        audible=night.audible,
        facts=night.facts,
        encoder=models.encoder.sha256,
        detector=models.network.sha256,
        rules=asdict(rules),
    )


class _Heard:
    """What comes out of the chain, as it comes; frames that gaps swallowed hold zeros."""

    def __init__(self) -> None:
        self.decided: list[Decided] = []
        self.alerts: list[Raised] = []
        self._monitorable = array("b")
        self._audible, self._apnea, self._hypopnea = array("f"), array("f"), array("f")

    def take(self, step: Step | None, events: Sequence[Event], now_s: float) -> None:
        """Take what the sound up to `now_s` led to."""
        for event in events:
            span = Span(event.onset_s, event.duration_s, event.type)
            self.decided.append(Decided(span, event.confidence))
        if step is None:
            return
        frame, scored = step.frame, step.scored
        _put(self._monitorable, frame.index, int(scored.monitorable))
        _put(self._audible, frame.index, frame.audible)
        if frame.delayed is not None:
            self.take_delayed((frame.delayed,))
        self.alerts += (_raised(a, now_s) for a in scored.alerts if _is_raised(a))

    def take_delayed(self, readings: Sequence[Delayed]) -> None:
        """Take readings of earlier frames."""
        for reading in readings:
            _put(self._apnea, reading.index, reading.apnea)
            _put(self._hypopnea, reading.index, reading.hypopnea)

    def rows(self, audible: Spans | None) -> FrameRows:
        """Return all frames; `audible` are the true spans (s), None where not known."""
        count = len(self._monitorable)
        return FrameRows(
            audible=None if audible is None else _mask(audible, count),
            monitorable=np.array(self._monitorable, np.bool_),
            p_audible=np.array(self._audible, np.float32),
            p_apnea=_whole(self._apnea, count),
            p_hypopnea=_whole(self._hypopnea, count),
        )


def _put(column: "array[Any]", index: int, value: float) -> None:
    column.extend([0] * (index - len(column)))
    column.append(value)


def _whole(column: "array[float]", count: int) -> Probabilities:
    whole = np.zeros(count, np.float32)
    whole[: len(column)] = column[:count]
    return whole


def _is_raised(alert: Alert) -> bool:
    return alert.active and alert.level is not AlertLevel.NOTICE


def _raised(alert: Alert, now_s: float) -> Raised:
    return Raised(now_s, alert.since_s, alert.level is AlertLevel.URGENT)


def _mask(spans: Spans, count: int) -> Flags:
    """Return which frames have their middle in one of the spans (onset_s, duration_s)."""
    middle_s = (np.arange(count) + 0.5) / FRAME_RATE_HZ
    mask = np.zeros(count, np.bool_)
    for onset_s, duration_s in spans:
        mask |= (middle_s >= onset_s) & (middle_s < onset_s + duration_s)
    return mask
