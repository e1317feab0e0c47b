"""Band levels of frames."""

import numpy as np
import pytest

from osa_daemon.features.levels import BAND_EDGES_HZ, BANDS, LEVEL_WIDTH, LevelMeter

NOTHING_LOST = np.zeros(5, np.bool_)
TIME_S = np.arange(-192, 16_000) / 16_000


def room(level_dbfs=-70.0, seed=0):
    """Return a second of white noise with the 192 samples before it."""
    noise = np.random.default_rng(seed).standard_normal(len(TIME_S))
    return (noise * 10 ** (level_dbfs / 20)).astype(np.float32)


def settled(seconds=5):
    """Return a meter that has heard a quiet room, and the next second's number."""
    meter = LevelMeter()
    for second in range(seconds):
        meter.push(second, room(seed=second), NOTHING_LOST)
    return meter, seconds


@pytest.mark.parametrize("band", range(2, BANDS))
def test_a_tone_shows_in_its_band(band):
    """A tone in the middle of a band raises that band over its floor the most."""
    meter, second = settled()
    tone_hz = np.sqrt(BAND_EDGES_HZ[band] * BAND_EDGES_HZ[band + 1])
    tone = 10 ** (-40 / 20) * np.sin(2 * np.pi * tone_hz * TIME_S).astype(np.float32)
    levels = meter.push(second, room() + tone, NOTHING_LOST).levels
    assert levels.shape == (5, LEVEL_WIDTH)
    assert np.all(np.argmax(levels[:, :BANDS], axis=1) == band)


def test_level_is_the_root_mean_square():
    """A sine of amplitude 0.1 in 0.3-4 kHz reads -23 dBFS (rms, full scale 1)."""
    sine = (0.1 * np.sin(2 * np.pi * 1_000 * TIME_S)).astype(np.float32)
    level = LevelMeter().push(0, sine, NOTHING_LOST).level_dbfs
    assert level == pytest.approx(-23.01, abs=0.05)


def test_white_noise_reads_its_share():
    """White noise at -60 dBFS has 3.7 of its 8 kHz in the broadband."""
    level = LevelMeter().push(0, room(-60.0), NOTHING_LOST).level_dbfs
    assert level.mean() == pytest.approx(-60 + 10 * np.log10(3.7 / 8), abs=0.5)


def test_a_click_shows_in_the_maximum():
    """A short click raises the frame's maximum far more than its mean."""
    meter, second = settled()
    sound = room()
    sound[192 + 2 * 3_200 + 1_000 :][:20] += 0.1
    levels = meter.push(second, sound, NOTHING_LOST).levels
    assert levels[2, 49] > levels[2, 48] + 0.5
    assert np.all(np.abs(np.delete(levels[:, 49], 2)) < 0.6)


@pytest.mark.parametrize("gain_db", [-20.0, 20.0])
def test_gain_leaves_the_columns(gain_db):
    """All columns are blind to the gain of the input; the levels in dBFS are not."""
    plain, loud = LevelMeter(), LevelMeter()
    factor = np.float32(10 ** (gain_db / 20))
    for second in range(4):
        sound = room(-65.0, seed=second)
        expected = plain.push(second, sound, NOTHING_LOST)
        found = loud.push(second, sound * factor, NOTHING_LOST)
        assert np.allclose(found.levels, expected.levels, atol=1e-4)
        assert np.allclose(found.level_dbfs, expected.level_dbfs + gain_db, atol=1e-3)
        assert np.allclose(found.noise_dbfs, expected.noise_dbfs + gain_db, atol=1e-3)


def test_an_offset_changes_nothing():
    """A constant offset, as cheap microphones have, is not sound."""
    sound = room()
    expected = LevelMeter().push(0, sound, NOTHING_LOST)
    found = LevelMeter().push(0, sound + np.float32(0.05), NOTHING_LOST)
    assert np.allclose(found.level_dbfs, expected.level_dbfs, atol=0.01)
    assert np.allclose(found.levels, expected.levels, atol=0.02)


def test_colour_tells_the_room():
    """The floor's shape is high where the room's noise is."""
    meter = LevelMeter()
    hum = (0.01 * np.sin(2 * np.pi * 110 * TIME_S)).astype(np.float32)
    colour = meter.push(0, room() + hum, NOTHING_LOST).levels[-1, 32:48]
    assert np.argmax(colour) == np.searchsorted(BAND_EDGES_HZ, 110) - 1


def test_digital_silence_is_flagged_and_no_floor():
    """Equal samples are silent, at the least level, and do not pull the floor down."""
    meter, second = settled()
    before = meter.push(second, room(), NOTHING_LOST).noise_dbfs[-1]
    sound = room(seed=9)
    sound[192 + 3_200 : 192 + 3 * 3_200] = 0
    found = meter.push(second + 1, sound, NOTHING_LOST)
    assert found.silent.tolist() == [False, True, True, False, False]
    assert np.all(found.level_dbfs[1:3] == -120)
    assert np.all(np.abs(found.noise_dbfs - before) < 3)


def test_nothing_but_silence_has_no_floor():
    """Without any sound there is no floor to go by, and the columns stay at zero."""
    found = LevelMeter().push(0, np.zeros(len(TIME_S), np.float32), NOTHING_LOST)
    assert found.floor_dbfs is None
    assert not found.levels.any()
    assert np.all(found.noise_dbfs == -120)


def test_lost_frames_are_zeros():
    """A lost frame has no levels, and is not called silent."""
    lost = np.array([False, True, False, False, False])
    sound = room()
    sound[192 + 3_200 : 192 + 2 * 3_200] = 0
    found = LevelMeter().push(0, sound, lost)
    assert not found.levels[1].any()
    assert not found.silent.any()


def test_clipping_is_flagged():
    """Samples at full scale, more than a lone peak, are clipping."""
    sound = room()
    sound[192 + 5] = 1.0
    sound[192 + 3_200 :][:10] = -1.0
    found = LevelMeter().push(0, sound, NOTHING_LOST)
    assert found.clipped.tolist() == [False, True, False, False, False]


def test_the_last_columns_tell_that_the_room_grew_louder():
    """20 s after noise rose by 20 dB the fast floor stands 20 dB over the slow one."""
    random = np.random.default_rng(8)
    meter = LevelMeter()
    for number in range(60):
        loud = 0.1 if number >= 40 else 0.01
        samples = (loud * random.standard_normal(16_192)).astype(np.float32)
        last = meter.push(number, samples, np.zeros(5, np.bool_)).levels[-1]
    assert last[66] == pytest.approx(2.0, abs=0.1)
    assert np.all(np.abs(last[50:66] - 2.0) < 0.7)
