"""Blocks of sound in, frames of features out: the whole front end."""

from dataclasses import fields

import numpy as np

from osa_daemon.audio.block import SAMPLE_RATE_HZ, Block, Samples
from osa_daemon.features.encoder import Encoder
from osa_daemon.features.features import FRAME_RATE_HZ, FRAME_SAMPLES, Features, Floats
from osa_daemon.features.gain import SlowGain
from osa_daemon.features.levels import (
    LEVEL_WIDTH,
    QUIETEST_DBFS,
    SAMPLES_BEFORE,
    LevelMeter,
    SecondLevels,
)
from osa_daemon.features.tape import Tape

LONG_GAP_S = 120  # a longer one is not filled with invalid frames: the frame index jumps


class FeatureExtractor:
    """Turns a stream of blocks into `Features`, the same ones however the stream is cut.

    The encoder runs on chunks of `chunk_s` every `hop_s` (seconds; the hop a whole number), on
    absolute multiples of the hop; the margins of (chunk_s - hop_s) / 2 are heard and discarded.
    A margin of 1 s covers what two blocks reach but for one frame of 20 ms, which a chunk's
    padding moves by 5e-4 (5e-5 after pooling); float32 features are else those of an uncut stream.
    Band levels and gain work on absolute seconds. So the defaults at the bedside and long
    chunks (20, 18) in training give the same frames, within the encoder's int8 rounding.

    The first frame is the first whole one; sound before it is not used. A frame touched by a
    gap or by samples that are not finite is invalid. A gap of more than 120 s yields 120 s of
    invalid frames, then the index jumps to the sound behind it.
    """

    def __init__(self, encoder: Encoder, chunk_s: float = 4.0, hop_s: float = 2.0) -> None:
        self._encoder = encoder
        self._hop = round(hop_s * SAMPLE_RATE_HZ)
        self._margin = round((chunk_s - hop_s) * SAMPLE_RATE_HZ / 2)
        if hop_s < 1 or self._hop % SAMPLE_RATE_HZ:
            raise ValueError(f"hop_s is {hop_s:g}; it must be a whole number of seconds")
        if self._margin < 0 or self._margin % FRAME_SAMPLES:
            raise ValueError(
                f"chunk_s is {chunk_s:g}; it must exceed hop_s by a multiple of 0.4 s, or by none"
            )
        self._tape: Tape | None = None
        self._held: Block | None = None  # sound behind a long gap, not yet begun
        self._end = 0  # of the last block
        self._reset()

    def push(self, block: Block) -> Features | None:
        """Take the next block; return the frames that are now complete, or `None`.

        The frames of one call follow each other without a jump. Frames behind a gap of more
        than 120 s come with a later call. Raises `ValueError` for a block that goes back.
        """
        if self._tape is not None and block.start < self._end:
            raise ValueError(f"a block at {block.start} follows sound that ends at {self._end}")
        parts = self._take_held()
        if self._tape is None:
            self._begin(block.start)
        gap = block.start - self._end
        if gap > LONG_GAP_S * SAMPLE_RATE_HZ:
            parts += [*self._finish(), self._invalid_after_finish()]
            self._tape = None
            self._held = block
        else:
            parts += self._feed(gap, block.samples)
        self._end = block.end
        return _join(parts)

    def flush(self) -> Features | None:
        """End the stream: return the frames that were still waiting for what follows them.

        They hear silence behind the end. The next block begins a new stream.
        """
        parts = self._take_held()
        if self._tape is not None:
            parts += self._finish()
        self._reset()
        return _join(parts)

    def _reset(self) -> None:
        self._meter = LevelMeter()
        self._gain = SlowGain()
        self._tape, self._held, self._end = None, None, 0

    def _begin(self, start: int) -> None:
        """Start a tape at the first whole frame from `start` on."""
        aligned = -(-start // FRAME_SAMPLES) * FRAME_SAMPLES
        around = self._encoder.samples_before + self._encoder.samples_after
        # a chunk, the second around either end, and room to write
        capacity = self._hop + 2 * self._margin + around + 4 * SAMPLE_RATE_HZ
        self._tape = Tape(aligned, capacity)
        self._skip = aligned - start  # samples before the first whole frame
        self._next_frame = aligned // FRAME_SAMPLES
        # from the beginning of the hop: what lies before the stream counts as lost
        self._next_second = aligned // self._hop * (self._hop // SAMPLE_RATE_HZ)
        self._seconds: dict[int, SecondLevels] = {}
        self._gains_db: dict[int, float] = {}
        self._end = start

    def _take_held(self) -> list[Features]:
        """Begin anew with the block that came after a long gap, if there is one."""
        block, self._held = self._held, None
        if block is None:
            return []
        self._begin(block.start)
        parts = self._feed(0, block.samples)
        self._end = block.end
        return parts

    def _feed(self, gap: int, samples: Samples) -> list[Features]:
        """Write a gap, then samples, and return what became complete."""
        tape = self._open_tape()
        parts: list[Features] = []
        skipped = min(self._skip, gap)
        gap, self._skip = gap - skipped, self._skip - skipped
        while gap:
            gap -= tape.lose(gap)
            parts += self._advance()
        skipped = min(self._skip, len(samples))
        samples, self._skip = samples[skipped:], self._skip - skipped
        while len(samples):
            samples = samples[tape.write(samples) :]
            parts += self._advance()
        return parts

    def _finish(self) -> list[Features]:
        """Return the frames up to the last whole one, with silence behind it."""
        tape = self._open_tape()
        last_frame = tape.end // FRAME_SAMPLES
        parts: list[Features] = []
        while self._next_frame < last_frame:
            tape.lose(SAMPLE_RATE_HZ)
            parts += self._advance(last_frame)
        return parts

    def _invalid_after_finish(self) -> Features:
        """Return the invalid frames that stand for the beginning of a long gap."""
        frames = LONG_GAP_S * FRAME_RATE_HZ
        return Features(
            index=self._next_frame,
            encoder=np.zeros((frames, self._encoder.width), np.float32),
            levels=np.zeros((frames, LEVEL_WIDTH), np.float32),
            valid=np.zeros(frames, np.bool_),
            level_dbfs=np.full(frames, QUIETEST_DBFS, np.float32),
            noise_dbfs=np.full(frames, QUIETEST_DBFS, np.float32),
            clipped=np.zeros(frames, np.bool_),
            silent=np.zeros(frames, np.bool_),
        )

    def _advance(self, last_frame: int | None = None) -> list[Features]:
        """Measure complete seconds and encode complete chunks; let go of what is done with."""
        tape = self._open_tape()
        while (self._next_second + 1) * SAMPLE_RATE_HZ <= tape.end:
            self._measure(self._next_second)
            self._next_second += 1
        parts: list[Features] = []
        while last_frame is None or self._next_frame < last_frame:
            hop = self._next_frame * FRAME_SAMPLES // self._hop
            start = hop * self._hop - self._margin
            last_sample = start + 2 * self._margin + self._hop + self._encoder.samples_after
            if tape.end < last_sample or not self._has_gain(last_sample - 1):
                break
            parts.append(self._encode(hop, last_frame))
            self._forget_before((hop + 1) * self._hop - self._margin)
        return parts

    def _forget_before(self, chunk: int) -> None:
        """Let go of what neither the chunk at sample `chunk` nor the level meter needs."""
        first = chunk - self._encoder.samples_before
        measured = self._next_second * SAMPLE_RATE_HZ - SAMPLES_BEFORE
        self._open_tape().forget_before(min(first, measured))
        for second in [old for old in self._gains_db if (old + 1) * SAMPLE_RATE_HZ <= first]:
            del self._gains_db[second]

    def _measure(self, second: int) -> None:
        """Measure the levels of a second, and decide the gain of the next."""
        tape = self._open_tape()
        start = second * SAMPLE_RATE_HZ
        samples = tape.read(start - SAMPLES_BEFORE, start + SAMPLE_RATE_HZ)
        lost = tape.lost(second * FRAME_RATE_HZ, FRAME_RATE_HZ)
        levels = self._meter.push(second, samples, lost)
        self._seconds[second] = levels
        if levels.floor_dbfs is None:
            if self._gain.gain_db is None:
                self._gains_db[second] = 0.0  # nothing but digital silence so far
                return
            next_db = self._gain.gain_db
        else:
            next_db = self._gain.follow(levels.floor_dbfs)
        # the first second with sound has only itself to go by
        self._gains_db.setdefault(second, next_db)
        self._gains_db[second + 1] = next_db

    def _has_gain(self, sample: int) -> bool:
        return sample // SAMPLE_RATE_HZ in self._gains_db

    def _encode(self, hop: int, last_frame: int | None) -> Features:
        """Return the frames of a hop that were not given yet, up to `last_frame`."""
        count = self._hop // FRAME_SAMPLES
        first = hop * count
        stop = count if last_frame is None else min(last_frame - first, count)
        keep = slice(self._next_frame - first, stop)
        lost = self._open_tape().lost(first, count)
        encoded = np.zeros((count, self._encoder.width), np.float32)
        if not lost[keep].all():
            encoded = self._run_encoder(hop)
            encoded[lost] = 0
        first_second = first // FRAME_RATE_HZ
        seconds = [self._seconds.pop(first_second + k) for k in range(count // FRAME_RATE_HZ)]
        self._next_frame = first + stop
        return Features(
            index=first + keep.start,
            encoder=encoded[keep],
            valid=~lost[keep],
            levels=np.concatenate([second.levels for second in seconds])[keep],
            level_dbfs=np.concatenate([second.level_dbfs for second in seconds])[keep],
            noise_dbfs=np.concatenate([second.noise_dbfs for second in seconds])[keep],
            clipped=np.concatenate([second.clipped for second in seconds])[keep],
            silent=np.concatenate([second.silent for second in seconds])[keep],
        )

    def _run_encoder(self, hop: int) -> Floats:
        """Return the encoder's frames of a hop, without the margins."""
        start = hop * self._hop - self._margin - self._encoder.samples_before
        end = (hop + 1) * self._hop + self._margin + self._encoder.samples_after
        samples = self._open_tape().read(start, end)
        for second in range(start // SAMPLE_RATE_HZ, (end - 1) // SAMPLE_RATE_HZ + 1):
            gain_db = self._gains_db.get(second, 0.0)  # zeros before the first sound
            at = second * SAMPLE_RATE_HZ - start
            samples[max(at, 0) : at + SAMPLE_RATE_HZ] *= np.float32(10 ** (gain_db / 20))
        margin = self._margin // FRAME_SAMPLES
        return self._encoder.run(samples)[margin : margin + self._hop // FRAME_SAMPLES].copy()

    def _open_tape(self) -> Tape:
        assert self._tape is not None
        return self._tape


def _join(parts: list[Features]) -> Features | None:
    """Return one `Features` for consecutive ones, or `None` where there are none."""
    parts = [part for part in parts if len(part)]
    if len(parts) <= 1:
        return parts[0] if parts else None
    joined = {
        field.name: np.concatenate([getattr(part, field.name) for part in parts])
        for field in fields(Features)
        if field.name != "index"
    }
    return Features(index=parts[0].index, **joined)
