"""The stretch of sound that the front end still needs, with a mark on each frame that was lost."""

import numpy as np

from osa_daemon.audio.block import Samples
from osa_daemon.features.features import FRAME_SAMPLES, Flags

_NO_SOUND = 1e6  # 120 dB over full scale: garbage in a float file, and its square would overflow


class Tape:
    """Holds samples from `start` (on the frame grid) to `end`, both absolute.

    A frame with any sample missing, not finite or beyond `_NO_SOUND` is lost as a whole and
    reads as zeros.
    Never holds more than `capacity` samples.
    """

    def __init__(self, start: int, capacity: int) -> None:
        self.start = start
        self.end = start
        frames = -(-capacity // FRAME_SAMPLES)
        self._samples = np.zeros(frames * FRAME_SAMPLES, np.float32)
        self._lost = np.zeros(frames, np.bool_)

    def write(self, samples: Samples) -> int:
        """Append as many samples as fit, and return how many."""
        at = self.end - self.start
        count = min(len(samples), len(self._samples) - at)
        part = samples[:count]
        self._samples[at : at + count] = part
        sound = np.abs(part) < _NO_SOUND  # False for NaN
        if not sound.all():
            self._lose_frames((at + np.flatnonzero(~sound)) // FRAME_SAMPLES)
        if count and self._lost[at // FRAME_SAMPLES]:
            self._lose_frames(np.array([at // FRAME_SAMPLES]))
        self.end += count
        return count

    def lose(self, count: int) -> int:
        """Append up to `count` lost samples, and return how many fitted."""
        at = self.end - self.start
        count = min(count, len(self._samples) - at)
        if count:
            self._lose_frames(np.arange(at // FRAME_SAMPLES, (at + count - 1) // FRAME_SAMPLES + 1))
        self.end += count
        return count

    def read(self, start: int, end: int) -> Samples:
        """Return a copy of samples `start` … `end`; before the tape's start there are zeros."""
        before = np.zeros(max(min(end, self.start) - start, 0), np.float32)
        inside = self._samples[max(start - self.start, 0) : max(end - self.start, 0)]
        return np.concatenate([before, inside])

    def lost(self, first_frame: int, count: int) -> Flags:
        """Return the marks of `count` frames from absolute `first_frame`; none lie before start."""
        at = first_frame - self.start // FRAME_SAMPLES
        before = np.ones(min(max(-at, 0), count), np.bool_)
        return np.concatenate([before, self._lost[max(at, 0) : max(at + count, 0)]])

    def forget_before(self, sample: int) -> None:
        """Let go of the frames that end before `sample`."""
        drop = (sample - self.start) // FRAME_SAMPLES
        if drop <= 0:
            return
        kept = self.end - self.start - drop * FRAME_SAMPLES
        frames = -(-kept // FRAME_SAMPLES)
        self._samples[:kept] = self._samples[drop * FRAME_SAMPLES :][:kept].copy()
        self._lost[:frames] = self._lost[drop : drop + frames].copy()
        self._lost[frames:] = False
        self.start += drop * FRAME_SAMPLES

    def _lose_frames(self, frames: np.ndarray[tuple[int], np.dtype[np.int64]]) -> None:
        self._lost[frames] = True
        self._samples.reshape(-1, FRAME_SAMPLES)[frames] = 0
