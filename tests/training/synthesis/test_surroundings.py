"""What holds for every sound round the sleeper."""

import numpy as np
import pytest

from osa_daemon.training.synthesis.babble import babble
from osa_daemon.training.synthesis.noises import hum, pink_noise


@pytest.mark.parametrize("duration_s", [0.4, 3.0])
def test_sound_is_plain(around, duration_s):
    """Sounds of the house are finite float32 of RMS 1, as long as asked, without a mean."""
    for seed in range(4):
        sound = around(np.random.default_rng(seed), duration_s)
        assert sound.dtype == np.float32
        assert len(sound) == round(duration_s * 16000)
        assert np.isfinite(sound).all()
        assert np.sqrt(np.mean(sound.astype(np.float64) ** 2)) == pytest.approx(1.0, rel=1e-3)
        assert abs(float(sound.mean(dtype=np.float64))) < 1e-3


def test_same_seed_same_sound(around):
    """The same generator state gives the same samples, another one others."""
    one, two = (around(np.random.default_rng(5), 1.0) for _ in range(2))
    np.testing.assert_array_equal(one, two)
    assert not np.allclose(one, around(np.random.default_rng(6), 1.0))


def test_babble_has_the_rhythm_of_speech():
    """The loudness of talkers moves at 2 to 8 Hz far more than faster; pauses move it slower."""
    shares = []
    for seed in range(4):
        sound = babble(np.random.default_rng(seed), 15.0)
        loudness = np.sqrt(np.mean(sound.reshape(-1, 160) ** 2, axis=1))
        spectrum = np.abs(np.fft.rfft(loudness - loudness.mean())) ** 2
        rate_hz = np.fft.rfftfreq(len(loudness), 0.01)
        parts = (spectrum[(rate_hz >= 2.0) & (rate_hz < 8.0)], spectrum[rate_hz >= 8.0])
        shares.append([part.sum() / spectrum.sum() for part in parts])
    syllables, faster = np.mean(shares, axis=0)
    assert syllables > 0.3
    assert syllables > 2.0 * faster


def test_pink_noise_falls_by_3_db_per_octave():
    """Octaves of pink noise carry equal power."""
    sound = pink_noise(np.random.default_rng(1), 20.0)
    power = np.abs(np.fft.rfft(sound)) ** 2
    frequency_hz = np.fft.rfftfreq(len(sound), 1 / 16000)
    octaves = [
        10.0 * np.log10(power[(frequency_hz >= low) & (frequency_hz < 2 * low)].sum())
        for low in (125.0, 250.0, 500.0, 1000.0, 2000.0)
    ]
    assert np.ptp(octaves) < 1.0


def test_hum_lies_on_the_mains():
    """Hum has its power at multiples of 50 or 60 Hz."""
    sound = hum(np.random.default_rng(2), 10.0)
    power = np.abs(np.fft.rfft(sound * np.hanning(len(sound)))) ** 2
    frequency_hz = np.fft.rfftfreq(len(sound), 1 / 16000)
    shares = [
        power[np.abs(frequency_hz - mains * np.round(frequency_hz / mains)) < 2.0].sum()
        for mains in (50.0, 60.0)
    ]
    assert max(shares) > 0.95 * power.sum()
