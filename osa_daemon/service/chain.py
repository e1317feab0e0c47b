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
from osa_daemon.service.tasks import DETECTING, ENCODING, SCORING, Doing, unwatched


@dataclass(frozen=True, slots=True)
class Step:
    """A frame and what it led to."""

    frame: Frame
    scored: Scored


class Chain:
    """Front end, detector and scoring in a row; memory does not grow with the stream.

    `end` is the absolute index of the sample after the last one that entered; `rest` are the
    delayed readings of the last frames, which only the end gives. `doing` watches over each part.
    """

    def __init__(
        self,
        models: Models,
        settings: ScoringSettings,
        new_id: Callable[[float], str],
        doing: Doing = unwatched,
    ) -> None:
        self._doing = doing
        self._extractor = FeatureExtractor(models.encoder)
        self._detector = models.detector()
        self.scorer = Scorer(settings, new_id)
        self.end = 0
        self.rest: tuple[Delayed, ...] = ()

    def push(self, block: Block) -> list[Step]:
        """Return what `block` led to: the frames that it completed."""
        self.end = block.end
        with self._doing(ENCODING):
            features = self._extractor.push(block)
        return self._steps(features)

    def finish(self) -> tuple[list[Step], Scored]:
        """Return the frames still owed and what the end itself decides; nothing may follow."""
        with self._doing(ENCODING):
            features = self._extractor.flush()
        steps = self._steps(features)
        with self._doing(DETECTING):
            self.rest = tuple(self._detector.flush())
        return steps, self.scorer.finish(self.rest)

    def _steps(self, features: Features | None) -> list[Step]:
        if features is None:
            return []
        with self._doing(DETECTING):
            frames = self._detector.push(features)
        with self._doing(SCORING):
            return [Step(frame, self.scorer.push(frame)) for frame in frames]


def ids_of(stream: str) -> Callable[[float], str]:
    """Return a maker of event ids: the same stream and onset give the same id."""
    space = uuid.uuid5(uuid.NAMESPACE_URL, stream)
    return lambda onset_s: uuid.uuid5(space, f"{onset_s:.1f}").hex
