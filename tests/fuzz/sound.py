"""Audio blocks: whatever a device, its driver and a torn ring give, blocks keep their promise."""

import math
import struct
import zlib
from itertools import islice
from random import Random

import numpy as np

from osa_daemon.audio.block import SAMPLE_RATE_HZ, Samples
from osa_daemon.audio.intake import Intake
from osa_daemon.audio.ring import MARK_WORDS, MARKS, Chunk, RingMemory, RingReader, RingWriter
from osa_daemon.features.extractor import FeatureExtractor
from osa_daemon.features.features import Features, Floats

RATES_HZ = (16_000, 48_000, 44_100, 8_000, 96_000, 11_025, 22_050, 4_000, 192_000, 768_000)
VALUES = (
    0.0, 0.5, -1.0, 1.0, 1e-42, -1e-38, 3.4e38, -3.4e38, math.nan, math.inf, -math.inf, 1e10, 1e-3,
)  # fmt: skip
LENGTHS = (0, 1, 2, 160, 1_600, 4_800, 4_800, 4_801, 9_600)
STEPS_NS = (0, 1, 10**8, 10**8, 10**8, 10**9, 5 * 10**9, 3_600 * 10**9, 3 * 10**16, -(10**9), -1)
JUMPS = (0, 0, 0, 0, 1, 4_800, 48_000, -4_800, -1, 2**31, 2**40, -(2**40))
RECORD = struct.Struct("<BBBBi")  # what to do, a rate or length, a value, a step, a number
MOST_RECORDS = 40
MEASURED = 40  # one input of so many goes through the front end, which costs more than all else
RING_FRAMES = 512


class Deaf:
    """Stands for the encoder, which is too slow for a million inputs; see `chain.py`."""

    samples_before, samples_after, width = 200, 40, 1

    def run(self, samples: Samples) -> Floats:
        """Frames of nothing; the samples are ones that the encoder can take."""
        assert np.isfinite(samples).all()
        return np.zeros((len(samples) // 3_200, 1), np.float32)


class Sounds:
    """Chunks into the intake and on into the front end; garbage into a ring."""

    name = "audio"

    def __init__(self) -> None:
        self.words = tuple(
            RECORD.pack(what, which, value, step, 0)
            for what in range(8)
            for which, value, step in ((0, 1, 2), (5, 8, 3), (7, 9, 7), (4, 6, 8), (2, 5, 9))
        )
        self._memory = RingMemory.create(RING_FRAMES)

    def seeds(self) -> list[bytes]:
        """Return streams that are well, and others of chance."""
        well = RECORD.pack(0, 1, 0, 0, 0) + b"".join(
            RECORD.pack(1, 5, 1 + number % 2, 2, 0) for number in range(30)
        )
        random = Random(0)
        others = [random.randbytes(RECORD.size * random.randrange(1, 20)) for _ in range(50)]
        return [well, *(well[: 8 * n] + well[8 * n :: 2] for n in range(1, 30, 5)), *others, b""]

    def answer(self, data: bytes) -> str:
        """Play the records; what comes out is in order, finite in length, and measured."""
        stream = _Stream(data, self._memory)
        whole = len(data) - len(data) % RECORD.size
        for record in islice(RECORD.iter_unpack(data[:whole]), MOST_RECORDS):
            stream.play(*record)
        stream.end()
        return stream.told()

    def close(self) -> None:
        """Free the ring."""
        self._memory.close()


class _Stream:
    """One device, over the records of an input."""

    def __init__(self, data: bytes, memory: RingMemory) -> None:
        self._data = data
        self._intake = Intake()
        self._memory = memory
        is_measured = zlib.crc32(data) % MEASURED == 0
        self._front_end = FeatureExtractor(Deaf()) if is_measured else None  # type: ignore[arg-type]
        self._frames_end = 0
        self._is_torn = False
        self._rate_hz = 16_000
        self._frame, self._stamp_ns = 0, 10**12
        self._block_end, self._pushed_s, self._given_s = 0, 0.0, 0.0
        self._seen: set[str] = set()

    def play(self, what: int, which: int, value: int, step: int, number: int) -> None:
        """Do one thing."""
        match what % 8:
            case 0:
                self._rate_hz = RATES_HZ[which % len(RATES_HZ)]
                self._frame = 0
                self._intake.begin(self._rate_hz)
                self._seen.add(f"rate {self._rate_hz}")
            case 6:
                self._intake.finish()
                self._intake.begin(self._rate_hz)
            case 7:
                self._tear_ring(which, number)
            case _:
                self._chunk(which, value, step, number)
        self._take_blocks()

    def end(self) -> None:
        """The device is gone."""
        self._intake.finish()
        self._take_blocks()
        if self._front_end is not None:
            self._hear(self._front_end.flush())
        # no more sound than came, but for one sample a run of the resampler
        assert self._given_s <= self._pushed_s + 0.01 * MOST_RECORDS

    def told(self) -> str:
        """Say what was met."""
        lost = self._intake.lost_s
        size = "none" if lost == 0 else "years" if lost > 1e7 else f"1e{round(math.log10(lost))}"
        return f"lost {size}, given {self._given_s > 0}: {' '.join(sorted(self._seen))}"

    def _chunk(self, which: int, value: int, step: int, number: int) -> None:
        self._frame += JUMPS[(number >> 8) % len(JUMPS)] if number % 4 == 0 else 0
        self._stamp_ns += STEPS_NS[step % len(STEPS_NS)]
        samples = _samples(LENGTHS[which % len(LENGTHS)], VALUES[value % len(VALUES)], number)
        chunk = Chunk(self._frame, samples, self._stamp_ns)
        self._frame = chunk.end
        self._pushed_s += len(samples) / self._rate_hz
        taken = self._intake.push(chunk)
        self._seen.add("taken" if taken else "dropped")
        assert self._intake.lost_s >= 0
        assert math.isfinite(self._intake.lost_s)

    def _take_blocks(self) -> None:
        while (block := self._intake.next_block()) is not None:
            assert block.start >= self._block_end, f"{block.start} after {self._block_end}"
            assert len(block.samples) > 0
            assert block.samples.dtype == np.float32
            self._given_s += len(block.samples) / SAMPLE_RATE_HZ
            self._block_end = block.end
            moment_s = self._intake.monotonic_at(block.end)
            assert moment_s is None or math.isfinite(moment_s)
            if self._front_end is not None:
                self._hear(self._front_end.push(block))

    def _hear(self, features: Features | None) -> None:
        """What the front end makes of it is finite, and in order."""
        if features is None:
            return
        assert features.index >= self._frames_end
        self._frames_end = features.index + len(features)
        assert np.isfinite(features.levels).all()
        assert np.isfinite(features.level_dbfs).all()
        assert np.isfinite(features.noise_dbfs).all()
        self._seen.add("heard" if features.valid.any() else "gap")

    def _tear_ring(self, which: int, number: int) -> None:
        """Write garbage where the capture process would write, and read on."""
        if self._is_torn:
            return
        self._is_torn = True
        memory, garbage = self._memory, Random(self._data + bytes([which]))
        bits = (3, 4, 5, 11, 12, 40, 63) if which % 16 == 0 else (3, 4, 5)
        words = [garbage.getrandbits(garbage.choice(bits)) - which % 2 for _ in range(8)]
        memory.header[2:6] = words[:4]  # all that the writer counts
        for at in range(garbage.randrange(20)):
            memory.marks[(words[1] - at) % MARKS] = [
                garbage.choice((words[at % 8], number, at * 64, -1)) for _ in range(MARK_WORDS)
            ]
        if which % 2:
            RingWriter(memory).write(np.zeros(which, np.float32), number)
        reader = RingReader(memory)
        for _ in range(MARKS + 2):
            chunk = reader.read()
            if chunk is None:
                return
            assert len(chunk.samples) <= RING_FRAMES
            self._seen.add("torn")
        raise AssertionError("a torn ring is read for ever")


def _samples(length: int, value: float, number: int) -> Samples:
    samples = np.full(length, value, np.float32)
    if number % 3 == 0:
        samples[number % 7 :: 11] *= np.float32(-0.5)
    return samples
