"""The whole front end: the same frames however the stream is cut, gaps masked, gain normalised."""

import time
import tracemalloc

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from osa_daemon.audio.block import Block
from osa_daemon.features.extractor import LONG_GAP_S, FeatureExtractor
from osa_daemon.features.levels import LEVEL_WIDTH

RATE = 16_000
FRAME = 3_200
FIELDS = ("encoder", "levels", "valid", "level_dbfs", "noise_dbfs", "clipped", "silent")


def assert_same(found, expected):
    """Every field is the same to the last bit."""
    assert found.index == expected.index
    for name in FIELDS:
        assert np.array_equal(getattr(found, name), getattr(expected, name)), name


def relative_error(found, expected):
    """Return the relative error of all values together."""
    return np.linalg.norm(found - expected) / np.linalg.norm(expected)


def test_every_whole_frame_comes_once(encoder, extract, breathing):
    """A stream of 7.3 s gives frames 0 to 35, with the shapes that were promised."""
    features = extract(encoder, breathing(7.3))
    assert (features.index, len(features)) == (0, 36)
    assert features.encoder.shape == (36, encoder.width)
    assert features.levels.shape == (36, LEVEL_WIDTH)
    assert features.valid.all()
    assert features.encoder.dtype == features.levels.dtype == np.float32


def test_frames_come_as_soon_as_their_chunk_is_there(encoder, breathing):
    """The first two seconds come with the sample that completes 3 s and the last window."""
    extractor = FeatureExtractor(encoder)
    sound = breathing(4)
    ready = 3 * RATE + 40
    assert extractor.push(Block(0, sound[: ready - 1])) is None
    features = extractor.push(Block(ready - 1, sound[ready - 1 : ready]))
    assert features is not None
    assert (features.index, len(features)) == (0, 10)


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(cuts=st.sets(st.integers(1, 9 * RATE - 1), max_size=30))
def test_cuts_do_not_matter(encoder, extract, breathing, cuts):
    """Blocks of any sizes give the same frames, bit for bit."""
    sound = breathing(9)
    assert_same(extract(encoder, sound, cuts=cuts), extract(encoder, sound, cuts=()))


@pytest.mark.parametrize(("chunk_s", "hop_s"), [(20, 18), (10, 8), (6, 2), (7, 5)])
def test_chunk_length_does_not_matter(encoder, extract, breathing, chunk_s, hop_s):
    """Longer chunks give the same levels exactly and the encoder's within int8 rounding."""
    sound = breathing(41)
    expected = extract(encoder, sound)
    found = extract(encoder, sound, chunk_s=chunk_s, hop_s=hop_s)
    assert np.array_equal(found.levels, expected.levels)
    assert relative_error(found.encoder, expected.encoder) < 0.03


@pytest.fixture(scope="module")
def long_stream(encoder, extract, breathing):
    """Eighty seconds of breathing, and their features."""
    sound = breathing(80)
    return sound, extract(encoder, sound, chunk_s=20, hop_s=18)


@settings(
    max_examples=5,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(start=st.integers(0, 8 * RATE))
def test_start_does_not_matter(encoder, extract, breathing, long_stream, start):
    """A stream that begins later has the same levels once the floor's memory has passed.

    The gain may rest up to 4 dB from where it is in the longer stream; within that the encoder's
    features agree.
    """
    sound, whole = long_stream
    late = extract(encoder, sound[start:], start=start, chunk_s=20, hop_s=18)
    first = -(-start // FRAME)
    assert late.index == first
    assert len(late) == len(whole) - first
    settled = first + 67 * 5
    assert np.array_equal(late.levels[settled - first :], whole.levels[settled:])
    assert relative_error(late.encoder[10:], whole.encoder[first + 10 :]) < 0.15


@pytest.mark.parametrize("gain_db", [-20.0, 20.0])
def test_gain_does_not_matter(encoder, extract, breathing, gain_db):
    """The same sound 20 dB louder or quieter has the same features."""
    sound = breathing(12)
    expected = extract(encoder, sound)
    found = extract(encoder, sound * np.float32(10 ** (gain_db / 20)))
    assert np.allclose(found.levels, expected.levels, atol=1e-4)
    assert relative_error(found.encoder, expected.encoder) < 0.01


def test_frames_are_where_their_sound_is(frame_means, extract):
    """Frame k has seen samples 3200·k to 3200·k + 3199 and is numbered so."""
    start = 123_457
    first = -(-start // FRAME)
    sound = 0.1 + 0.01 * ((np.arange(start, start + 11 * RATE) // FRAME) % 7)
    sound += 2e-2 * np.random.default_rng(2).standard_normal(len(sound))
    features = extract(frame_means, sound.astype(np.float32), start=start)
    assert features.index == first
    kept = sound[first * FRAME - start :]
    means = kept[: len(features) * FRAME].reshape(-1, FRAME).mean(axis=1)
    # one gain for all, since the floor hardly moves
    ratio = features.encoder[:, 0] / means
    assert np.allclose(ratio, ratio[0], rtol=1e-3)


@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    start=st.integers(0, 50_000),
    runs=st.lists(st.tuples(st.integers(1, 60_000), st.integers(0, 90_000)), max_size=6),
)
def test_gaps_mask_what_they_touch(frame_means, breathing, start, runs):
    """A frame is invalid exactly when sound of it was lost, and its rows are zeros."""
    extractor = FeatureExtractor(frame_means)
    at, parts = start, []
    have = np.zeros(start, np.bool_)
    sound = breathing(4)
    for length, gap in runs:
        parts.append(extractor.push(Block(at, sound[:length])))
        have = np.concatenate([have, np.ones(length, np.bool_), np.zeros(gap, np.bool_)])
        at += length + gap
    parts.append(extractor.push(Block(at, sound[:10_000])))
    have = np.concatenate([have, np.ones(10_000, np.bool_)])
    parts.append(extractor.flush())
    given_parts = [part for part in parts if part is not None]
    valid = np.concatenate([part.valid for part in given_parts])
    first = -(-start // FRAME)
    whole = have[: len(have) // FRAME * FRAME].reshape(-1, FRAME).all(axis=1)[first:]
    assert np.array_equal(valid, whole)
    for name in ("encoder", "levels"):
        rows = np.concatenate([getattr(part, name) for part in given_parts])
        assert not rows[~valid].any()


def test_features_recover_behind_a_gap(encoder, breathing, extract):
    """From 1.2 s behind a gap, the frames are those of the unbroken stream."""
    sound = breathing(16)
    whole = extract(encoder, sound)
    extractor = FeatureExtractor(encoder)
    extractor.push(Block(0, sound[: 5 * RATE]))
    parts = [extractor.push(Block(7 * RATE, sound[7 * RATE :])), extractor.flush()]
    after = np.concatenate([part.encoder for part in parts])[-(16 * 5 - 42) :]
    assert relative_error(after, whole.encoder[42:]) < 0.03


@pytest.mark.parametrize("bad", [np.nan, np.inf, 1e20])
def test_garbage_is_lost_sound(encoder, extract, breathing, bad):
    """A frame with NaN, infinity or absurd samples is invalid; nothing else is disturbed."""
    sound = breathing(6)
    sound[40_000] = bad
    features = extract(encoder, sound)
    assert np.flatnonzero(~features.valid).tolist() == [12]
    for name in FIELDS:
        assert np.isfinite(getattr(features, name)).all()


def test_a_long_gap_jumps(encoder, breathing):
    """Hours without sound cost no work and little memory: some invalid frames, then a jump."""
    extractor = FeatureExtractor(encoder)
    sound = breathing(6)
    before = extractor.push(Block(0, sound))
    hours = 8 * 3_600 * RATE
    tracemalloc.start()
    began_s = time.process_time()
    gap = extractor.push(Block(hours, sound))
    took_s = time.process_time() - began_s
    peak_bytes = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    after = extractor.flush()
    assert gap.index == before.index + len(before)
    assert gap.valid.sum() == 30 - len(before)
    assert (~gap.valid).sum() == LONG_GAP_S * 5
    assert (after.index, len(after)) == (hours // FRAME, 30)
    assert after.valid.all()
    assert took_s < 5
    assert peak_bytes < 20e6


def test_nothing_is_lost_between_long_gaps(encoder, breathing):
    """Sound between two long gaps comes out whole, each piece in its place."""
    extractor = FeatureExtractor(encoder)
    sound = breathing(5)
    starts = [0, 1_000 * RATE, 3_000 * RATE]
    parts = [extractor.push(Block(start, sound)) for start in starts] + [extractor.flush()]
    valid = np.concatenate(
        [part.index + np.flatnonzero(part.valid) for part in parts if part is not None]
    )
    expected = np.concatenate([start // FRAME + np.arange(25) for start in starts])
    assert np.array_equal(valid, expected)


def test_digital_silence_is_seen(encoder, extract, breathing):
    """Zeros before any sound are silent frames, and do not disturb the gain of what follows."""
    sound = breathing(8)
    quiet = np.zeros(4 * RATE, np.float32)
    features = extract(encoder, np.concatenate([quiet, sound]))
    assert features.silent[:20].all()
    assert not features.silent[20:].any()
    assert relative_error(features.encoder[26:], extract(encoder, sound).encoder[6:]) < 0.03


def test_clipping_is_seen(encoder, extract, breathing):
    """Sound cut off at full scale is flagged."""
    features = extract(encoder, np.clip(breathing(4) * 1_000, -1, 1))
    assert features.clipped.any()


def test_a_flush_begins_anew(encoder, extract, breathing):
    """After the end of a stream the next one has no memory of it."""
    sound = breathing(5)
    extractor = FeatureExtractor(encoder)
    extractor.push(Block(0, sound * np.float32(0.1)))
    extractor.flush()
    first = extractor.push(Block(0, sound))
    expected = extract(encoder, sound)
    assert np.array_equal(first.encoder, expected.encoder[: len(first)])
    assert np.array_equal(first.levels, expected.levels[: len(first)])


def test_too_little_sound_gives_nothing(encoder):
    """Less than a frame has no frame, and an empty stream has no end to give."""
    extractor = FeatureExtractor(encoder)
    assert extractor.flush() is None
    assert extractor.push(Block(10, np.ones(FRAME - 20, np.float32))) is None
    assert extractor.flush() is None


def test_going_back_is_refused(encoder, breathing):
    """A block before the end of the last one is a mistake of the caller."""
    extractor = FeatureExtractor(encoder)
    extractor.push(Block(0, breathing(1)))
    with pytest.raises(ValueError, match="follows sound that ends at 16000"):
        extractor.push(Block(15_999, breathing(1)))


@pytest.mark.parametrize(("chunk_s", "hop_s"), [(4, 3), (4, 0.5), (2, 4), (4, 1.5)])
def test_impossible_chunks_are_refused(encoder, chunk_s, hop_s):
    """Chunks that would leave the grid of frames or seconds are refused."""
    with pytest.raises(ValueError, match=r"chunk_s|hop_s"):
        FeatureExtractor(encoder, chunk_s=chunk_s, hop_s=hop_s)


def test_memory_does_not_grow(frame_means, breathing):
    """Ten minutes leave no more behind than one."""
    extractor = FeatureExtractor(frame_means)
    sound = breathing(60)
    sizes = []
    tracemalloc.start()
    for minute in range(10):
        for at in range(0, len(sound), 8_000):
            extractor.push(Block(minute * len(sound) + at, sound[at : at + 8_000]))
        sizes.append(tracemalloc.get_traced_memory()[0])
    tracemalloc.stop()
    assert sizes[-1] - sizes[1] < 200_000
