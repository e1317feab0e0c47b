"""The sound of a night of EDF files as a source: 16 kHz mono, in little memory."""

from collections.abc import Generator, Iterator
from dataclasses import dataclass

import numpy as np

from osa_daemon.audio.block import SAMPLE_RATE_HZ, Block, Samples
from osa_daemon.audio.resample import StreamResampler
from osa_daemon.audio.source import SourceHealth, SourceState
from osa_daemon.evaluation.corpora.edf import EdfPiece

BLOCK_SAMPLES = 4_000  # 0.25 s, as the sources of the bedside
STRETCH_S = 20.0  # sound read at a time


@dataclass(frozen=True, slots=True)
class PlacedPiece:
    """A file and where its sound begins in the night (s)."""

    start_s: float
    piece: EdfPiece

    @property
    def end_s(self) -> float:
        """Where its sound ends in the night (s)."""
        return self.start_s + self.piece.duration_s


class EdfSource:
    """Reads the pieces of a night one after the other; time between them is a gap.

    Args:
        pieces: in order, without overlap, at one rate.
    """

    def __init__(self, pieces: tuple[PlacedPiece, ...]) -> None:
        self._pieces = pieces
        self._blocks = self._read_blocks()
        self._end = 0
        self._has_ended = False

    def read(self, timeout_s: float) -> Block | None:  # noqa: ARG002 - files need no waiting
        """Return the next block, or `None` if all is read.

        Raises:
            InputError: a file is gone or was changed meanwhile.
        """
        block = next(self._blocks, None)
        if block is None:
            self._has_ended = True
        else:
            self._end = block.end
        return block

    def health(self) -> SourceHealth:
        """Return how far the files are read."""
        state = SourceState.ENDED if self._has_ended else SourceState.RUNNING
        name = self._pieces[0].piece.path.name
        verb = "is over after" if self._has_ended else "is read,"
        text = f"{name} {verb} {self._end / SAMPLE_RATE_HZ:.1f} s."
        return SourceHealth(state=state, text=text, device=name)

    def close(self) -> None:
        """Stop reading."""
        self._blocks.close()

    def _read_blocks(self) -> Generator[Block, None, None]:
        for run in runs_of(self._pieces):
            start = round(run[0].start_s * SAMPLE_RATE_HZ)
            held = np.zeros(0, dtype=np.float32)
            for samples in _resampled(run):
                held = np.concatenate([held, samples])
                while len(held) >= BLOCK_SAMPLES:
                    yield Block(start, held[:BLOCK_SAMPLES])
                    start, held = start + BLOCK_SAMPLES, held[BLOCK_SAMPLES:]
            if len(held):
                yield Block(start, held)


def runs_of(pieces: tuple[PlacedPiece, ...]) -> list[list[PlacedPiece]]:
    """Return the pieces in runs without a gap."""
    runs: list[list[PlacedPiece]] = []
    for placed in pieces:
        if runs and placed.start_s <= runs[-1][-1].end_s:
            runs[-1].append(placed)
        else:
            runs.append([placed])
    return runs


def _resampled(run: list[PlacedPiece]) -> Iterator[Samples]:
    resampler = StreamResampler(run[0].piece.rate_hz)
    for placed in run:
        piece = placed.piece
        stretch = round(STRETCH_S * piece.rate_hz)
        for first in range(0, piece.frames, stretch):
            yield resampler.push(piece.sound(first, min(stretch, piece.frames - first)))
    yield resampler.finish()
