"""The whole chain with the shipped models: whatever sound comes, frames are probabilities."""

import math

import numpy as np

from osa_daemon.audio.block import Block
from osa_daemon.scoring.thresholds import ScoringSettings
from osa_daemon.service.chain import Chain, Step
from osa_daemon.service.models import load_models
from tests.fuzz.sound import LENGTHS, RECORD, VALUES, _samples

GAPS = (0, 0, 0, 1, 1_600, 3_200, 48_000, 125 * 16_000, 40 * 365 * 86_400 * 16_000)
MOST_SAMPLES = 12 * 16_000
MOST_GAPS = 8  # a long one is 120 s of frames for the detector


class WholeChain:
    """Blocks with gaps into front end, encoder, detector and scorer."""

    name = "chain"

    def __init__(self) -> None:
        self._models = load_models()
        self.words = tuple(
            RECORD.pack(1, 5, value, gap, 0) * 20 for value in range(3) for gap in range(9)
        )

    def seeds(self) -> list[bytes]:
        """Return seconds of sound, of silence, and with gaps."""
        return [word * times for word in self.words for times in (1, 3)]

    def answer(self, data: bytes) -> str:
        """Play the blocks, then end the stream."""
        chain = Chain(self._models, ScoringSettings(), lambda onset_s: f"{onset_s}")
        start = samples = frames = gaps = 0
        last = -1
        for _, which, value, gap, number in RECORD.iter_unpack(data[: len(data) // 8 * 8]):
            sound = _samples(LENGTHS[which % len(LENGTHS)], VALUES[value % len(VALUES)], number)
            if number % 5 == 1:
                sound = sound * np.random.default_rng(number & 0xFFFF).standard_normal(
                    len(sound)
                ).astype(np.float32)
            start += GAPS[gap % len(GAPS)] if gaps < MOST_GAPS else 0
            gaps += 1
            samples += len(sound)
            if samples > MOST_SAMPLES:
                break
            if not len(sound):
                continue
            for step in chain.push(Block(start, sound)):
                last = _check(step, last)
                frames += 1
            start += len(sound)
        steps, _ = chain.finish()
        for step in steps:
            last = _check(step, last)
        return f"{frames // 10 * 2} s of frames"

    def close(self) -> None:
        """Nothing to let go of."""


def _check(step: Step, last: int) -> int:
    frame = step.frame
    assert frame.index > last, f"frame {frame.index} after {last}"
    for value in (
        frame.audible,
        frame.breath,
        frame.apnea,
        frame.hypopnea,
        frame.snore,
        frame.gasp,
    ):
        assert 0.0 <= value <= 1.0, f"a probability of {value}"
    assert math.isfinite(frame.level_dbfs)
    assert math.isfinite(frame.noise_dbfs)
    assert frame.delayed is None or 0.0 <= frame.delayed.apnea <= 1.0
    return frame.index
