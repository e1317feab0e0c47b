"""A sound file as a source: any rate, any channels, any length, in little memory."""

import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import soundfile

from osa_daemon.audio.block import SAMPLE_RATE_HZ, Block, Samples
from osa_daemon.audio.resample import StreamResampler
from osa_daemon.audio.sound_file import missing_part, open_sound_file
from osa_daemon.audio.source import SourceHealth, SourceState

BLOCK_SAMPLES = 4_000  # 0.25 s: every block but the last is this long
READ_S = 0.5  # sound read at a time
LIMIT = 4.0  # +12 dB over full scale: float files may exceed 1, but beyond is no sound


class FileSource:
    """Reads a sound file as blocks of 16 kHz mono; channels are mixed by their mean.

    Blocks have always the same size, the last excepted, and together last as long as the
    file. Samples that are no number count as 0, and are counted. A file that ends early is
    read as far as it goes; `health` says so.

    Args:
        path: WAV, FLAC, OGG, MP3, or what else libsndfile reads.
        speed: how many times faster than real time blocks come; `None`: as fast as they can.
        clock: monotonic time (s), for `speed`.
        sleep: waits so many seconds, for `speed`.

    Raises:
        InputError: the file cannot be read, with the reason.
    """

    def __init__(
        self,
        path: Path,
        speed: float | None = None,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        if speed is not None and not speed > 0:
            raise ValueError(f"speed is {speed}; it must be above 0")
        self._path = Path(path)
        self._speed = speed
        self._clock = clock
        self._sleep = sleep
        self._began: float | None = None
        self._sound = open_sound_file(self._path)
        self._rate_hz: int = self._sound.samplerate
        self._promised_frames: int = self._sound.frames
        self._missing = missing_part(self._path, self._sound.format)
        self._resampler = StreamResampler(self._rate_hz)
        self._ready: list[Samples] = []
        self._frames_read = 0
        self._samples_given = 0
        self._bad_samples = 0
        self._is_read = False
        self._has_ended = False

    @property
    def duration_s(self) -> float:
        """Length by the file's header; a damaged file may hold less."""
        return self._promised_frames / self._rate_hz

    def read(self, timeout_s: float) -> Block | None:
        """Return the next block, or `None` if it is not due within `timeout_s` or all is read."""
        self._fill(BLOCK_SAMPLES)
        count = min(BLOCK_SAMPLES, self._ready_samples())
        if count == 0:
            self._has_ended = True
            return None
        if not self._wait_until_due(self._samples_given + count, timeout_s):
            return None
        joined = np.concatenate(self._ready)
        self._ready = [joined[count:]]
        block = Block(self._samples_given, joined[:count])
        self._samples_given += count
        return block

    def health(self) -> SourceHealth:
        """Return what has been found out about the file so far."""
        state = SourceState.ENDED if self._has_ended else SourceState.RUNNING
        verb = "is over after" if self._has_ended else "is read,"
        text = f"{self._path.name} {verb} {self._samples_given / SAMPLE_RATE_HZ:.1f} s"
        if self._missing is not None:
            text += f"; the file is cut short: {self._missing} is missing"
        if self._bad_samples:
            text += f"; {self._bad_samples} samples were not valid numbers and count as silence"
        return SourceHealth(state=state, text=text + ".", device=str(self._path))

    def close(self) -> None:
        """Close the file; what was not read yet is gone."""
        self._sound.close()
        self._ready.clear()
        self._is_read = True

    def _ready_samples(self) -> int:
        return sum(len(samples) for samples in self._ready)

    def _fill(self, count: int) -> None:
        while not self._is_read and self._ready_samples() < count:
            frames = self._read_frames()
            if len(frames) == 0:
                self._is_read = True
                self._ready.append(self._resampler.finish())
            else:
                self._ready.append(self._resampler.push(self._mono(frames)))

    def _read_frames(self) -> Samples:
        wanted = max(1, round(READ_S * self._rate_hz))
        try:
            frames: Samples = self._sound.read(wanted, dtype="float32", always_2d=True)
        except soundfile.SoundFileError:
            frames = np.zeros((0, 1), dtype=np.float32)
        self._frames_read += len(frames)
        if len(frames) == 0 and self._frames_read < self._promised_frames and not self._missing:
            share = 100 * (1 - self._frames_read / self._promised_frames)
            self._missing = f"{share:.0f} % of the sound its header promises"
        return frames

    def _mono(self, frames: Samples) -> Samples:
        if not max(frames.max(), -frames.min()) <= LIMIT:  # also where one is NaN
            bad = ~np.isfinite(frames)
            self._bad_samples += int(bad.sum())
            frames = np.clip(np.where(bad, np.float32(0), frames), -LIMIT, LIMIT)
        channels = frames.shape[1]
        weights = np.full(channels, 1 / channels, dtype=np.float32)
        return frames[:, 0] if channels == 1 else frames @ weights

    def _wait_until_due(self, end: int, timeout_s: float) -> bool:
        if self._speed is None:
            return True
        now = self._clock()
        if self._began is None:
            self._began = now
        wait_s = self._began + end / SAMPLE_RATE_HZ / self._speed - now
        self._sleep(max(0.0, min(wait_s, timeout_s)))
        return wait_s <= timeout_s
