"""The chain: a block of sound goes in, scored frames come out. `replay` and `run` share it."""

import uuid
from collections.abc import Callable
from dataclasses import dataclass

from osa_daemon.audio.block import Block
from osa_daemon.detector.frame import Delayed, Frame
from osa_daemon.features.extractor import FeatureExtractor
from osa_daemon.features.features import Features
from osa_daemon.scoring.event import Scored
from osa_daemon.scoring.scorer import Scorer
from osa_daemon.scoring.thresholds import ScoringSettings
from osa_daemon.service.models import Models


@dataclass(frozen=True, slots=True)
class Step:
    """A frame and what it led to."""

    frame: Frame
    scored: Scored


class Chain:
    """Front end, detector and scoring in a row; memory does not grow with the stream.

    `end` is the absolute index of the sample after the last one that entered; `rest` are the
    delayed readings of the last frames, which only the end gives.
    """

    def __init__(
        self,
        models: Models,
        settings: ScoringSettings,
        new_id: Callable[[float], str],
    ) -> None:
        self._extractor = FeatureExtractor(models.encoder)
        self._detector = models.detector()
        self.scorer = Scorer(settings, new_id)
        self.end = 0
        self.rest: tuple[Delayed, ...] = ()

    def push(self, block: Block) -> list[Step]:
        """Return what `block` led to: the frames that it completed."""
        self.end = block.end
        return self._steps(self._extractor.push(block))

    def finish(self) -> tuple[list[Step], Scored]:
        """Return the frames still owed and what the end itself decides; nothing may follow."""
        steps = self._steps(self._extractor.flush())
        self.rest = tuple(self._detector.flush())
        return steps, self.scorer.finish(self.rest)

    def _steps(self, features: Features | None) -> list[Step]:
        if features is None:
            return []
        frames = self._detector.push(features)
        return [Step(frame, self.scorer.push(frame)) for frame in frames]


def ids_of(stream: str) -> Callable[[float], str]:
    """Return a maker of event ids: the same stream and onset give the same id."""
    space = uuid.uuid5(uuid.NAMESPACE_URL, stream)
    return lambda onset_s: uuid.uuid5(space, f"{onset_s:.1f}").hex
