"""Device rates to 16 kHz, as a stream that keeps time true."""

import numpy as np
import soxr

from osa_daemon.audio.block import SAMPLE_RATE_HZ, Samples

QUALITY = "HQ"  # 20 bit: flat to 0.91 of the band; VHQ costs more and adds nothing below 7 kHz

# beyond these a rate is a damaged header, or too low to hold breathing sound
MIN_RATE_HZ = 4_000
MAX_RATE_HZ = 768_000


def length_at_16_khz(frames: int, rate_hz: float) -> int:
    """Return how many samples at 16 kHz last as long as `frames` at `rate_hz`."""
    return round(frames * SAMPLE_RATE_HZ / rate_hz)


class StreamResampler:
    """Turns a run of mono sound at `rate_hz` into 16 kHz.

    The output is aligned: sample k of it belongs to the time k/16000 s of the input. The
    filter holds back up to 0.1 s, which `finish` hands out. At 16 kHz nothing is changed.
    """

    def __init__(self, rate_hz: float) -> None:
        self._rate_hz = rate_hz
        self._taken = 0
        self._given = 0
        self._stream = (
            None
            if rate_hz == SAMPLE_RATE_HZ
            else soxr.ResampleStream(rate_hz, SAMPLE_RATE_HZ, 1, dtype="float32", quality=QUALITY)
        )

    @property
    def pending_s(self) -> float:
        """How much sound is held back (s)."""
        return self._taken / self._rate_hz - self._given / SAMPLE_RATE_HZ

    def push(self, frames: Samples) -> Samples:
        """Take frames of shape (n,), return the samples that are ready, of shape (m,)."""
        self._taken += len(frames)
        ready: Samples = frames if self._stream is None else self._stream.resample_chunk(frames)
        self._given += len(ready)
        return ready

    def finish(self) -> Samples:
        """Return what was held back, so that all output together is as long as the input.

        Nothing may be pushed afterwards.
        """
        missing = length_at_16_khz(self._taken, self._rate_hz) - self._given
        if self._stream is None or missing <= 0:
            return np.zeros(0, dtype=np.float32)
        tail = self._stream.resample_chunk(np.zeros(0, dtype=np.float32), last=True)[:missing]
        self._given += missing
        return np.pad(tail, (0, missing - len(tail)))
